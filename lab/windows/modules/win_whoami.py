# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell who runs the module."""

from __future__ import annotations

import typing as t

from lab.windows import service_view
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


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give account, groups, privileges and kind of logon."""
    account = service_view.account(machine, context.user)
    domain, _, name = account.partition("\\")
    sid = machine.user_sid(context.user)
    system = sid == SYSTEM_SID
    admin = machine.users.is_administrator(context.user)
    groups = [_sid(group.sid, group.name, "BUILTIN", "Alias") for group in machine.users.groups_of(name)]
    return {
        "account": _sid(sid, name, domain, "WellKnownGroup" if system else "User"),
        "authentication_package": "Negotiate" if system else "NTLM",
        "dns_domain_name": "",
        "groups": [one | {"attributes": ["Mandatory", "Enabled by default", "Enabled"]} for one in groups],
        "impersonation_level": "SecurityAnonymous",
        "label": _sid(
            "S-1-16-16384" if system else "S-1-16-12288" if admin else "S-1-16-8192",
            f"{'System' if system else 'High' if admin else 'Medium'} Mandatory Level",
            "Mandatory Label",
            "Label",
        ),
        "login_domain": domain,
        "login_time": machine.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
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


def _sid(sid: str, name: str, domain: str, kind: str) -> dict[str, t.Any]:
    return {"sid": sid, "account_name": name, "domain_name": domain, "type": kind}
