# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows remote shell as a state machine: requests in, replies and jobs out, no sockets and no threads.

A command goes through these states::

    INPUT ──(its input is complete)──▶ RUNNING ──(the host has run it)──▶ FINISHED ──(Signal, Delete)──▶ gone
      └────────────────────────(Signal terminate, Delete)─────────────────────▶ gone

Windows starts a process at once and lets it read its input as it comes. The model of Windows runs a process in one
go, with all of its input, so the question is when the input is complete:

- standard input is a console (the client said so): at once, and it is empty;
- a pipe (the client said so): when a Send carries End. Ansible does this, for every module;
- the client did not say (pypsrp): when a Send carries End, or at the first Receive if nothing was sent before it.

The caller asks `jobs` for what has to run after every request, and tells the outcome to `finished`.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as t

from lab.types import Completed
from lab.wsman import faults
from lab.wsman.messages import (
    CommandStarted,
    CreateShell,
    DeleteShell,
    InputTaken,
    Message,
    Output,
    ReceiveOutput,
    Reply,
    RunCommand,
    SendInput,
    ShellCreated,
    ShellDeleted,
    SignalCommand,
    Signalled,
)
from lab.wsman.replies import payload_limit
from lab.wsman.types import CommandRequest

IDLE_TIMEOUT = 7200.0  # seconds: IdleTimeout of a stock Windows Server
MAX_SHELLS_PER_USER = 30
_CONTROL_C_EXIT = 0xC000013A  # what a console process ends with after Ctrl+C


class State(enum.Enum):
    INPUT = "waits for its input"
    RUNNING = "runs"
    FINISHED = "has ended"
    GONE = "is gone"


@dataclasses.dataclass(eq=False)
class Command:
    """A process of a shell. ``output`` is what has not been fetched yet."""

    command_id: str
    request: CommandRequest
    console: bool | None
    state: State = State.INPUT
    stdin: bytearray = dataclasses.field(default_factory=bytearray)
    fed: bool = False
    output: list[tuple[str, bytes]] = dataclasses.field(default_factory=list)
    exit_code: int = 0


@dataclasses.dataclass(eq=False)
class Shell:
    owner: str
    environment: t.Mapping[str, str]
    working_directory: str | None
    codepage: int
    idle_timeout: float
    last_used: float
    commands: dict[str, Command] = dataclasses.field(default_factory=dict)


class Job(t.NamedTuple):
    """A process that has to run now."""

    command: Command
    request: CommandRequest


class Wait(t.NamedTuple):
    """No output yet: ask `ShellService.collect` again when something has changed."""

    command: Command
    message: Message


