# SPDX-License-Identifier: GPL-3.0-or-later
"""Define and delete scheduled tasks."""

from __future__ import annotations

import copy
import typing as t

from lab.windows import accounts
from lab.windows.errors import WindowsError
from lab.windows.machine import Machine
from lab.windows.modules import _task_triggers
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.tasks import Action, Task

NAMES = ("community.windows.win_scheduled_task",)

DEFAULTS: dict[str, t.Any] = {
    "allow_demand_start": True,
    "allow_hard_terminate": True,
    "compatibility": 2,
    "delete_expired_task_after": None,
    "disallow_start_if_on_batteries": True,
    "enabled": True,
    "execution_time_limit": "PT72H",
    "hidden": False,
    "multiple_instances": 2,
    "priority": 7,
    "restart_count": 0,
    "restart_interval": None,
    "run_only_if_idle": False,
    "run_only_if_network_available": False,
    "start_when_available": False,
    "stop_if_going_on_batteries": True,
    "wake_to_run": False,
}
_REGISTRATION = ("author", "date", "description", "source", "version")


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring a task to a state; one with a registration trigger starts when it is written."""
    name, folder = params["name"], "\\" + params["path"].strip("\\")
    invalid = '\\/:*?"<>|'
    if any(char in name for char in invalid):
        raise ModuleError(f"Invalid task name '{name}'. The following characters are not valid: {invalid}")
    _check_principal(machine, params)
    if any("path" not in action for action in params["actions"] or ()):
        raise ModuleError("action entry must contain the key 'path'")
    triggers = [_task_triggers.prepare(one) for one in params["triggers"] or ()]
    boundaries = [one[key] for one in triggers for key in ("start_boundary", "end_boundary") if key in one]
    if boundaries:
        params["date"] = boundaries[-1]  # the module keeps both in one variable
    task = machine.tasks.find(name, folder)
    if params["state"] == "absent":
        return _absent(machine, task, context)
    before = copy.deepcopy(task)
    if task is None:
        task = _create(machine, name, folder, params, context)
        if context.check_mode:  # nothing more is looked at as long as there is no task
            return {"changed": True, "diff": {"prepared": _diff(None, task)}}
    wanted = copy.deepcopy(task)
    try:
        _fill(machine, wanted, params, triggers, context)
    except ModuleError as exc:
        raise ModuleError(str(exc), changed=before is None) from exc
    renewed = params["password"] is not None and params["update_password"]
    if before == wanted and not renewed:
        return {}
    if not context.check_mode:
        machine.tasks.put(wanted)
        from lab.windows.programs import task_runner

        task_runner.registered(machine, wanted)
    return {"changed": True, "diff": {"prepared": _diff(before, wanted)}}


def _create(machine: Machine, name: str, folder: str, params: Params, context: ModuleContext) -> Task:
    """Register a task with its actions only: what the module does first, and what stays when the rest is refused."""
    if not params["actions"]:
        raise ModuleError("cannot create a task with no actions, set at least one action with a path to an executable")
    user = accounts.translate(machine, context.user).name
    task = Task(name, folder, _actions(params["actions"]), settings=dict(DEFAULTS), user=user)
    task.logon_type = _default_logon(task)
    return task if context.check_mode else machine.tasks.put(task)


def _absent(machine: Machine, task: Task | None, context: ModuleContext) -> Result:
    if task is None:
        return {}
    if not context.check_mode:
        machine.tasks.remove(task.name, task.folder)
    return {"changed": True, "diff": {"prepared": f"-[Task]\n-{task.path}\n"}}


def _account(machine: Machine, name: str) -> str:
    try:
        return accounts.translate(machine, name).name
    except WindowsError as exc:
        text = f'Exception calling "Translate" with "1" argument(s): "{accounts.UNTRANSLATED}"'
        raise ModuleError(f"account_name {name} is not a valid account, cannot get SID: {text}") from exc


def _check_principal(machine: Machine, params: Params) -> None:
    username, group, logon = params["username"], params["group"], params["logon_type"]
    for name in filter(None, (username, group)):
        _account(machine, name)
    if username is not None and group is not None:
        raise ModuleError("username and group can not be set at the same time")
    if logon == "s4u" and params["password"] is None:
        raise ModuleError("password must be set when logon_type=s4u")
    if logon == "group" and group is None:
        raise ModuleError("group must be set when logon_type=group")
    if logon == "service_account" and (not username or _account(machine, username) not in accounts.SERVICE_ACCOUNTS):
        raise ModuleError("username must be SYSTEM, LOCAL SERVICE or NETWORK SERVICE when logon_type=service_account")


def _fill(
    machine: Machine, task: Task, params: Params, triggers: list[_task_triggers.Trigger], context: ModuleContext
) -> None:
    if params["actions"] is not None and _actions_differ(task.actions, params["actions"]):
        task.actions = _actions(params["actions"])
    _fill_principal(machine, task, params)
    task.registration |= {key: params[key] for key in _REGISTRATION if params[key] is not None}
    task.description = task.registration.get("description", task.description)
    task.author = task.registration.get("author", task.author)
    task.settings |= {key: params[key] for key in DEFAULTS if params[key] is not None}
    task.enabled = bool(task.settings.get("enabled", True))
    for trigger in triggers:
        _task_triggers.complete(trigger, context)
    if params["triggers"] is not None and _task_triggers.differ(task.triggers, triggers):
        task.triggers = triggers


def _fill_principal(machine: Machine, task: Task, params: Params) -> None:
    before = (task.user, task.group)
    if params["username"]:
        task.user, task.group = _account(machine, params["username"]), ""
    if params["group"]:
        task.user, task.group = "", _account(machine, params["group"])
    if params["logon_type"] is not None:
        task.logon_type = params["logon_type"]
    elif params["password"] is not None:
        task.logon_type = "password"
    elif (task.user, task.group) != before:
        task.logon_type = _default_logon(task)
    task.display_name = params["display_name"] or task.display_name
    task.run_level = params["run_level"] or task.run_level


def _default_logon(task: Task) -> str:
    """Give how the scheduler starts a task of a principal when nothing else is said."""
    if task.group:
        return "group"
    return "service_account" if task.user in accounts.SERVICE_ACCOUNTS else "interactive_token"


def _actions(given: t.Iterable[Params]) -> list[Action]:
    return [Action(one["path"], one.get("arguments") or "", one.get("working_directory") or "") for one in given]


def _actions_differ(old: t.Sequence[Action], given: t.Sequence[Params]) -> bool:
    """Say whether the module sees a change: of number, or of a key that is given."""
    if len(old) != len(given):
        return True
    return any(
        new.get(key) is not None and new[key] != getattr(action, key)
        for action, new in zip(old, given, strict=True)
        for key in Action._fields
    )


def _diff(before: Task | None, after: Task) -> str:
    lines = [] if before else [f"+[Task]\n+{after.path}\n"]
    for field in ("actions", "triggers", "user", "group", "logon_type", "run_level", "registration", "settings"):
        old, new = getattr(before, field) if before else None, getattr(after, field)
        if old != new:
            lines += [f"[{field}]", *([f"-{old}"] if before else []), f"+{new}"]
    return "\n".join(lines)
