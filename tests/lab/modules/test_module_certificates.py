# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.lab.contract.returned_settings import authority
from tests.lab.modules.calls import Guest


def test_a_certificate_is_shown_in_windows_own_words(guest: Guest) -> None:
    certificate = guest.machine.certificates.add(authority())
    shown = guest.ok("win_certificate_info", thumbprint=certificate.thumbprint)["certificates"][0]
    assert {one["field"]: one["value"] for one in shown["extensions"]} == {
        "Subject Alternative Name": "DNS Name=lab.example, DNS Name=b.example",
        "Basic Constraints": "Subject Type=CA, Path Length Constraint=1",
        "Key Usage": "Digital Signature, Key Encipherment, Certificate Signing, Off-line CRL Signing, CRL Signing (a6)",
        "Enhanced Key Usage": "Server Authentication (1.3.6.1.5.5.7.3.1)",
        "Subject Key Identifier": shown["ski"].lower(),
    }
    assert shown["key_usages"] == ["CrlSign", "KeyCertSign", "KeyEncipherment", "DigitalSignature"]
    assert (shown["signature_algorithm"], shown["serial_number"]) == ("sha256RSA", "0ABC")
    assert shown["dns_names"] == ["lab.example", "lab.example", "b.example"]


def test_the_public_key_is_the_bare_one(guest: Guest) -> None:
    certificate = guest.machine.certificates.add(authority())
    shown = guest.ok("win_certificate_info")["certificates"]
    raw = next(one["public_key"] for one in shown if one["thumbprint"] == certificate.thumbprint)
    key = certificate.x509.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    bare = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    assert base64.b64decode(raw) == bare
