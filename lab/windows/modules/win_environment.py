# SPDX-License-Identifier: GPL-3.0-or-later
"""Set environment variables."""

from __future__ import annotations

import typing as t

from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_environment",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring variables of the machine or the user to a state; those of the process end with the module."""
    level, state = params["level"].lower(), params["state"]
    variables: dict[str, t.Any] = params["variables"] or {params["name"]: params["value"]}
    result: Result = {"changed": False, "values": {}, "env_values": {}}
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for name, given in variables.items():
        value = "" if given is None else str(given)
        if state == "absent" and value:
            context.warn(f"When removing environment variable '{name}' it should not have a value '{value}' set")
        elif state == "present" and not value:
            raise ModuleError(
                "When state=present, value must be defined and not an empty string, if you wish to remove the envvar, "
                "set state=absent"
            )
        status = _set(machine, name, value, state or ("present" if value else "absent"), level, context)
        if status["before"]:
            before[name] = status["before"]
        if status["after"]:
            after[name] = status["after"]
        result["values"][name] = result["env_values"][name] = status
        result["changed"] = result["changed"] or status["changed"]
        result |= {"before_value": status["before"], "value": status["after"]}
    return result | {"diff": {"before": {level: before}, "after": {level: after}}}


def _set(machine: Machine, name: str, value: str, state: str, level: str, context: ModuleContext) -> dict[str, t.Any]:
    sid = machine.user_sid(context.user) if level == "user" else ""
    if level == "process":
        current = machine.environment_of(context.user).get(name)
    else:
        raw = machine.environment.get(name, sid)
        current = None if raw is None else machine.expand(raw, context.user)
    # PowerShell's -ne compares, which does not look at case.
    same = current is not None and current.lower() == value.lower()
    changed = not same if state == "present" else current is not None
    if changed and level != "process" and not context.check_mode:
        if state == "present":
            machine.environment.set(name, value, sid, expand=False)
        else:
            machine.environment.delete(name, sid)
    return {"changed": changed, "before": current, "after": value}
