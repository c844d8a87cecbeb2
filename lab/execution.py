# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a command line that arrived over WinRM goes: Ansible's wrappers, PowerShell text, or a program."""

from __future__ import annotations

import typing as t

from lab.ansible import bootstrap, shell
from lab.types import Completed
from lab.windows import paths, programs
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.machine import Machine
from lab.windows.programs import powershell


class Script(t.NamedTuple):
    """What powershell.exe was asked to run."""

    text: str
    from_stdin: bool = False


def execute(machine: Machine, command_line: str, stdin: bytes, user: str) -> Completed:
    """Run a command line as a user and wait for it.

    What the lab does not understand ends with exit code 1 and a text on stderr that names it.
    """
    try:
        return _dispatch(machine, command_line, stdin, user)
    except UnsupportedError as exc:
        machine.log(f"unsupported: {exc}")
        return Completed(1, b"", f"The lab does not support this: {exc}\r\n".encode())
    except WindowsError as exc:
        return Completed(exc.code & 0xFF or 1, b"", f"{exc}\r\n".encode())
    finally:
        if machine.attached.changed is not None:
            machine.attached.changed()


def _dispatch(machine: Machine, command_line: str, stdin: bytes, user: str) -> Completed:
    line = command_line.strip()
    if line.lower().startswith("type ") and " | " in line:
        source, _, line = line.partition(" | ")
        stdin = machine.files.read(machine.expand(paths.split_command(source)[1], user))
    script = powershell_script(line, stdin)
    if script is None:
        return programs.run(machine, line, user)
    stdin = b"" if script.from_stdin else stdin
    answer = answer_of_ansible(machine, script.text, stdin, user)
    if answer is not None:
        return answer
    from lab.powershell import run_script

    return run_script(machine, script.text, stdin, user)


def answer_of_ansible(machine: Machine, text: str, stdin: bytes, user: str) -> Completed | None:
    """Answer a script that is Ansible's own, not a user's; None when it is another script."""
    if bootstrap.is_bootstrap(text):
        return bootstrap.run(machine, stdin, user)
    return shell.run(machine, text)


def powershell_script(line: str, stdin: bytes) -> Script | None:
    """Give the text that a powershell.exe command line runs; None when it is another program, or a script file.

    :raises UnsupportedError: a switch that the lab does not know.
    """
    words = paths.split_command(line)
    if not words or paths.name(words[0]).lower() not in ("powershell", "powershell.exe"):
        return None
    request = powershell.parse(words[1:])
    if request.file:
        return None
    return Script(stdin.decode(), True) if request.from_stdin else Script(request.text)
