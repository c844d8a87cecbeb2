# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at certificates."""

from __future__ import annotations

import base64
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtensionOID, NameOID

from lab.windows.certificates import Certificate
from lab.windows.errors import UnsupportedError
from lab.windows.machine import Machine
from lab.windows.modules import _certificate_texts
from lab.windows.modules.context import ModuleContext, Params, Result

NAMES = ("ansible.windows.win_certificate_info",)

_USAGES = {
    "crl_sign": "CrlSign",
    "key_cert_sign": "KeyCertSign",
    "key_agreement": "KeyAgreement",
    "data_encipherment": "DataEncipherment",
    "key_encipherment": "KeyEncipherment",
    "content_commitment": "NonRepudiation",
    "digital_signature": "DigitalSignature",
}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give the certificates of a store, or the one with a thumbprint."""
    if params["store_location"] != "LocalMachine":
        raise UnsupportedError("win_certificate_info: store_location CurrentUser")
    found = machine.certificates.store(params["store_name"])
    wanted = params["thumbprint"]
    chosen = [one for name, one in sorted(found.items()) if wanted is None or name == wanted.upper()]
    return {"exists": bool(chosen), "certificates": [describe(one) for one in chosen]}


def describe(certificate: Certificate) -> dict[str, t.Any]:
    """Give what the module tells of a certificate."""
    parsed = certificate.x509
    der = parsed.public_bytes(serialization.Encoding.DER)
    key = _certificate_texts.public_key(parsed.public_key())
    issued_to = _common_name(parsed.subject)
    return {
        "archived": False,
        "dns_names": [issued_to, *_dns_names(parsed)],
        "extensions": [_certificate_texts.extension(one) for one in parsed.extensions],
        "friendly_name": certificate.friendly_name,
        "has_private_key": bool(certificate.key_pem),
        "issued_by": _common_name(parsed.issuer),
        "issued_to": issued_to,
        "issuer": certificate.issuer,
        "public_key": base64.b64encode(key).decode(),
        "raw": base64.b64encode(der).decode(),
        "serial_number": _certificate_texts.serial_number(parsed),
        "signature_algorithm": _certificate_texts.signature(parsed),
        "subject": certificate.subject,
        "thumbprint": certificate.thumbprint,
        "valid_from": parsed.not_valid_before_utc.timestamp(),
        "valid_from_iso8601": parsed.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "valid_to": parsed.not_valid_after_utc.timestamp(),
        "valid_to_iso8601": parsed.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": parsed.version.value + 1,
        **_from_extensions(parsed),
    }


def _common_name(name: x509.Name) -> str:
    parts = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(parts[0].value) if parts else ""


def _extension(parsed: x509.Certificate, oid: x509.ObjectIdentifier) -> t.Any:
    try:
        return parsed.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None


def _dns_names(parsed: x509.Certificate) -> list[str]:
    names = _extension(parsed, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    return names.get_values_for_type(x509.DNSName) if names else []


def _from_extensions(parsed: x509.Certificate) -> dict[str, t.Any]:
    result: dict[str, t.Any] = {}
    basic = _extension(parsed, ExtensionOID.BASIC_CONSTRAINTS)
    if basic:
        result |= {"is_ca": basic.ca, "path_length_constraint": basic.path_length or 0}
    purposes = _extension(parsed, ExtensionOID.EXTENDED_KEY_USAGE)
    if purposes:
        result["intended_purposes"] = [_certificate_texts.PURPOSES.get(one.dotted_string) for one in purposes]
    usage = _extension(parsed, ExtensionOID.KEY_USAGE)
    if usage:
        result["key_usages"] = [name for field, name in _USAGES.items() if getattr(usage, field)]
    identifier = _extension(parsed, ExtensionOID.SUBJECT_KEY_IDENTIFIER)
    if identifier:
        result["ski"] = identifier.digest.hex().upper()
    return result
