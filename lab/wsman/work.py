# SPDX-License-Identifier: GPL-3.0-or-later
"""What a shell cannot answer at once: work for the guest, and requests that have to wait for it."""

from __future__ import annotations

import typing as t

from lab.wsman.messages import Reply
from lab.wsman.types import Host


class Job(t.Protocol):
    """Something that a guest has to do now, on behalf of a shell."""

    @property
    def title(self) -> str:
        """What it is, for people."""

    def run(self, host: Host) -> t.Any:
        """Do it. Called in a worker thread; what it returns is for `finished`."""

    def finished(self, outcome: t.Any) -> None:
        """Tell the shell how it ended."""

    def failed(self, reason: str) -> None:
        """Tell the shell that the lab has a hole there."""


class Wait(t.NamedTuple):
    """No output yet: ask `ShellService.collect` again when something has changed."""

    again: t.Callable[[], Reply | Wait]
