# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows paths as text: no file system behind them."""

from __future__ import annotations

import re

from lab.windows.errors import WindowsError

_DRIVE = re.compile(r"^[A-Za-z]:")
_FORBIDDEN = re.compile(r'[<>"|?*\x00-\x1f]')


def normalise(path: str, cwd: str = "C:\\") -> str:
    """Give the absolute form of a path: backslashes, no dots, no trailing separator except after a drive.

    :raises WindowsError: the path is empty or has characters that no file name may have.
    """
    text = path.replace("/", "\\")
    if text.startswith("\\\\?\\"):
        text = text[4:]
    if not text.strip():
        raise WindowsError(87, "path is empty")
    if text.startswith("\\\\"):
        raise WindowsError(3, path)  # no UNC shares in the lab
    if not _DRIVE.match(text):
        text = cwd[:2] + text if text.startswith("\\") else cwd.rstrip("\\") + "\\" + text
    drive, rest = text[:2].upper(), text[2:]
    if _FORBIDDEN.search(rest) or ":" in rest:
        raise WindowsError(123, message=f"The filename, directory name, or volume label syntax is incorrect: {path}")
    parts: list[str] = []
    for part in rest.split("\\"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part.rstrip(" .") or part)
    return drive + "\\" + "\\".join(parts)


def is_absolute(path: str) -> bool:
    """Say whether a path names its drive."""
    return bool(_DRIVE.match(path)) or path.startswith("\\\\")


def parent(path: str) -> str:
    """Give the directory that holds a normalised path; a drive's root is its own parent."""
    head, _, _ = path.rpartition("\\")
    return head + "\\" if len(head) == 2 else head


def name(path: str) -> str:
    """Give the last part of a path."""
    return path.rstrip("\\").rpartition("\\")[2]


def join(base: str, *more: str) -> str:
    """Join parts with single backslashes."""
    return "\\".join([base.rstrip("\\"), *(part.strip("\\") for part in more)])


def split_command(line: str) -> list[str]:
    """Split a command line as the C runtime does: quotes group, backslashes escape only before a quote."""
    arguments: list[str] = []
    current: list[str] = []
    quoted = seen = False
    slashes = 0
    for char in line:
        if char == "\\":
            slashes += 1
            continue
        if char == '"':
            current.append("\\" * (slashes // 2))
            if slashes % 2:
                current.append('"')
            else:
                quoted = not quoted
                seen = True
            slashes = 0
            continue
        current.append("\\" * slashes)
        slashes = 0
        if char in " \t" and not quoted:
            if "".join(current) or seen:
                arguments.append("".join(current))
            current, seen = [], False
        else:
            current.append(char)
    current.append("\\" * slashes)
    if "".join(current) or seen:
        arguments.append("".join(current))
    return arguments
