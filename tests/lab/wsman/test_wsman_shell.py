# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell service by itself: no sockets, no threads, a clock that stands still."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from lab.types import Completed
from lab.wsman import faults
from lab.wsman.messages import (
    CommandStarted,
    CreateShell,
    DeleteShell,
    Fault,
    Header,
    InputTaken,
    Message,
    Output,
    ReceiveOutput,
    Request,
    RunCommand,
    SendInput,
    ShellCreated,
    ShellDeleted,
    SignalCommand,
    Signalled,
)
from lab.wsman.shell import IDLE_TIMEOUT, MAX_SHELLS_PER_USER, Job, ShellService, Wait


class Desk:
    """A client of the service: what it says is one request, as one user."""

    def __init__(self) -> None:
        self.now = 0.0
        numbers = itertools.count(1)
        self.service = ShellService(lambda: f"ID-{next(numbers)}", lambda: self.now)

    def say(self, request: Request, shell: str | None = None, user: str = "Ann", envelope: int = 153_600) -> t.Any:
        header = Header("action", "uuid:1", "resource", shell, 60.0, envelope)
        return self.service.handle(Message(header, request), user, "127.0.0.1")

    def open(self, user: str = "Ann", **details: t.Any) -> str:
        return str(self.say(CreateShell(environment={}, **details), user=user).shell_id)

    def run(self, shell: str, line: str = "cat", console: bool | None = False) -> str:
        return str(self.say(RunCommand(line, console=console), shell).command_id)

    def job(self) -> Job:
        (job,) = self.service.jobs()
        return job


@pytest.fixture
def desk() -> Desk:
    return Desk()


def number_of(fault: pytest.ExceptionInfo[Fault]) -> int:
    return fault.value.number


def test_a_whole_session(desk: Desk) -> None:
    created = desk.say(CreateShell(environment={"A": "1"}, working_directory="C:\\", codepage=65001))
    assert created == ShellCreated("ID-1", "Ann", "127.0.0.1", IDLE_TIMEOUT)
    assert desk.say(RunCommand("cat", console=False), "ID-1") == CommandStarted("ID-2")
    assert desk.say(SendInput("ID-2", b"one ", end=False), "ID-1") == InputTaken()
    assert desk.service.jobs() == []
    assert desk.say(SendInput("ID-2", b"two", end=True), "ID-1") == InputTaken()
    job = desk.job()
    assert job.request.stdin == b"one two"
    assert (job.request.user, job.request.environment, job.request.codepage) == ("Ann", {"A": "1"}, 65001)
    assert job.request.working_directory == "C:\\"
    assert desk.service.jobs() == [], "a job is handed out once"

    wait = desk.say(ReceiveOutput("ID-2"), "ID-1")
    assert isinstance(wait, Wait)
    assert isinstance(desk.service.collect(wait), Wait)
    desk.service.finished(job, Completed(3, b"out", b"err"))
    streams = ("stdout", "stderr")
    assert desk.service.collect(wait) == Output("ID-2", (("stdout", b"out"), ("stderr", b"err")), streams, 3)
    assert desk.say(SignalCommand("ID-2", "terminate"), "ID-1") == Signalled()
    assert desk.say(DeleteShell(), "ID-1") == ShellDeleted()
    assert desk.service.shells == ()


def test_console_input_is_empty_and_the_command_starts_at_once(desk: Desk) -> None:
    shell = desk.open()
    command = desk.run(shell, console=True)

    assert desk.job().request.stdin == b""
    with pytest.raises(Fault) as fault:
        desk.say(SendInput(command, b"late", end=True), shell)
    assert number_of(fault) == faults.BROKEN_PIPE


def test_a_pipe_waits_for_its_end_however_often_the_client_asks_for_output(desk: Desk) -> None:
    shell = desk.open()
    command = desk.run(shell, console=False)

    assert isinstance(desk.say(ReceiveOutput(command), shell), Wait)
    assert desk.service.jobs() == []


