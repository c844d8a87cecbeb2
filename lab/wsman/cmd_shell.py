# SPDX-License-Identifier: GPL-3.0-or-later
"""The cmd shell: processes with standard input, output and error.

A command goes through these states::

    INPUT ──(its input is complete)──▶ RUNNING ──(the host has run it)──▶ FINISHED ──(Signal, Delete)──▶ gone
      └────────────────────────(Signal terminate, Delete)─────────────────────▶ gone

Windows starts a process at once and lets it read its input as it comes. The model of Windows runs a process in one
go, with all of its input, so the question is when the input is complete:

- standard input is a console (the client said so): at once, and it is empty;
- a pipe (the client said so): when a Send carries End. Ansible does this, for every module;
- the client did not say (pypsrp): when a Send carries End, or at the first Receive if nothing was sent before it.
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
    InputTaken,
    Message,
    Output,
    ReceiveOutput,
    Reply,
    RunCommand,
    SendInput,
    SignalCommand,
    Signalled,
)
from lab.wsman.replies import payload_limit
from lab.wsman.types import CommandRequest, Host
from lab.wsman.work import Job, Wait

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


class Process(t.NamedTuple):
    """A process that has to run now: the job of a command."""

    command: Command
    request: CommandRequest

    @property
    def title(self) -> str:
        return self.request.command_line

    def run(self, host: Host) -> Completed:
        return host.run(self.request)

    def finished(self, outcome: Completed) -> None:
        # A client that has interrupted it meanwhile never sees this.
        if self.command.state is State.RUNNING:
            self.command.state = State.FINISHED
            self.command.exit_code = outcome.rc
            self.command.output = [("stdout", outcome.stdout), ("stderr", outcome.stderr)]

    def failed(self, reason: str) -> None:
        self.finished(Completed(1, stderr=f"{reason}\r\n".encode()))


class CommandShell:
    """The processes of one shell."""

    input_streams, output_streams = "stdin", "stdout stderr"

    def __init__(
        self, request: CreateShell, new_id: t.Callable[[], str], start: t.Callable[[Job], None], user: str
    ) -> None:
        self._request = request
        self._new_id = new_id
        self._start_job = start
        self._user = user
        self._commands: dict[str, Command] = {}

    @property
    def busy(self) -> bool:
        return any(command.state is State.RUNNING for command in self._commands.values())

    def handle(self, message: Message) -> Reply | Wait:
        match message.request:
            case RunCommand() as request:
                return self._run(request)
            case SendInput() as request:
                return self._send(self._command(request.command_id), request)
            case ReceiveOutput() as request:
                return self._receive(self._command(request.command_id or ""), message)
            case SignalCommand() as request:
                return self._signal(self._command(request.command_id), request)
        raise faults.unknown_action(message.header.action)

    def close(self) -> None:
        for command in self._commands.values():
            command.state = State.GONE

    def _run(self, request: RunCommand) -> Reply:
        command_id = (request.command_id or self._new_id()).upper()
        process = CommandRequest(
            command_line=request.command_line,
            stdin=b"",
            user=self._user,
            environment=dict(self._request.environment),
            working_directory=self._request.working_directory,
            codepage=self._request.codepage,
            console=request.console is not False,
            skip_cmd_shell=request.skip_cmd_shell,
        )
        command = self._commands[command_id] = Command(command_id, process, request.console)
        if command.console:
            self._start(command)
        return CommandStarted(command_id)

    def _start(self, command: Command) -> None:
        command.state = State.RUNNING
        self._start_job(Process(command, command.request._replace(stdin=bytes(command.stdin))))
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
        if command.state is State.GONE:
            raise faults.aborted()
        if command.state is not State.FINISHED:
            return Wait(lambda: self._output(command, message))
        request = t.cast(ReceiveOutput, message.request)
        wanted = [(name, data) for name, data in command.output if name in request.streams]
        unwanted = [(name, data) for name, data in command.output if name not in request.streams]
        taken, left = _take(wanted, payload_limit(message.header.max_envelope))
        command.output = left + unwanted
        exit_code = None if left else command.exit_code
        return Output(command.command_id, tuple(taken), request.streams, exit_code)

    def _signal(self, command: Command, request: SignalCommand) -> Reply:
        # The model of Windows cannot stop a process half-way: it runs to its end, unseen.
        if request.signal == "terminate":
            command.state = State.GONE
            del self._commands[command.command_id]
        elif command.state is not State.FINISHED:
            command.state = State.FINISHED
            command.exit_code = _CONTROL_C_EXIT
        return Signalled()

    def _command(self, command_id: str) -> Command:
        command = self._commands.get(command_id.upper())
        if command is None:
            raise faults.command_not_found()
        return command


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
