# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate stores with real X.509 inside."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOCATIONS = ("LocalMachine", "CurrentUser")
STORES = (
    *("My", "Root", "CA", "TrustedPeople", "TrustedPublisher", "AuthRoot", "Disallowed", "AddressBook"),
    "WebHosting",  # of IIS
)


@dataclasses.dataclass
class Certificate:
    """A certificate in a store; ``key_pem`` is empty when the private key is elsewhere."""

    pem: bytes
    key_pem: bytes = b""
    friendly_name: str = ""
    exportable: bool = True

    @property
    def x509(self) -> x509.Certificate:
        """Give the parsed certificate."""
        return x509.load_pem_x509_certificate(self.pem)

    @property
    def thumbprint(self) -> str:
        """Give the SHA-1 of the certificate in upper-case hex, its name in Windows."""
        return self.x509.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - that is what a thumbprint is

    @property
    def subject(self) -> str:
        """Give the subject, for example ``CN=host``."""
        return _windows_name(self.x509.subject)

    @property
    def issuer(self) -> str:
        """Give the issuer."""
        return _windows_name(self.x509.issuer)


class Certificates:
    """All stores of a machine, by location and name; both without case."""

    def __init__(self, now: t.Callable[[], datetime.datetime]) -> None:
        self._now = now
        self._stores: dict[tuple[str, str], dict[str, Certificate]] = {}

    def store(self, store: str = "My", location: str = "LocalMachine") -> dict[str, Certificate]:
        """Give the certificates of a store by thumbprint; changing the result changes the store."""
        return self._stores.setdefault((location.lower(), store.lower()), {})

    def find(self, thumbprint: str, store: str = "My", location: str = "LocalMachine") -> Certificate | None:
        """Give one certificate, or None."""
        return self.store(store, location).get(thumbprint.replace(" ", "").upper())

    def add(self, certificate: Certificate, store: str = "My", location: str = "LocalMachine") -> Certificate:
        """Put a certificate into a store."""
        self.store(store, location)[certificate.thumbprint] = certificate
        return certificate

    def remove(self, thumbprint: str, store: str = "My", location: str = "LocalMachine") -> bool:
        """Take a certificate away; says whether it was there."""
        return self.store(store, location).pop(thumbprint.replace(" ", "").upper(), None) is not None

    def create_self_signed(
        self,
        names: t.Sequence[str],
        *,
        days: int = 365,
        bits: int = 2048,
        subject: str = "",
        friendly_name: str = "",
        store: str = "My",
        location: str = "LocalMachine",
    ) -> Certificate:
        """Make a self-signed server certificate for DNS names and put it into a store."""
        now = self._now()
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        common = subject.removeprefix("CN=") or names[0]
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=10))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = made.public_bytes(serialization.Encoding.PEM)
        key_pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self.add(Certificate(pem, key_pem, friendly_name), store, location)


_SHORT = {
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COUNTRY_NAME: "C",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "S",
}


def _windows_name(name: x509.Name) -> str:
    return ", ".join(f"{_SHORT.get(part.oid, part.oid.dotted_string)}={_text(part.value)}" for part in name)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()
