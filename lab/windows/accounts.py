# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of accounts as Windows takes and gives them: ``SYSTEM``, ``.\\name``, ``NT SERVICE\\name``, a SID.

What is not on the machine is in no domain either: a guest of the lab is joined to none.
"""

from __future__ import annotations

import hashlib
import struct
import typing as t

from lab.windows.errors import WindowsError

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

NOT_MAPPED = 1332
UNTRANSLATED = "Some or all identity references could not be translated."
SYSTEM = "NT AUTHORITY\\SYSTEM"
LOCAL_SERVICE = "NT AUTHORITY\\LOCAL SERVICE"
NETWORK_SERVICE = "NT AUTHORITY\\NETWORK SERVICE"
SERVICE_ACCOUNTS = (SYSTEM, LOCAL_SERVICE, NETWORK_SERVICE)
# Name without its authority -> full name, and its SID.
_WELL_KNOWN = {
    "system": (SYSTEM, "S-1-5-18"),
    "local service": (LOCAL_SERVICE, "S-1-5-19"),
    "localservice": (LOCAL_SERVICE, "S-1-5-19"),
    "network service": (NETWORK_SERVICE, "S-1-5-20"),
    "networkservice": (NETWORK_SERVICE, "S-1-5-20"),
    "authenticated users": ("NT AUTHORITY\\Authenticated Users", "S-1-5-11"),
    "interactive": ("NT AUTHORITY\\INTERACTIVE", "S-1-5-4"),
    "network": ("NT AUTHORITY\\NETWORK", "S-1-5-2"),
    "everyone": ("Everyone", "S-1-1-0"),
}
_BUILTIN = "S-1-5-32-"
_SERVICES = "NT SERVICE"


class Account(t.NamedTuple):
    """An account: ``name`` with its authority (``HOST\\Administrator``), as Windows writes it out."""

    name: str
    sid: str

    @property
    def authority(self) -> str:
        """Give the part before the backslash, empty for Everyone."""
        return self.name.rpartition("\\")[0]


def translate(machine: Machine, name: str) -> Account:
    """Give the account that a name or a SID means.

    :raises WindowsError: code 1332, there is none.
    """
    authority, _, bare = name.rpartition("\\")
    if name.lower() == "localsystem":
        return Account(*_WELL_KNOWN["system"])
    account = _by_sid(machine, name) or _of_authority(machine, authority.lower(), bare)
    if account is None:
        raise WindowsError(NOT_MAPPED, message="No mapping between account names and security IDs was done")
    return account


def _of_authority(machine: Machine, authority: str, bare: str) -> Account | None:
    """Look where a name without an authority is looked for too, or only in the one that is named."""
    if authority == _SERVICES.lower():
        return _virtual(machine, bare)
    known = _WELL_KNOWN.get(bare.lower())
    if authority in ("", "nt authority") and known:
        return Account(*known)
    if authority not in ("", ".", "builtin", machine.name.lower()):
        return None
    user = machine.users.find(bare) if authority != "builtin" else None
    if user is not None:
        return Account(f"{machine.name}\\{user.name}", machine.users.sid_of(user))
    group = machine.users.find_group(bare)
    if group is None:
        return None
    owner = "BUILTIN" if group.sid.startswith(_BUILTIN) else machine.name
    return Account(f"{owner}\\{group.name}", group.sid)


def _virtual(machine: Machine, bare: str) -> Account | None:
    """Give the virtual account of a service that exists; its SID is made of the name's SHA-1, as sc showsid tells."""
    service = next((one for one in machine.services.all() if one.name.lower() == bare.lower()), None)
    if service is None:
        return None
    digest = hashlib.sha1(service.name.upper().encode("utf-16-le"), usedforsecurity=False).digest()
    numbers = "-".join(str(number) for number in struct.unpack("<5I", digest))
    return Account(f"{_SERVICES}\\{service.name}", f"S-1-5-80-{numbers}")


def _by_sid(machine: Machine, text: str) -> Account | None:
    if not text.upper().startswith("S-1-"):
        return None
    for name, sid in _WELL_KNOWN.values():
        if sid == text.upper():
            return Account(name, sid)
    user = machine.users.find(text)
    if user is not None:
        return Account(f"{machine.name}\\{user.name}", text.upper())
    group = machine.users.find_group(text)
    if group is not None:
        return _of_authority(machine, "", group.name)
    services = (_virtual(machine, one.name) for one in machine.services.all())
    return next((one for one in services if one and one.sid == text.upper()), None)
