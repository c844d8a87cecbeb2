# SPDX-License-Identifier: GPL-3.0-or-later
"""What every program of the lab's Windows gets, and how it answers."""

from __future__ import annotations

import typing as t

from lab.types import Completed

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine


class Invocation(t.NamedTuple):
    """One start of a program."""

    machine: Machine
    path: str  # of the executable, as it is on disk
    arguments: list[str]
    user: str
    environment: dict[str, str]
    cwd: str

    @property
    def elevated(self) -> bool:
        """Say whether the user has administrator rights."""
        return self.machine.users.is_administrator(self.user)


Program = t.Callable[[Invocation], Completed]


def done(text: str = "", rc: int = 0) -> Completed:
    """An answer on standard output."""
    return Completed(rc, _encode(text))


def failed(text: str, rc: int = 1) -> Completed:
    """An answer on standard error."""
    return Completed(rc, b"", _encode(text))


def _encode(text: str) -> bytes:
    if not text:
        return b""
    return (text.rstrip("\n") + "\n").replace("\r\n", "\n").replace("\n", "\r\n").encode()
