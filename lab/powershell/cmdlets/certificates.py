# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates."""

from __future__ import annotations

import math
import typing as t

from lab.powershell.errors import CmdletError
from lab.powershell.providers.certificates import item
from lab.powershell.registry import Call, P, cmdlet
from lab.powershell.values import Value
from lab.windows.certificates import LOCATIONS


@cmdlet(
    "New-SelfSignedCertificate",
    P("DnsName", "string[]", 0),
    P("Subject"),
    P("CertStoreLocation"),
    P("FriendlyName"),
    P("NotAfter", "datetime"),
    P("KeyLength", "int"),
    P("KeyAlgorithm", choices=("RSA",)),
    P("HashAlgorithm", choices=("SHA256",)),
    P("KeyExportPolicy", choices=("Exportable", "NonExportable", "ExportableEncrypted")),
    P("KeyUsage", "string[]", choices=("DigitalSignature", "KeyEncipherment", "None")),
    P("Type", choices=("SSLServerAuthentication", "Custom")),
    P("Provider"),
)
def new_self_signed_certificate(call: Call) -> t.Iterable[Value]:
    """Make a certificate with its key."""
    place = call.text("CertStoreLocation", "Cert:\\LocalMachine\\My")
    parts = [part for part in place.replace("/", "\\").split("\\") if part]
    known = len(parts) == 3 and parts[0].casefold() == "cert:" and parts[1].casefold() in map(str.casefold, LOCATIONS)
    if not known or parts[2].casefold() != "my":
        raise CmdletError(
            "A new certificate can only be installed into MY store.", "NotSpecified", "System.Exception", place
        )
    names = call.texts("DnsName") or [call.text("Subject").removeprefix("CN=")]
    if not names[0]:
        raise CmdletError("Parameter set cannot be resolved: give -DnsName or -Subject.", "InvalidArgument")
    made = call.machine.certificates.create_self_signed(
        names,
        days=_days(call),
        bits=call.get("KeyLength", 2048),
        subject=call.text("Subject"),
        friendly_name=call.text("FriendlyName"),
        store=parts[2],
        location=parts[1],
    )
    made.exportable = call.text("KeyExportPolicy", "Exportable") != "NonExportable"
    return [item(made, parts[1], parts[2])]


def _days(call: Call) -> int:
    if "NotAfter" not in call:
        return 365
    seconds = (call["NotAfter"] - call.machine.clock()).total_seconds()
    if seconds <= 0:
        raise CmdletError("The parameter is incorrect: NotAfter is in the past.", "InvalidArgument")
    return math.ceil(seconds / 86400)