@pytest.mark.parametrize("fed", [False, True], ids=["nothing-sent", "something-sent"])
def test_input_of_an_unknown_kind_ends_at_the_first_receive_if_there_was_none(desk: Desk, fed: bool) -> None:
    shell = desk.open()
    command = desk.run(shell, console=None)
    if fed:
        desk.say(SendInput(command, b"some", end=False), shell)

    desk.say(ReceiveOutput(command), shell)

    assert len(desk.service.jobs()) == (0 if fed else 1)


def test_output_is_split_over_as_many_replies_as_it_needs(desk: Desk) -> None:
    shell = desk.open()
    command = desk.run(shell, console=True)
    desk.service.finished(desk.job(), Completed(0, bytes(range(256)) * 40, b"e" * 3000))
    pieces, output = {"stdout": b"", "stderr": b""}, None
    replies = 0

    while output is None or output.exit_code is None:
        output = desk.say(ReceiveOutput(command), shell, envelope=8192)
        replies += 1
        for name, data in output.chunks:
            pieces[name] += data

    assert pieces == {"stdout": bytes(range(256)) * 40, "stderr": b"e" * 3000}
    assert replies == 4


def test_a_client_may_ask_for_one_stream_only(desk: Desk) -> None:
    shell = desk.open()
    command = desk.run(shell, console=True)
    desk.service.finished(desk.job(), Completed(0, b"out", b"err"))

    assert desk.say(ReceiveOutput(command, ("stderr",)), shell).chunks == (("stderr", b"err"),)
    assert desk.say(ReceiveOutput(command, ("stdout",)), shell).chunks == (("stdout", b"out"),)


def test_output_of_nothing(desk: Desk) -> None:
    shell = desk.open()
    command = desk.run(shell, console=True)
    desk.service.finished(desk.job(), Completed(0))

    output = desk.say(ReceiveOutput(command), shell)

    assert (output.chunks, output.exit_code) == ((), 0)


def test_a_terminated_command_is_gone(desk: Desk) -> None:
    shell = desk.open()
    command = desk.run(shell, console=True)
    wait = desk.say(ReceiveOutput(command), shell)
    job = desk.job()

    desk.say(SignalCommand(command, "terminate"), shell)

    with pytest.raises(Fault) as aborted:
        desk.service.collect(wait)
    assert number_of(aborted) == faults.OPERATION_ABORTED
    desk.service.finished(job, Completed(0, b"too late"))
    with pytest.raises(Fault) as missing:
        desk.say(ReceiveOutput(command), shell)
    assert number_of(missing) == faults.INVALID_SELECTORS


def test_a_command_terminated_before_its_input_ended_never_runs(desk: Desk) -> None:
    shell = desk.open()
    command = desk.run(shell, console=False)
    desk.say(SendInput(command, b"some", end=False), shell)

    desk.say(SignalCommand(command, "terminate"), shell)

    assert desk.service.jobs() == []


@pytest.mark.parametrize("signal", ["ctrl_c", "ctrl_break"])
def test_an_interrupted_command_ends_as_a_console_process_does(
    desk: Desk, signal: t.Literal["ctrl_c", "ctrl_break"]
) -> None:
    shell = desk.open()
    command = desk.run(shell, console=True)
    wait = desk.say(ReceiveOutput(command), shell)
    job = desk.job()

    desk.say(SignalCommand(command, signal), shell)

    assert desk.service.collect(wait).exit_code == 0xC000013A
    desk.service.finished(job, Completed(0, b"too late"))
    assert desk.say(ReceiveOutput(command), shell).chunks == ()


def test_a_signal_for_an_ended_command_changes_nothing(desk: Desk) -> None:
    shell = desk.open()
    command = desk.run(shell, console=True)
    desk.service.finished(desk.job(), Completed(5, b"out"))

    desk.say(SignalCommand(command, "ctrl_c"), shell)

    assert desk.say(ReceiveOutput(command), shell).exit_code == 5