class ShellService:
    """All shells of one guest.

    ``new_id`` makes ids of shells and commands, ``clock`` tells seconds; both are given, so that tests can repeat.
    """

    def __init__(self, new_id: t.Callable[[], str], clock: t.Callable[[], float]) -> None:
        self._new_id = new_id
        self._clock = clock
        self._shells: dict[str, Shell] = {}
        self._jobs: list[Job] = []

    @property
    def shells(self) -> tuple[str, ...]:
        """Ids of the open shells."""
        return tuple(self._shells)

    def handle(self, message: Message, user: str, client_ip: str) -> Reply | Wait:
        """Answer one request of an authenticated user, or raise Fault."""
        self._expire()
        request = message.request
        if isinstance(request, CreateShell):
            return self._create(request, user, client_ip)
        shell_id = message.header.shell_id or ""
        shell = self._shell(shell_id, user)
        match request:
            case RunCommand():
                return self._run(shell, request, user)
            case DeleteShell():
                self._drop(shell_id)
                return ShellDeleted()
            case SendInput():
                return self._send(self._command(shell, request.command_id), request)
            case ReceiveOutput():
                return self._receive(self._command(shell, request.command_id), message)
            case SignalCommand():
                return self._signal(shell, self._command(shell, request.command_id), request)

    def collect(self, wait: Wait) -> Reply | Wait:
        """Output for a Receive that had to wait. Raises Fault when the command went away meanwhile."""
        if wait.command.state is State.GONE:
            raise faults.aborted()
        return self._output(wait.command, wait.message)

    def jobs(self) -> list[Job]:
        """Processes to run since the last call. Each is handed out once."""
        jobs, self._jobs = self._jobs, []
        return jobs

    def finished(self, job: Job, completed: Completed) -> None:
        """Tell how a process ended. A client that has interrupted it meanwhile never sees this."""
        command = job.command
        if command.state is State.RUNNING:
            command.state = State.FINISHED
            command.exit_code = completed.rc
            command.output = [("stdout", completed.stdout), ("stderr", completed.stderr)]

    def _create(self, request: CreateShell, user: str, client_ip: str) -> Reply:
        if sum(shell.owner == user.casefold() for shell in self._shells.values()) >= MAX_SHELLS_PER_USER:
            raise faults.too_many_shells(MAX_SHELLS_PER_USER)
        shell_id = (request.shell_id or self._new_id()).upper()
        idle_timeout = min(request.idle_timeout or IDLE_TIMEOUT, IDLE_TIMEOUT)
        self._shells[shell_id] = Shell(
            owner=user.casefold(),
            environment=dict(request.environment),
            working_directory=request.working_directory,
            codepage=request.codepage,
            idle_timeout=idle_timeout,
            last_used=self._clock(),
        )
        return ShellCreated(shell_id, user, client_ip, idle_timeout)

    def _run(self, shell: Shell, request: RunCommand, user: str) -> Reply:
        command_id = (request.command_id or self._new_id()).upper()
        process = CommandRequest(
            command_line=request.command_line,
            stdin=b"",
            user=user,
            environment=shell.environment,
            working_directory=shell.working_directory,
            codepage=shell.codepage,
            console=request.console is not False,
            skip_cmd_shell=request.skip_cmd_shell,
        )
        command = shell.commands[command_id] = Command(command_id, process, request.console)
        if command.console:
            self._start(command)
        return CommandStarted(command_id)

    def _start(self, command: Command) -> None:
        command.state = State.RUNNING
        self._jobs.append(Job(command, command.request._replace(stdin=bytes(command.stdin))))
        command.stdin.clear()

    def _send(self, command: Command, request: SendInput) -> Reply:
        if command.state is not State.INPUT:
            raise faults.input_closed()
        command.fed = True
        command.stdin += request.data
        if request.end:
            self._start(command)
        return InputTaken()

    def _receive(self, command: Command, message: Message) -> Reply | Wait:
        if command.state is State.INPUT and command.console is None and not command.fed:
            self._start(command)
        return self._output(command, message)

    def _output(self, command: Command, message: Message) -> Reply | Wait:
        if command.state is not State.FINISHED:
            return Wait(command, message)
        request = t.cast(ReceiveOutput, message.request)
        wanted = [(name, data) for name, data in command.output if name in request.streams]
        unwanted = [(name, data) for name, data in command.output if name not in request.streams]
        taken, left = _take(wanted, payload_limit(message.header.max_envelope))
        command.output = left + unwanted
        exit_code = None if left else command.exit_code
        return Output(command.command_id, tuple(taken), request.streams, exit_code)

    def _signal(self, shell: Shell, command: Command, request: SignalCommand) -> Reply:
        # The model of Windows cannot stop a process half-way: it runs to its end, unseen.
        if request.signal == "terminate":
            command.state = State.GONE
            del shell.commands[command.command_id]
        elif command.state is not State.FINISHED:
            command.state = State.FINISHED
            command.exit_code = _CONTROL_C_EXIT
        return Signalled()

    def _shell(self, shell_id: str, user: str) -> Shell:
        shell = self._shells.get(shell_id.upper())
        if shell is None:
            raise faults.shell_not_found(shell_id)
        if shell.owner != user.casefold():
            raise faults.access_denied()
        shell.last_used = self._clock()
        return shell

    def _command(self, shell: Shell, command_id: str) -> Command:
        command = shell.commands.get(command_id.upper())
        if command is None:
            raise faults.command_not_found()
        return command

    def _expire(self) -> None:
        """Close shells that no client has used for long; a shell with a running command is in use."""
        now = self._clock()
        for shell_id, shell in list(self._shells.items()):
            busy = any(command.state is State.RUNNING for command in shell.commands.values())
            if not busy and now - shell.last_used > shell.idle_timeout:
                self._drop(shell_id)

    def _drop(self, shell_id: str) -> None:
        for command in self._shells.pop(shell_id.upper()).commands.values():
            command.state = State.GONE


def _take(output: list[tuple[str, bytes]], limit: int) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    """Split output after ``limit`` bytes; empty pieces go."""
    taken, left = [], []
    for name, data in output:
        head, rest = data[:limit], data[limit:]
        limit -= len(head)
        if head:
            taken.append((name, head))
        if rest:
            left.append((name, rest))
    return taken, left
