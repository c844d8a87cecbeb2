# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-core's small scripts around files: put, fetch, temporary directory, home directory."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import typing as t

from lab.types import Completed
from lab.windows import paths
from lab.windows.errors import WindowsError
from lab.windows.machine import Machine


def put_file(machine: Machine, params: dict[str, t.Any], lines: tuple[str, ...], user: str) -> Completed:
    """Write base64 lines to a file and answer with the SHA-1 of what was written."""
    try:
        content = b"".join(base64.b64decode(line.strip(), validate=True) for line in lines)
    except binascii.Error as exc:
        raise WindowsError(87, message=f"The input is not a valid Base-64 string: {exc}") from exc
    machine.files.write(params["Path"], content)
    digest = hashlib.sha1(content).hexdigest()  # noqa: S324 - what ansible-core compares
    return _line(json.dumps({"sha1": digest}, separators=(",", ":")))


def fetch_file(machine: Machine, params: dict[str, t.Any], lines: tuple[str, ...], user: str) -> Completed:
    """Answer with a part of a file in base64, or say that it is a directory."""
    path = params["Path"]
    if machine.files.is_directory(path):
        return _line("[DIR]")
    if not machine.files.is_file(path):
        return Completed(1, b"", f"{path} does not exist\r\n".encode())
    start = int(params["Offset"])
    part = machine.files.read(path)[start : start + int(params["BufferSize"])]
    return _line(base64.b64encode(part).decode()) if part else Completed(0)


def psrp_fetch_file(machine: Machine, params: dict[str, t.Any], lines: tuple[str, ...], user: str) -> Completed:
    """Answer with all of a file, in lines of base64 of as much as the buffer holds, or say that it is a directory."""
    path, size = params["Path"], int(params["BufferSize"])
    if machine.files.is_directory(path):
        return _line("[DIR]")
    if not machine.files.is_file(path):
        raise WindowsError(2, message=f"{path} does not exist")
    content = machine.files.read(path)
    parts = (content[start : start + size] for start in range(0, len(content), size))
    return _line("\r\n".join(["[FILE]", *(base64.b64encode(part).decode() for part in parts)]))


def mkdtemp(machine: Machine, params: dict[str, t.Any], lines: tuple[str, ...], user: str) -> Completed:
    """Make a directory below another and answer with its path."""
    base = machine.expand(params["Directory"], user)
    path = paths.normalise(paths.join(base, params["Name"]))
    if machine.files.exists(path):
        raise WindowsError(183, message=f"An item with the specified name {path} already exists.")
    machine.files.mkdir(path)
    return _line(path)


def expand_user(machine: Machine, params: dict[str, t.Any], lines: tuple[str, ...], user: str) -> Completed:
    """Replace a leading ``~`` by the user's profile directory."""
    path = str(params["Path"])
    home = machine.environment_of(user)["USERPROFILE"]
    if path == "~":
        return _line(home)
    return _line(paths.join(home, path[2:]) if path.startswith("~\\") else path)


def _line(text: str) -> Completed:
    return Completed(0, text.encode() + b"\r\n")
