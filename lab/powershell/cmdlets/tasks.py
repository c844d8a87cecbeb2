# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks: looking, starting, removing. Definitions come from Ansible's module or schtasks.exe."""

from __future__ import annotations

import typing as t

from lab.powershell.errors import CmdletError
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import PSObject, Value
from lab.windows.tasks import Task

_NAME = P("TaskName", "string[]", 0, pipeline=True)
_PATH = P("TaskPath")


def _find(call: Call, name: str) -> Task | None:
    task = call.machine.tasks.find(name, call.text("TaskPath", "\\"))
    if task is None:
        message = f"No MSFT_ScheduledTask objects found with property 'TaskName' equal to '{name}'."
        call.error(CmdletError(message, "ObjectNotFound", "CmdletizationQuery_NotFound_TaskName", name))
    return task


def _chosen(call: Call) -> t.Iterator[Task]:
    return (task for task in (_find(call, name) for name in call.texts("TaskName")) if task is not None)


@cmdlet("Get-ScheduledTask", _NAME, _PATH)
def get_scheduled_task(call: Call) -> t.Iterable[Value]:
    """Tasks by name, or all of them."""
    for task in _chosen(call) if "TaskName" in call else call.machine.tasks.all():
        state = "Running" if task.running else "Ready" if task.enabled else "Disabled"
        yield PSObject("CimInstance", {"TaskName": task.name, "TaskPath": task.folder, "State": state})


@cmdlet("Start-ScheduledTask", _NAME, _PATH)
def start_scheduled_task(call: Call) -> None:
    """Run tasks beside the script."""
    from lab.windows.programs import task_runner

    for task in _chosen(call):
        task_runner.start(call.machine, task)


@cmdlet("Unregister-ScheduledTask", _NAME, _PATH, P("PassThru", SWITCH))
def unregister_scheduled_task(call: Call) -> None:
    """Delete tasks."""
    for task in list(_chosen(call)):
        call.machine.tasks.remove(task.name, task.folder)
