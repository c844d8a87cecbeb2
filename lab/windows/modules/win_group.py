# SPDX-License-Identifier: GPL-3.0-or-later
"""Local groups."""

from __future__ import annotations

from lab.windows import accounts
from lab.windows.errors import WindowsError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.users import Group

NAMES = ("ansible.windows.win_group",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring a group to a state."""
    group = machine.users.find_group(params["name"])
    before = _shown(machine, group) if group else None
    if params["state"] == "absent":
        if group is not None and not context.check_mode:
            machine.users.remove_group(group.name)
        return {"changed": group is not None, "sid": None, "diff": {"before": before, "after": None}}
    changed = group is None
    if group is None:
        if context.check_mode:
            after = {"name": params["name"], "description": params["description"], "members": []}
            return {"changed": True, "sid": "S-1-5-0000", "diff": {"before": before, "after": after}}
        group = machine.users.add_group(params["name"])
    members = _members(machine, group, params["members"] or {})
    description = group.description if params["description"] is None else params["description"]
    if description != group.description or set(map(str.lower, members)) != set(map(str.lower, group.members)):
        changed = True
    after = {"name": group.name, "description": description, "members": _full(machine, members)}
    if not context.check_mode:
        group.description, group.members = description, members
    return {"changed": changed, "sid": group.sid, "diff": {"before": before, "after": after}}


def member(account: accounts.Account) -> str:
    """Give an account as groups keep it: the machine's own users without the machine's name."""
    return account.name.rpartition("\\")[2] if account.sid.startswith("S-1-5-21-") else account.name


def _account(machine: Machine, name: str) -> str:
    try:
        return member(accounts.translate(machine, name))
    except WindowsError as exc:
        text = f'Exception calling "Translate" with "1" argument(s): "{accounts.UNTRANSLATED}"'
        raise ModuleError(
            f"Unhandled exception while executing module: Failed to translate '{name}' to a SecurityIdentifier: {text}"
        ) from exc


def _members(machine: Machine, group: Group, wanted: dict[str, list[str] | None]) -> list[str]:
    if wanted.get("set") is not None:
        return list(dict.fromkeys(_account(machine, name) for name in wanted["set"] or ()))
    current = list(group.members)
    known = {one.lower() for one in current}
    for name in wanted.get("add") or ():
        added = _account(machine, name)
        if added.lower() not in known:
            current.append(added)
    gone = {_account(machine, name).lower() for name in wanted.get("remove") or ()}
    return [one for one in current if one.lower() not in gone]


def _full(machine: Machine, members: list[str]) -> list[str]:
    return sorted(f"{machine.name}\\{m}" if machine.users.find(m) else m for m in members)


def _shown(machine: Machine, group: Group) -> Result:
    return {"name": group.name, "description": group.description, "members": _full(machine, group.members)}
