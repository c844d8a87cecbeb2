# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at scheduled tasks."""

from __future__ import annotations

import typing as t

from lab.windows.machine import Machine
from lab.windows.modules import _task_triggers
from lab.windows.modules.context import ModuleContext, Params, Result
from lab.windows.tasks import Task

NAMES = ("community.windows.win_scheduled_task_stat",)

_LOGON = {
    "none": "TASK_LOGON_NONE",
    "password": "TASK_LOGON_PASSWORD",
    "s4u": "TASK_LOGON_S4U",
    "interactive_token": "TASK_LOGON_INTERACTIVE_TOKEN",
    "group": "TASK_LOGON_GROUP",
    "service_account": "TASK_LOGON_SERVICE_ACCOUNT",
    "interactive_token_or_password": "TASK_LOGON_INTERACTIVE_TOKEN_OR_PASSWORD",
}
_RUN_LEVEL = {"limited": "TASK_RUNLEVEL_LUA", "highest": "TASK_RUNLEVEL_HIGHEST"}
# How the scheduler says that a task has not run, and that it will not: a date of its own, and COM's first day.
_NEVER, _NOT_AGAIN = "1999-11-30T00:00:00", "1899-12-30T00:00:00"
# What win_scheduled_task cannot set: the scheduler's defaults.
_SETTINGS: dict[str, t.Any] = {
    "disallow_start_on_remote_app_session": False,
    "idle_settings": {
        "idle_duration": "PT10M",
        "restart_on_idle": False,
        "stop_on_idle_end": True,
        "wait_timeout": "PT1H",
    },
    "maintenance_settings": None,
    "network_settings": {"id": None, "name": None},
    "use_unified_scheduling_engine": False,
    "volatile": False,
}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give the tasks of a folder, and one of them in full."""
    folder, name = params["path"], params["name"]
    if not machine.tasks.folder_exists(folder):
        return {"folder_exists": False} | ({} if name is None else {"task_exists": False})
    names = [task.name for task in machine.tasks.in_folder(folder)]
    result: Result = {"folder_exists": True, "folder_task_names": names, "folder_task_count": len(names)}
    if name is None:
        return result
    task = machine.tasks.find(name, folder)
    if task is None:
        return result | {"task_exists": False}
    return result | {"task_exists": True} | _describe(task)


def _describe(task: Task) -> dict[str, t.Any]:
    status = "RUNNING" if task.running else "READY" if task.enabled else "DISABLED"
    return {
        "state": {
            "last_run_time": task.last_run.strftime("%Y-%m-%dT%H:%M:%S") if task.last_run else _NEVER,
            "last_task_result": task.last_result,
            "next_run_time": _NOT_AGAIN,
            "number_of_missed_runs": 0,
            "status": f"TASK_STATE_{status}",
        },
        "principal": {
            "display_name": task.display_name or None,
            "group_id": task.group or None,
            "id": "Author",
            "logon_type": _LOGON[task.logon_type],
            "run_level": _RUN_LEVEL[task.run_level],
            "user_id": task.user or None,
        },
        "registration_info": {
            "author": task.author or None,
            "date": task.registration.get("date"),
            "description": task.description or None,
            "documentation": None,
            "security_descriptor": None,
            "source": task.registration.get("source"),
            "uri": task.path,
            "version": task.registration.get("version"),
        },
        "settings": _SETTINGS | task.settings,
        "actions": [
            {
                "arguments": action.arguments or None,
                "hide_app_window": False,
                "id": None,
                "path": action.path,
                "type": "TASK_ACTION_EXEC",
                "working_directory": action.working_directory or None,
            }
            for action in task.actions
        ],
        "triggers": [_task_triggers.describe(trigger) for trigger in task.triggers],
    }
