# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of local groups."""

from __future__ import annotations

from lab.windows import accounts
from lab.windows.errors import WindowsError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.modules.win_group import member as member_name

NAMES = ("ansible.windows.win_group_membership",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Add members, remove them, or make them the only ones (``pure``)."""
    name, state = params["name"], params["state"]
    group = machine.users.find_group(name)
    if group is None:
        raise ModuleError(f"Could not find local group {name}", name=name)
    wanted = list(dict.fromkeys(_account(machine, member) for member in params["members"]))
    folded = {member.lower() for member in wanted}
    current = {member.lower() for member in group.members}
    added = [member for member in wanted if member.lower() not in current] if state != "absent" else []
    removed = []
    if state == "absent":
        removed = [member for member in group.members if member.lower() in folded]
    elif state == "pure":
        removed = [member for member in group.members if member.lower() not in folded]
    members = [member for member in group.members if member not in removed] + added
    if not context.check_mode:
        group.members = members
    result: Result = {"name": name, "changed": bool(added or removed), "members": _full(machine, members)}
    if state in ("present", "pure"):
        result["added"] = _full(machine, added)
    if state in ("absent", "pure"):
        result["removed"] = _full(machine, removed)
    return result


def _account(machine: Machine, name: str) -> str:
    try:
        return member_name(accounts.translate(machine, name))
    except WindowsError as exc:
        text = f'Exception calling "Translate" with "1" argument(s): "{accounts.UNTRANSLATED}"'
        raise ModuleError(f"account_name {name} is not a valid account, cannot get SID: {text}") from exc


def _full(machine: Machine, members: list[str]) -> list[str]:
    return [f"{machine.name}\\{member}" if machine.users.find(member) else member for member in members]
