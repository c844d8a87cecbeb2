# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a program."""

from __future__ import annotations

import datetime
import subprocess

from lab.types import Completed
from lab.windows import paths
from lab.windows.errors import UnsupportedError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_command",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Run a command line, unless ``creates`` or ``removes`` says that there is nothing to do."""
    line = params["cmd"] or (params["_raw_params"] or "").strip() or _line(machine, params, context)
    skipped = skip(machine, params)
    if skipped:
        return {"cmd": line, "rc": 0} | skipped
    if params["stdin"]:
        raise UnsupportedError("win_command: stdin")
    from lab.windows import programs

    started = machine.clock()
    environment, cwd = _surroundings(machine, params, context)
    if not machine.files.is_directory(cwd):
        text = f"Could not find specified -WorkingDirectory '{cwd}'"
        raise ModuleError(f"Failed to run: '{line}': {text}", cmd=line, rc=2)
    if programs.find(machine, paths.split_command(line)[0], environment, cwd) is None:
        text = "The system cannot find the file specified, Win32ErrorCode 2 - 0x00000002"
        raise ModuleError(
            f'Failed to run: \'{line}\': Exception calling "CreateProcess" with "8" argument(s): "CreateProcessW() '
            f'failed ({text})"',
            cmd=line,
            rc=2,
        )
    done = programs.run(machine, line, context.user, environment=environment, cwd=cwd)
    return outcome({"cmd": line}, done, started, machine)


def _surroundings(machine: Machine, params: Params, context: ModuleContext) -> tuple[dict[str, str], str]:
    """Give the environment and the directory of the command."""
    environment = machine.environment_of(context.user) | context.environment
    return environment, params["chdir"] or environment["USERPROFILE"]


def _line(machine: Machine, params: Params, context: ModuleContext) -> str:
    """Give the command line of ``argv``, the program by its full path when it is found."""
    from lab.windows import programs

    program, *arguments = params["argv"]
    environment, cwd = _surroundings(machine, params, context)
    if "." not in paths.name(program):
        program += ".exe"
    return subprocess.list2cmdline([programs.find(machine, program, environment, cwd) or program, *arguments])


def skip(machine: Machine, params: Params) -> Result | None:
    """Give the result of a command that need not run, or None."""
    creates, removes = params["creates"], params["removes"]
    if creates and machine.files.glob(creates):
        return {"changed": False, "skipped": True, "msg": f"skipped, since {creates} exists"}
    if removes and not machine.files.glob(removes):
        return {"changed": False, "skipped": True, "msg": f"skipped, since {removes} does not exist"}
    return None


def outcome(known: Result, done: Completed, started: datetime.datetime, machine: Machine) -> Result:
    """Give the result of a command that ran.

    :raises ModuleError: its exit code is not 0.
    """
    ended = machine.clock()
    stamp = "%Y-%m-%d %H:%M:%S.%f"
    result: Result = known | {
        "changed": True,
        "stdout": done.stdout.decode(errors="replace"),
        "stderr": done.stderr.decode(errors="replace"),
        "rc": done.rc,
        "start": started.strftime(stamp),
        "end": ended.strftime(stamp),
        "delta": str(ended - started),
    }
    if done.rc != 0:
        raise ModuleError("non-zero return code", **result)
    return result
