# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe /c, for a single program and a few built-in commands."""

from __future__ import annotations

import subprocess

from lab.types import Completed
from lab.windows.errors import UnsupportedError
from lab.windows.programs.base import Invocation, done


def main(call: Invocation) -> Completed:
    """Run one command; operators between commands are more than the lab has."""
    words = list(call.arguments)
    while words and words[0].lower() in ("/s", "/d", "/q"):
        words.pop(0)
    if not words or words[0].lower() not in ("/c", "/k"):
        raise UnsupportedError(f"cmd.exe {' '.join(call.arguments)}")
    rest = words[1:]
    line = rest[0] if len(rest) == 1 else subprocess.list2cmdline(rest)
    if any(sign in line for sign in "|&<>^%"):
        raise UnsupportedError(f"cmd.exe /c {line}")
    name, _, tail = line.strip().partition(" ")
    if name.lower() == "echo":
        return done(tail or "ECHO is on.")
    if name.lower() == "exit":
        code = tail.lower().replace("/b", "").strip()
        return Completed(int(code or 0))
    if name.lower() == "ver":
        return done(f"\nMicrosoft Windows [Version 10.0.{call.machine.version.build}.{call.machine.version.ubr}]")
    from lab.windows import programs

    return programs.run(call.machine, line, call.user, environment=call.environment, cwd=call.cwd)
