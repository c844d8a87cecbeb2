# SPDX-License-Identifier: GPL-3.0-or-later
"""schtasks.exe: /Run, /Delete, /Query, /Change /ENABLE and /DISABLE, for one task named by /TN."""

from __future__ import annotations

from lab.types import Completed
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.programs import task_runner
from lab.windows.programs.base import Invocation, done, failed

_VERBS = ("/run", "/delete", "/query", "/change", "/end")


def main(call: Invocation) -> Completed:
    """One command of the Task Scheduler."""
    name, switches = _arguments(call)
    verbs = [verb for verb in _VERBS if verb in switches]
    if len(verbs) != 1 or not name:
        raise UnsupportedError(f"schtasks.exe {' '.join(call.arguments)}")
    task = call.machine.tasks.find("\\" + name.lstrip("\\"))
    if task is None:
        return failed("ERROR: The system cannot find the file specified.")
    verb = verbs[0]
    if verb == "/run":
        try:
            task_runner.start(call.machine, task)
        except WindowsError as exc:
            return failed(f"ERROR: {exc}")
        return done(f'SUCCESS: Attempted to run the scheduled task "{name}".')
    if verb == "/delete":
        if "/f" not in switches:
            return failed("ERROR: Nobody is there to confirm the deletion: use /F.")
        call.machine.tasks.remove(task.path)
        return done(f'SUCCESS: The scheduled task "{name}" was successfully deleted.')
    if verb == "/change":
        if "/enable" not in switches and "/disable" not in switches:
            raise UnsupportedError(f"schtasks.exe {' '.join(call.arguments)}")
        task.enabled = "/enable" in switches
        return done(f'SUCCESS: The parameters of scheduled task "{name}" have been changed.')
    if verb == "/end":
        raise UnsupportedError("schtasks.exe /End: the lab cannot stop a program")
    state = "Running" if task.running else "Ready" if task.enabled else "Disabled"
    return done(f"\nFolder: {task.folder}\nTaskName                                 Status\n{task.name:<40} {state}\n")


def _arguments(call: Invocation) -> tuple[str, set[str]]:
    name, switches, words = "", set(), list(call.arguments)
    while words:
        word = words.pop(0).lower()
        if word == "/tn" and words:
            name = words.pop(0)
        elif word in (*_VERBS, "/f", "/i", "/enable", "/disable"):
            switches.add(word)
        else:
            raise UnsupportedError(f"schtasks.exe {word}")
    return name, switches
