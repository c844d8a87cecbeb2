# SPDX-License-Identifier: GPL-3.0-or-later
"""Define and delete scheduled tasks."""

from __future__ import annotations

import copy
import datetime
import re
import typing as t

from lab.windows import service_view
from lab.windows.errors import WindowsError
from lab.windows.machine import Machine
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
TRIGGERS = (
    *("event", "time", "daily", "weekly", "monthly", "monthlydow"),
    *("idle", "registration", "boot", "logon", "session_state_change"),
)
_DURATION = re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_SERVICE_ACCOUNTS = ("NT AUTHORITY\\SYSTEM", "NT AUTHORITY\\LOCAL SERVICE", "NT AUTHORITY\\NETWORK SERVICE")


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring a task to a state; one with a registration trigger starts when it is written."""
    name, folder = params["name"], "\\" + params["path"].strip("\\")
    invalid = '/\\:*?"<>|'
    if any(char in name for char in invalid):
        shown = ", ".join(f"'{char}'" for char in invalid)
        raise ModuleError(f"Invalid task name '{name}'. The following characters are not valid: {shown}")
    _check_principal(machine, params)
    triggers = [_trigger(one) for one in params["triggers"] or ()]
    task = machine.tasks.find(name, folder)
    if params["state"] == "absent":
        return _absent(machine, task, context)
    created = task is None
    if created and not params["actions"]:
        raise ModuleError("cannot create a task with no actions, set at least one action with a path to an executable")
    before = copy.deepcopy(task)
    wanted = copy.deepcopy(task) if task else Task(name, folder, settings=dict(DEFAULTS), user=_user(machine, context))
    _fill(machine, wanted, params, triggers)
    renewed = params["password"] is not None and params["update_password"]
    if before == wanted and not renewed:
        return {}
    if not context.check_mode:
        machine.tasks.put(wanted)
        from lab.windows.programs import task_runner

        task_runner.registered(machine, wanted)
    return {"changed": True, "diff": {"prepared": _diff(before, wanted)}}


def _user(machine: Machine, context: ModuleContext) -> str:
    return service_view.account(machine, context.user)


def _absent(machine: Machine, task: Task | None, context: ModuleContext) -> Result:
    if task is None:
        return {}
    if not context.check_mode:
        machine.tasks.remove(task.name, task.folder)
    return {"changed": True, "diff": {"prepared": f"-[Task]\n-{task.path}\n"}}


def _account(machine: Machine, name: str) -> str:
    try:
        return service_view.account(machine, name)
    except WindowsError as exc:
        raise ModuleError(f"account_name {name} is not a valid account, cannot get SID") from exc


def _check_principal(machine: Machine, params: Params) -> None:
    username, group, logon = params["username"], params["group"], params["logon_type"]
    if username is not None and group is not None:
        raise ModuleError("username and group can not be set at the same time")
    if logon == "s4u" and params["password"] is None:
        raise ModuleError("password must be set when logon_type=s4u")
    if logon == "group" and group is None:
        raise ModuleError("group must be set when logon_type=group")
    if logon == "service_account" and (not username or _account(machine, username) not in _SERVICE_ACCOUNTS):
        raise ModuleError("username must be SYSTEM, LOCAL SERVICE or NETWORK SERVICE when logon_type=service_account")


def _trigger(given: dict[str, t.Any]) -> dict[str, t.Any]:
    trigger = {key: value for key, value in given.items() if value is not None}
    kinds = "', '".join(TRIGGERS)
    if "type" not in trigger:
        raise ModuleError(f"a trigger entry must contain a key 'type' with a value of '{kinds}'")
    if trigger["type"] not in TRIGGERS:
        raise ModuleError(
            f"the specified trigger type '{trigger['type']}' is not valid, type must be a value of '{kinds}'"
        )
    for key in ("start_boundary", "end_boundary"):
        if key in trigger:
            trigger[key] = _date(key, trigger[key])
    for key in ("execution_time_limit", "delay", "random_delay"):
        if key in trigger:
            _check_duration(key, trigger[key])
    for key in ("interval", "duration"):
        value = (trigger.get("repetition") or {}).get(key)
        if value is not None:
            _check_duration(key, value)
    trigger.setdefault("enabled", True)
    return trigger


def _date(key: str, value: t.Any) -> str:
    try:
        return datetime.datetime.fromisoformat(str(value)).strftime("%Y-%m-%dT%H:%M:%S")
    except ValueError as exc:
        raise ModuleError(
            f"trigger option '{key}' must be in the format 'YYYY-MM-DDThh:mm:ss' format but was '{value}'"
        ) from exc


def _check_duration(key: str, value: t.Any) -> None:
    if not _DURATION.fullmatch(str(value)):
        raise ModuleError(f"trigger option '{key}' must be in the XML duration format but was '{value}'")


def _fill(machine: Machine, task: Task, params: Params, triggers: list[dict[str, t.Any]]) -> None:
    if params["actions"] is not None:
        for action in params["actions"]:
            if not action.get("path"):
                raise ModuleError("action entry must contain the key 'path'")
        task.actions = [
            Action(one["path"], one.get("arguments") or "", one.get("working_directory") or "")
            for one in params["actions"]
        ]
    if params["triggers"] is not None:
        task.triggers = triggers
    if params["username"] is not None:
        task.user, task.group = _account(machine, params["username"]), ""
    if params["group"] is not None:
        task.user, task.group = "", machine.users.group(params["group"]).name
    if params["logon_type"] is not None:
        task.logon_type = params["logon_type"]
    else:
        task.logon_type = "service_account" if task.user in _SERVICE_ACCOUNTS else "interactive_token"
    if params["password"] is not None and params["logon_type"] is None:
        task.logon_type = "password"
    task.run_level = params["run_level"] or task.run_level
    task.registration |= {key: params[key] for key in _REGISTRATION if params[key] is not None}
    task.description = task.registration.get("description", task.description)
    task.author = task.registration.get("author", task.author)
    task.settings |= {key: params[key] for key in DEFAULTS if params[key] is not None}
    task.enabled = bool(task.settings.get("enabled", True))


def _diff(before: Task | None, after: Task) -> str:
    lines = [] if before else [f"+[Task]\n+{after.path}\n"]
    for field in ("actions", "triggers", "user", "group", "logon_type", "run_level", "registration", "settings"):
        old, new = getattr(before, field) if before else None, getattr(after, field)
        if old != new:
            lines += [f"[{field}]", *([f"-{old}"] if before else []), f"+{new}"]
    return "\n".join(lines)
