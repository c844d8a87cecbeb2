# SPDX-License-Identifier: GPL-3.0-or-later
"""Cert:\\LocalMachine\\My and its neighbours."""

from __future__ import annotations

import fnmatch

from lab.powershell.errors import CmdletError
from lab.powershell.providers.base import Provider
from lab.powershell.values import PSObject
from lab.windows.certificates import LOCATIONS, STORES, Certificate


class CertificateProvider(Provider):
    """Certificates by location, store and thumbprint."""

    name = "Certificate"

    def kind(self, path: str) -> str:
        """Certificates are leaves."""
        return "Leaf" if path.count("\\") >= 2 else "Container"

    def find(self, path: str, literal: bool) -> list[PSObject]:
        """Stores or certificates at a path."""
        parts = [part for part in path.split("\\") if part]
        if not parts:
            return []
        location = next((one for one in LOCATIONS if one.casefold() == parts[0].casefold()), "")
        if not location or (len(parts) > 1 and parts[1].casefold() not in map(str.casefold, STORES)):
            return []
        if len(parts) <= 2:
            return [PSObject("System.Security.Cryptography.X509Certificates.X509Store", {"Name": parts[-1]})]
        wanted = parts[2].upper()
        store = self.machine.certificates.store(parts[1], location)
        return [
            item(certificate, location, parts[1])
            for thumbprint, certificate in store.items()
            if (thumbprint == wanted if literal else fnmatch.fnmatchcase(thumbprint, wanted))
        ]

    def children(self, path: str) -> list[PSObject]:
        """The certificates of a store."""
        parts = [part for part in path.split("\\") if part]
        if not self.find(path, literal=True):
            raise self.missing(f"Cert:\\{path}")
        if len(parts) == 1:
            return [item for store in STORES for item in self.find(f"{parts[0]}\\{store}", literal=True)]
        return self.find(f"{path}\\*", literal=False)

    def remove(self, path: str, recurse: bool, force: bool, literal: bool) -> None:
        """Delete certificates (Windows deletes the key only with -DeleteKey; in the lab they go together)."""
        parts = [part for part in path.split("\\") if part]
        found = self.find(path, literal)
        if len(parts) != 3 or not found:
            raise self.missing(f"Cert:\\{path}")
        for one in found:
            if not self.machine.certificates.remove(str(one.properties["Thumbprint"]), parts[1], parts[0]):
                raise CmdletError(f"The certificate {one.properties['Thumbprint']} could not be removed")


def item(certificate: Certificate, location: str, store: str) -> PSObject:
    """A certificate as scripts see it."""
    parsed = certificate.x509
    return PSObject(
        "System.Security.Cryptography.X509Certificates.X509Certificate2",
        {
            "Thumbprint": certificate.thumbprint,
            "Subject": certificate.subject,
            "Issuer": certificate.issuer,
            "FriendlyName": certificate.friendly_name,
            "NotBefore": parsed.not_valid_before_utc,
            "NotAfter": parsed.not_valid_after_utc,
            "HasPrivateKey": bool(certificate.key_pem),
            "PSPath": f"Microsoft.PowerShell.Security\\Certificate::{location}\\{store}\\{certificate.thumbprint}",
            "PSParentPath": f"Microsoft.PowerShell.Security\\Certificate::{location}\\{store}",
        },
        text=f"[Subject]\n  {certificate.subject}\n\n[Thumbprint]\n  {certificate.thumbprint}",
    )
