# SPDX-License-Identifier: GPL-3.0-or-later
"""What the protocol and the guest's PowerShell say to each other."""

from __future__ import annotations

import typing as t

Stream = t.Literal["output", "error", "warning", "verbose", "debug", "information"]


class Command(t.NamedTuple):
    """One command of a pipeline: a script's text, or the name of a cmdlet; values are psrpcore's."""

    text: str
    is_script: bool
    local_scope: bool
    parameters: tuple[tuple[str | None, t.Any], ...] = ()
    errors_to_output: bool = False


class Invocation(t.NamedTuple):
    """A pipeline to run: statements of commands, and what is piped into it (None: nothing)."""

    statements: tuple[tuple[Command, ...], ...]
    piped: tuple[t.Any, ...] | None = None


class Record(t.NamedTuple):
    """Something that a pipeline wrote to one of its streams, as psrpcore sends it."""

    stream: Stream
    value: t.Any


class HostLine(t.NamedTuple):
    """Text for the console of the client."""

    text: str
    newline: bool = True
    error: bool = False


class Outcome(t.NamedTuple):
    """How a pipeline went. ``exit_code`` is that of ``exit``; ``failure`` is the error record that ended it."""

    written: tuple[Record | HostLine, ...] = ()
    exit_code: int | None = None
    failure: t.Any = None


class Runspace(t.Protocol):
    """A PowerShell session: what a script leaves in it, the next one finds."""

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run a pipeline to its end. Called in a worker thread, one at a time."""


class PowerShell(t.Protocol):
    """The PowerShell of a guest, for one user. Its methods return at once."""

    @property
    def version_table(self) -> dict[str, t.Any]:
        """$PSVersionTable, as psrpcore sends it."""

    def runspace(self) -> Runspace:
        """A new session."""
