# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows remote shell as a state machine: requests in, replies and jobs out, no sockets and no threads.

The service knows who owns a shell, how many there may be and when one has been idle for too long. What happens inside
of a shell is the business of its kind, which the first request chose: `cmd_shell` (processes) or `psrp_shell`
(PowerShell). The caller asks `jobs` for what has to run after every request, and tells the outcome to `finished`.
"""

from __future__ import annotations

import dataclasses
import typing as t

from lab.wsman import faults
from lab.wsman.cmd_shell import CommandShell
from lab.wsman.messages import (
    CreateShell,
    DeleteShell,
    Message,
    OpenRunspacePool,
    Reply,
    ShellCreated,
    ShellDeleted,
)
from lab.wsman.psrp_shell import RunspaceShell
from lab.wsman.work import Job, Wait

if t.TYPE_CHECKING:
    from lab.psrp.types import PowerShell

__all__ = ["IDLE_TIMEOUT", "MAX_SHELLS_PER_USER", "Job", "ShellService", "Wait"]

IDLE_TIMEOUT = 7200.0  # seconds: IdleTimeout of a stock Windows Server
MAX_SHELLS_PER_USER = 30


class Shell(t.Protocol):
    """A shell of any kind."""

    input_streams: str
    output_streams: str

    @property
    def busy(self) -> bool:
        """Whether something runs in it."""

    def handle(self, message: Message) -> Reply | Wait:
        """Answer a request for this shell, or raise Fault."""

    def close(self) -> None:
        """Forget all that runs: who waits for it gets a fault."""


@dataclasses.dataclass(eq=False)
class _Open:
    """A shell that is open."""

    shell: Shell
    resource_uri: str
    owner: str
    idle_timeout: float
    last_used: float


class ShellService:
    """All shells of one guest.

    ``new_id`` makes ids of shells and commands, ``clock`` tells seconds; both are given, so that tests can repeat.
    ``powershell`` gives the PowerShell of a user; without it there are cmd shells only.
    """

    def __init__(
        self,
        new_id: t.Callable[[], str],
        clock: t.Callable[[], float],
        powershell: t.Callable[[str], PowerShell] | None = None,
    ) -> None:
        self._new_id = new_id
        self._clock = clock
        self._powershell = powershell
        self._shells: dict[str, _Open] = {}
        self._jobs: list[Job] = []

    @property
    def shells(self) -> tuple[str, ...]:
        """Ids of the open shells."""
        return tuple(self._shells)

    def handle(self, message: Message, user: str, client_ip: str) -> Reply | Wait:
        """Answer one request of an authenticated user, or raise Fault."""
        self._expire()
        request = message.request
        if isinstance(request, CreateShell | OpenRunspacePool):
            return self._create(request, message, user, client_ip)
        shell_id = message.header.shell_id or ""
        shell = self._find(shell_id, message.header.resource_uri, user)
        if isinstance(request, DeleteShell):
            self._drop(shell_id)
            return ShellDeleted()
        return shell.handle(message)

    def collect(self, wait: Wait) -> Reply | Wait:
        """Output for a Receive that had to wait. Raises Fault when the command went away meanwhile."""
        return wait.again()

    def jobs(self) -> list[Job]:
        """What has to run since the last call. Each is handed out once."""
        jobs, self._jobs = self._jobs, []
        return jobs

    def finished(self, job: Job, outcome: t.Any) -> None:
        """Tell how a job ended. A client that has interrupted it meanwhile never sees this."""
        job.finished(outcome)

    def _create(self, request: CreateShell | OpenRunspacePool, message: Message, user: str, client_ip: str) -> Reply:
        if sum(shell.owner == user.casefold() for shell in self._shells.values()) >= MAX_SHELLS_PER_USER:
            raise faults.too_many_shells(MAX_SHELLS_PER_USER)
        shell_id = (request.shell_id or self._new_id()).upper()
        shell = self._new_shell(request, message, user)
        idle_timeout = min(request.idle_timeout or IDLE_TIMEOUT, IDLE_TIMEOUT)
        self._shells[shell_id] = _Open(shell, message.header.resource_uri, user.casefold(), idle_timeout, self._clock())
        return ShellCreated(shell_id, user, client_ip, idle_timeout, shell.input_streams, shell.output_streams)

    def _new_shell(self, request: CreateShell | OpenRunspacePool, message: Message, user: str) -> Shell:
        if isinstance(request, CreateShell):
            return CommandShell(request, self._new_id, self._jobs_append, user)
        if self._powershell is None:
            raise faults.unknown_resource(message.header.resource_uri)
        return RunspaceShell(request, self._powershell(user), self._jobs_append, message.header.max_envelope)

    def _jobs_append(self, job: Job) -> None:
        self._jobs.append(job)

    def _find(self, shell_id: str, resource_uri: str, user: str) -> Shell:
        found = self._shells.get(shell_id.upper())
        if found is None or found.resource_uri != resource_uri:
            raise faults.shell_not_found(shell_id)
        if found.owner != user.casefold():
            raise faults.access_denied()
        found.last_used = self._clock()
        return found.shell

    def _expire(self) -> None:
        """Close shells that no client has used for long; a shell with a running command is in use."""
        now = self._clock()
        for shell_id, found in list(self._shells.items()):
            if not found.shell.busy and now - found.last_used > found.idle_timeout:
                self._drop(shell_id)

    def _drop(self, shell_id: str) -> None:
        self._shells.pop(shell_id.upper()).shell.close()