def test_deleting_a_shell_ends_its_commands(desk: Desk) -> None:
    shell = desk.open()
    wait = desk.say(ReceiveOutput(desk.run(shell, console=True)), shell)

    desk.say(DeleteShell(), shell)

    with pytest.raises(Fault) as aborted:
        desk.service.collect(wait)
    assert number_of(aborted) == faults.OPERATION_ABORTED


SHELL_REQUESTS = [
    RunCommand("cat"),
    SendInput("X", b"", end=True),
    ReceiveOutput("X"),
    SignalCommand("X", "terminate"),
    DeleteShell(),
]
COMMAND_REQUESTS = [request for request in SHELL_REQUESTS if hasattr(request, "command_id") and request.command_id]


@pytest.mark.parametrize("request_", SHELL_REQUESTS, ids=lambda request: type(request).__name__)
def test_a_shell_that_does_not_exist(desk: Desk, request_: Request) -> None:
    with pytest.raises(Fault, match="ShellId NOWHERE failed because the shell was not found") as fault:
        desk.say(request_, "NOWHERE")
    assert number_of(fault) == faults.INVALID_SELECTORS
    assert fault.value.subcode == "w:InvalidSelectors"


@pytest.mark.parametrize("request_", COMMAND_REQUESTS, ids=lambda request: type(request).__name__)
def test_a_command_that_does_not_exist(desk: Desk, request_: Request) -> None:
    with pytest.raises(Fault, match="command identifier that does not exist") as fault:
        desk.say(request_, desk.open())
    assert number_of(fault) == faults.INVALID_SELECTORS


@pytest.mark.parametrize("request_", SHELL_REQUESTS, ids=lambda request: type(request).__name__)
def test_a_shell_belongs_to_the_user_who_made_it(desk: Desk, request_: Request) -> None:
    shell = desk.open(user="Ann")

    with pytest.raises(Fault, match="Access is denied") as fault:
        desk.say(request_, shell, user="Bob")
    assert number_of(fault) == faults.ACCESS_DENIED
    assert desk.service.shells == (shell,)


def test_names_and_ids_do_not_depend_on_case(desk: Desk) -> None:
    shell = desk.open(user="Ann")
    command = str(desk.say(RunCommand("cat", console=True), shell.lower(), user="ANN").command_id)
    desk.service.finished(desk.job(), Completed(0, b"out"))

    assert desk.say(ReceiveOutput(command.lower()), shell.lower(), user="ann").exit_code == 0
    desk.say(DeleteShell(), shell.lower())
    assert desk.service.shells == ()


def test_ids_that_the_client_proposes(desk: Desk) -> None:
    assert desk.open(shell_id="5a4a7b2c-0000-0000-0000-000000000001") == "5A4A7B2C-0000-0000-0000-000000000001"
    started = desk.say(RunCommand("cat", command_id="abc"), "5A4A7B2C-0000-0000-0000-000000000001")
    assert started == CommandStarted("ABC")


def test_a_user_cannot_have_too_many_shells(desk: Desk) -> None:
    for _ in range(MAX_SHELLS_PER_USER):
        desk.open()

    with pytest.raises(Fault, match="maximum number of concurrent shells") as fault:
        desk.open()
    assert number_of(fault) == faults.QUOTA_SHELLS
    assert desk.open(user="Bob")


def test_a_shell_that_nobody_uses_goes_away(desk: Desk) -> None:
    shell = desk.open(idle_timeout=600.0)
    desk.now = 599.0
    desk.run(shell)
    desk.now = 1199.0
    desk.run(shell)
    desk.now = 1800.0

    with pytest.raises(Fault, match="shell was not found"):
        desk.run(shell)


def test_a_shell_with_a_running_command_stays(desk: Desk) -> None:
    shell = desk.open(idle_timeout=600.0)
    command = desk.run(shell, console=True)
    job = desk.job()
    desk.now = 100_000.0
    desk.say(CreateShell(environment={}), user="Bob")
    desk.service.finished(job, Completed(0))

    assert shell in desk.service.shells
    with pytest.raises(Fault, match="shell was not found"):
        desk.say(ReceiveOutput(command), shell)
