# SPDX-License-Identifier: GPL-3.0-or-later
"""Running scheduled tasks: beside whatever started them."""

from __future__ import annotations

import re
import subprocess
import time
import typing as t

from lab.windows.errors import UnsupportedError, WindowsError

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine
    from lab.windows.tasks import Task

# Seconds. A task that starts "5 seconds after its registration" only has to start after the answer to the registration.
LONGEST_DELAY = 0.5
_DURATION = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")


def start(machine: Machine, task: Task, delay: float = 0.0) -> None:
    """Run a task in the background.

    Raises:
        WindowsError: the task is disabled.
    """
    if not task.enabled:
        raise WindowsError(
            0x1326 & 0xFFFF, message="The operation being requested was not performed: the task is disabled."
        )

    def work() -> None:
        time.sleep(min(delay, LONGEST_DELAY))
        run(machine, task)

    machine.background(work)


def registered(machine: Machine, task: Task) -> None:
    """Start a task that has just been registered, if one of its triggers says so."""
    for trigger in task.triggers:
        if trigger["type"] == "registration" and trigger.get("enabled", True) and task.enabled:
            start(machine, task, seconds(trigger.get("delay") or "PT0S"))


def seconds(duration: str) -> float:
    """Seconds in an ISO 8601 duration such as PT5S.

    Raises:
        UnsupportedError: another form.
    """
    found = _DURATION.match(duration)
    if not found:
        raise UnsupportedError(f"the duration '{duration}'")
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + rest)


def run(machine: Machine, task: Task) -> int:
    """Run a task's actions in order and wait; gives the last exit code, which the task remembers."""
    from lab.windows import programs

    task.running, task.last_run, rc = True, machine.clock(), 0
    try:
        for action in task.actions:
            path, arguments = (machine.expand(text, task.user) for text in (action.path, action.arguments))
            line = f"{subprocess.list2cmdline([path.strip(chr(34))])} {arguments}".strip()
            done = programs.run(machine, line, task.user, cwd=action.working_directory or "C:\\Windows\\System32")
            rc = done.rc
            for text in (done.stdout, done.stderr) if rc else ():
                if text:
                    machine.log(f"task {task.path}: {text.decode(errors='replace').strip()}")
    except (UnsupportedError, WindowsError) as exc:
        machine.log(f"task {task.path}: {exc}")
        rc = exc.code if isinstance(exc, WindowsError) else 1
    finally:
        task.running, task.last_result = False, rc
    return rc
