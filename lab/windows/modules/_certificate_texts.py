# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and texts that Windows has for parts of certificates: what certutil and .NET show on an English system."""

from __future__ import annotations

import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtensionOID

from lab.windows.errors import UnsupportedError

PURPOSES = {
    "1.3.6.1.5.5.7.3.1": "Server Authentication",
    "1.3.6.1.5.5.7.3.2": "Client Authentication",
    "1.3.6.1.5.5.7.3.3": "Code Signing",
    "1.3.6.1.5.5.7.3.4": "Secure Email",
    "1.3.6.1.5.5.7.3.8": "Time Stamping",
    "1.3.6.1.5.5.7.3.9": "OCSP Signing",
    "1.3.6.1.4.1.311.54.1.2": "Remote Desktop Authentication",
}
FIELDS = {
    ExtensionOID.SUBJECT_KEY_IDENTIFIER: "Subject Key Identifier",
    ExtensionOID.KEY_USAGE: "Key Usage",
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME: "Subject Alternative Name",
    ExtensionOID.BASIC_CONSTRAINTS: "Basic Constraints",
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER: "Authority Key Identifier",
    ExtensionOID.EXTENDED_KEY_USAGE: "Enhanced Key Usage",
}
_SIGNATURES = {
    "1.2.840.113549.1.1.5": "sha1RSA",
    "1.2.840.113549.1.1.11": "sha256RSA",
    "1.2.840.113549.1.1.12": "sha384RSA",
    "1.2.840.113549.1.1.13": "sha512RSA",
    "1.2.840.10045.4.3.2": "sha256ECDSA",
    "1.2.840.10045.4.3.3": "sha384ECDSA",
    "1.2.840.10045.4.3.4": "sha512ECDSA",
}
# Field of the parsed extension -> bit in the first byte, and what Windows calls it.
_USAGES = {
    "digital_signature": (0x80, "Digital Signature"),
    "content_commitment": (0x40, "Non-Repudiation"),
    "key_encipherment": (0x20, "Key Encipherment"),
    "data_encipherment": (0x10, "Data Encipherment"),
    "key_agreement": (0x08, "Key Agreement"),
    "key_cert_sign": (0x04, "Certificate Signing"),
    "crl_sign": (0x02, "Off-line CRL Signing, CRL Signing"),
}


def signature(parsed: x509.Certificate) -> str:
    """Give the name of the algorithm that signed it.

    :raises UnsupportedError: a name that the lab does not know.
    """
    dotted = parsed.signature_algorithm_oid.dotted_string
    if dotted not in _SIGNATURES:
        raise UnsupportedError(f"the signature algorithm {dotted} of a certificate")
    return _SIGNATURES[dotted]


def serial_number(parsed: x509.Certificate) -> str:
    """Give the serial number in whole bytes, without leading zeros."""
    digits = f"{parsed.serial_number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


def public_key(key: CertificatePublicKeyTypes) -> bytes:
    """Give the key's own bits, without the algorithm around them.

    :raises UnsupportedError: neither RSA nor of an elliptic curve.
    """
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    raise UnsupportedError(f"a certificate's key of the kind {type(key).__name__}")


def extension(one: x509.Extension[t.Any]) -> dict[str, t.Any]:
    """Give an extension with its name and its value in one line."""
    return {"critical": one.critical, "field": FIELDS.get(one.oid), "value": _value(one)}


def _value(one: x509.Extension[t.Any]) -> str:
    value = one.value
    if isinstance(value, x509.SubjectKeyIdentifier):  # older versions of Windows have spaces in it
        return value.digest.hex()
    if isinstance(value, x509.AuthorityKeyIdentifier):
        return f"KeyID={(value.key_identifier or b'').hex()}"
    if isinstance(value, x509.BasicConstraints):
        length = "None" if value.path_length is None else value.path_length
        return f"Subject Type={'CA' if value.ca else 'End Entity'}, Path Length Constraint={length}"
    if isinstance(value, x509.ExtendedKeyUsage):
        known = [(PURPOSES.get(purpose.dotted_string, "Unknown Key Usage"), purpose.dotted_string) for purpose in value]
        return ", ".join(f"{name} ({dotted})" for name, dotted in known)
    if isinstance(value, x509.SubjectAlternativeName):
        return ", ".join(_alternative(name) for name in value)
    if isinstance(value, x509.KeyUsage):
        return _usage(value)
    if isinstance(value, x509.UnrecognizedExtension):
        return value.value.hex(" ")
    raise UnsupportedError(f"the certificate extension {one.oid.dotted_string} as text")


def _alternative(name: x509.GeneralName) -> str:
    kinds: dict[type, str] = {x509.DNSName: "DNS Name", x509.IPAddress: "IP Address", x509.RFC822Name: "RFC822 Name"}
    if type(name) not in kinds:
        raise UnsupportedError(f"a certificate's alternative name of the kind {type(name).__name__}")
    return f"{kinds[type(name)]}={name.value}"


def _usage(value: x509.KeyUsage) -> str:
    """Give the names of the bits, and the byte. Two bits that only go with key agreement are not expected here."""
    if value.key_agreement and (value.encipher_only or value.decipher_only):
        raise UnsupportedError("a certificate's key usage that is only for enciphering or deciphering")
    present = [entry for field, entry in _USAGES.items() if getattr(value, field)]
    return f"{', '.join(name for _, name in present)} ({sum(bit for bit, _ in present):02x})"
