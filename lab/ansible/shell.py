# SPDX-License-Identifier: GPL-3.0-or-later
"""The one-line scripts of Ansible's PowerShell shell plugin."""

from __future__ import annotations

import re

from lab.types import Completed
from lab.windows.errors import WindowsError
from lab.windows.machine import Machine

STRICT = "set-strictmode -version latest"
RETURN_CODE = "if (-not $?) { if (get-variable lastexitcode"
_REMOVE = re.compile(r"Remove-Item '((?:[^']|'')*)' -Force( -Recurse)?;")


def strip(script: str) -> list[str]:
    """Give the lines of a script without the frame that the shell plugin puts around it."""
    lines = [line.strip() for line in script.splitlines() if line.strip()]
    if lines and lines[0].lower() == STRICT:
        lines = lines[1:]
    if lines and lines[-1].lower().startswith(RETURN_CODE):
        lines = lines[:-1]
    return lines


def run(machine: Machine, script: str) -> Completed | None:
    """Answer a script of the shell plugin; None when it is another script."""
    lines = strip(script)
    removal = _REMOVE.fullmatch(lines[0]) if len(lines) == 1 else None
    if removal is None:
        return None
    path = removal[1].replace("''", "'")
    if any(char in path for char in "*?["):
        return None  # a pattern is PowerShell's business
    try:
        machine.files.delete(path, recursive=removal[2] is not None)
    except WindowsError as exc:
        text = f"Remove-Item : Cannot find path '{path}' because it does not exist." if exc.code in (2, 3) else str(exc)
        return Completed(1, b"", f"{text}\r\n".encode())
    return Completed(0)
