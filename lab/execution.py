# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a command line that arrived over WinRM goes: Ansible's wrappers, PowerShell text, or a program."""

from __future__ import annotations

import base64
import binascii
import typing as t

from lab.ansible import bootstrap, shell
from lab.types import Completed
from lab.windows import paths
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.machine import Machine

# powershell.exe's switches, and those that take a value.
_SWITCHES = ("noprofile", "noninteractive", "nologo", "sta", "mta", "noexit", "nop", "noni")
_VALUED = ("executionpolicy", "outputformat", "inputformat", "windowstyle", "version", "ex", "ep", "exec")
_ENCODED = ("encodedcommand", "enc", "ec", "e", "encoded")


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
    script = powershell_script(machine, line, stdin)
    if script is None:
        from lab.windows import programs

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


def powershell_script(machine: Machine, line: str, stdin: bytes) -> Script | None:
    """Give the script of a powershell.exe command line; None when it is another program.

    :raises UnsupportedError: a switch that the lab does not know.
    """
    words = paths.split_command(line)
    if not words or paths.name(words[0]).lower() not in ("powershell", "powershell.exe"):
        return None
    position = 1
    while position < len(words):
        word = words[position]
        switch = word.lstrip("-/").lower() if word[:1] in "-/" and word != "-" else ""
        position += 1
        if switch in _SWITCHES:
            continue
        if switch in _VALUED:
            position += 1
        elif switch in _ENCODED:
            return Script(_decode(words[position] if position < len(words) else ""))
        elif switch in ("file", "f"):
            return Script(machine.files.read_text(words[position]))
        elif switch in ("command", "c") or not switch:
            rest = words[position - (0 if switch else 1) :]
            return Script(stdin.decode(), True) if rest == ["-"] else Script(" ".join(rest))
        else:
            raise UnsupportedError(f"powershell.exe {word}")
    return Script(stdin.decode(), True)


def _decode(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise UnsupportedError("powershell.exe -EncodedCommand: not base64 of UTF-16 text") from exc
