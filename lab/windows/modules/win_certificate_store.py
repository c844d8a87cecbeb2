# SPDX-License-Identifier: GPL-3.0-or-later
"""Import, export and remove certificates."""

from __future__ import annotations

import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from lab.windows.certificates import LOCATIONS, Certificate
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_certificate_store",)

_PEM = b"-----BEGIN CERTIFICATE-----"


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring certificates of a store, or a file, to a state."""
    if params["store_type"] != "system" or params["store_location"] == "CurrentUser":
        raise UnsupportedError("win_certificate_store: a store that is not LocalMachine's")
    if params["store_location"] not in LOCATIONS:
        wanted = ", ".join(sorted(LOCATIONS))
        raise ModuleError(
            f"value of store_location must be one of: {wanted}. Got no match for: {params['store_location']}"
        )
    name = "CA" if params["store_name"] == "CertificateAuthority" else params["store_name"]
    store = machine.certificates.store(name)
    if params["state"] == "present":
        return _present(machine, store, params, context)
    if params["state"] == "absent":
        return _absent(machine, store, params, context)
    return _exported(machine, store, params, context)


Store = dict[str, Certificate]


def _present(machine: Machine, store: Store, params: Params, context: ModuleContext) -> Result:
    thumbprints, changed = [], False
    for certificate in _read(machine, params):
        thumbprints.append(certificate.thumbprint)
        known = store.get(certificate.thumbprint)
        if known is not None and (known.key_pem or not certificate.key_pem):
            continue
        changed = True
        if not context.check_mode:
            store[certificate.thumbprint] = certificate
    return {"changed": changed, "thumbprints": thumbprints}


def _absent(machine: Machine, store: Store, params: Params, context: ModuleContext) -> Result:
    if params["path"] is not None:
        thumbprints = [certificate.thumbprint for certificate in _read(machine, params)]
    else:
        thumbprints = [params["thumbprint"]]
    found = [name.upper() for name in thumbprints if name.upper() in store]
    for name in found if not context.check_mode else ():
        del store[name]
    return {"changed": bool(found), "thumbprints": thumbprints}


def _exported(machine: Machine, store: Store, params: Params, context: ModuleContext) -> Result:
    path, thumbprint = params["path"], params["thumbprint"]
    if machine.files.is_directory(path):
        raise ModuleError(f"Cannot export cert to path '{path}' as it is a directory")
    certificate = store.get(thumbprint.upper())
    if certificate is None:
        raise ModuleError("Found 0 certs when only expecting 1")
    content = _encode(certificate, params)
    result: Result = {"changed": False, "thumbprints": [thumbprint]}
    if machine.files.is_file(path) and _same(machine.files.read(path), content, params):
        return result
    if not context.check_mode:
        try:
            machine.files.write(path, content)
        except WindowsError as exc:
            raise ModuleError(f"Failed to write cert to file due to IO Exception: {exc}") from exc
    return result | {"changed": True}


def _same(old: bytes, new: bytes, params: Params) -> bool:
    if params["file_type"] != "pkcs12":
        return old == new
    password = (params["password"] or "").encode() or None
    try:
        loaded = pkcs12.load_pkcs12(old, password), pkcs12.load_pkcs12(new, password)
    except ValueError:
        return False
    return all(one.cert is not None for one in loaded) and loaded[0].cert == loaded[1].cert


def _encode(certificate: Certificate, params: Params) -> bytes:
    if params["file_type"] == "pem":
        return certificate.pem
    if params["file_type"] == "der":
        return certificate.x509.public_bytes(serialization.Encoding.DER)
    key: t.Any = None
    if certificate.key_pem and certificate.exportable:
        key = serialization.load_pem_private_key(certificate.key_pem, None)
    password = (params["password"] or "").encode()
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"", key, certificate.x509, None, protection)


def _read(machine: Machine, params: Params) -> list[Certificate]:
    path = params["path"]
    if not machine.files.is_file(path):
        raise ModuleError(f"File at '{path}' either does not exist or is not a file")
    content = machine.files.read(path)
    try:
        if _PEM in content:
            return [Certificate(_pem(one)) for one in x509.load_pem_x509_certificates(content)]
        try:
            return [Certificate(_pem(x509.load_der_x509_certificate(content)))]
        except ValueError:
            return _read_pkcs12(content, params)
    except ValueError as exc:
        raise ModuleError(f"Failed to load cert from file: {exc}") from exc


def _read_pkcs12(content: bytes, params: Params) -> list[Certificate]:
    loaded = pkcs12.load_pkcs12(content, (params["password"] or "").encode() or None)
    certificates = [one.certificate for one in (loaded.cert, *loaded.additional_certs) if one is not None]
    key = b""
    if loaded.key is not None:
        key = loaded.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    return [
        Certificate(_pem(one), key if index == 0 else b"", exportable=params["key_exportable"])
        for index, one in enumerate(certificates)
    ]


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
