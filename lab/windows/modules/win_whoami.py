# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell who runs the module."""

from __future__ import annotations

import typing as t

from lab.windows import accounts
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, Params, Result
from lab.windows.users import SYSTEM_SID

NAMES = ("ansible.windows.win_whoami",)

_ADMINISTRATOR = (
    "SeBackupPrivilege",
    "SeDebugPrivilege",
    "SeRestorePrivilege",
    "SeSecurityPrivilege",
    "SeShutdownPrivilege",
)

ADMINISTRATORS = "S-1-5-32-544"
_USUAL = ["Mandatory", "Enabled by default", "Enabled"]


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give account, groups, privileges and kind of logon."""
    account = accounts.translate(machine, context.user).name
    domain, _, name = account.partition("\\")
    sid = machine.user_sid(context.user)
    system = sid == SYSTEM_SID
    admin = machine.users.is_administrator(context.user)
    return {
        "account": _sid(sid, name, domain, "WellKnownGroup" if system else "User"),
        "authentication_package": "Negotiate" if system else "NTLM",
        "dns_domain_name": "",
        "groups": _groups(machine, name, system=system, admin=admin),
        "impersonation_level": "SecurityAnonymous",
        "label": _sid(
            "S-1-16-16384" if system else "S-1-16-12288" if admin else "S-1-16-8192",
            f"{'System' if system else 'High' if admin else 'Medium'} Mandatory Level",
            "Mandatory Label",
            "Label",
        ),
        "login_domain": domain,
        "login_time": machine.clock().strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00"),
        "logon_id": 999 if system else 1000000,
        "logon_server": "" if system else machine.name,
        "logon_type": "Service" if system else "Network",
        "privileges": dict.fromkeys(_ADMINISTRATOR, "enabled")
        if admin
        else {"SeChangeNotifyPrivilege": "enabled-by-default"},
        "rights": ["SeNetworkLogonRight"],
        "token_type": "TokenPrimary",
        "upn": "",
        "user_flags": [],
    }


def _groups(machine: Machine, name: str, *, system: bool, admin: bool) -> list[dict[str, t.Any]]:
    """Give the groups of the token: those of the account database, and those that the kind of logon brings."""
    found = [] if system else [accounts.translate(machine, group.sid) for group in machine.users.groups_of(name)]
    if system:
        found = [accounts.translate(machine, ADMINISTRATORS)]
    shown = [_sid(one.sid, one.name.rpartition("\\")[2], one.authority, "Alias") for one in found]
    brought: tuple[tuple[str, str, str], ...] = (
        ("S-1-1-0", "Everyone", ""),
        ("S-1-5-11", "Authenticated Users", "NT AUTHORITY"),
    )
    if not system:
        brought += (("S-1-5-2", "NETWORK", "NT AUTHORITY"), ("S-1-5-113", "Local account", "NT AUTHORITY"))
    shown += [_sid(*one, "WellKnownGroup") for one in brought]
    owner = ["Owner"] if admin else []
    return [one | {"attributes": _USUAL + (owner if one["sid"] == ADMINISTRATORS else [])} for one in shown]


def _sid(sid: str, name: str, domain: str, kind: str) -> dict[str, t.Any]:
    return {"sid": sid, "account_name": name, "domain_name": domain, "type": kind}
