# SPDX-License-Identifier: GPL-3.0-or-later
"""Runspace pools among the shells of a guest: no sockets, no threads, a clock that stands still."""

from __future__ import annotations

import itertools
import typing as t
import uuid

import psrpcore
import pytest

from lab.psrp.types import Invocation, Outcome, Record
from lab.wsman import faults
from lab.wsman.messages import (
    CreatePipeline,
    CreateShell,
    DeleteShell,
    Fault,
    Header,
    Message,
    OpenRunspacePool,
    Output,
    ReceiveOutput,
    Request,
    SendFragments,
    ShellCreated,
    ShellDeleted,
    SignalCommand,
    Signalled,
)
from lab.wsman.shell import IDLE_TIMEOUT, MAX_SHELLS_PER_USER, Job, ShellService, Wait


class Numbers:
    """A PowerShell that writes its number."""

    version_table: t.ClassVar[dict[str, t.Any]] = {}

    def __init__(self) -> None:
        self.users: list[str] = []

    def for_user(self, user: str) -> Numbers:
        self.users.append(user)
        return self

    def runspace(self) -> Numbers:
        return self

    def invoke(self, invocation: Invocation) -> Outcome:
        return Outcome((Record("output", len(self.users)),))


class Desk:
    """A client of the service: what it says is one request, as one user."""

    def __init__(self) -> None:
        self.now = 0.0
        numbers = itertools.count(1)
        self.powershell = Numbers()
        self.service = ShellService(lambda: f"ID-{next(numbers)}", lambda: self.now, self.powershell.for_user)
        self.client = psrpcore.ClientRunspacePool()

    def say(self, request: Request, shell: str | None = None, user: str = "Ann", envelope: int = 153_600) -> t.Any:
        header = Header("action", "uuid:1", "resource", shell, 60.0, envelope)
        return self.service.handle(Message(header, request), user, "127.0.0.1")

    def fragments(self) -> bytes:
        """What psrpcore's client wants to say."""
        payload = self.client.data_to_send()
        assert payload is not None
        return payload.data

    def open(self) -> str:
        self.client.open()
        return str(self.say(OpenRunspacePool(self.fragments())).shell_id)

    def run(self, shell: str) -> str:
        """Ask for both answers of the pool, then for a pipeline."""
        for _ in range(2):
            self.hear(self.say(ReceiveOutput(None, ("stdout",)), shell))
        pipeline = psrpcore.ClientPowerShell(self.client)
        pipeline.add_script("1")
        pipeline.start()
        return str(self.say(CreatePipeline(self.fragments(), str(pipeline.pipeline_id)), shell).command_id)

    def hear(self, output: Output) -> list[psrpcore.PSRPEvent[t.Any, t.Any]]:
        for _, data in output.chunks:
            self.client.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None))
        events = []
        while (event := self.client.next_event()) is not None:
            events.append(event)
        return events

    def job(self) -> Job:
        (job,) = self.service.jobs()
        return job


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_whole_session(desk: Desk) -> None:
    desk.client.open()
    created = desk.say(OpenRunspacePool(desk.fragments(), "s-1"))
    assert created == ShellCreated("S-1", "Ann", "127.0.0.1", IDLE_TIMEOUT, "stdin pr", "stdout")
    command = desk.run("S-1")
    wait = desk.say(ReceiveOutput(command), "S-1")
    assert isinstance(wait, Wait)
    assert isinstance(desk.service.collect(wait), Wait)

    job = desk.job()
    assert job.title == "1"
    desk.service.finished(job, job.run(t.cast("t.Any", None)))
    output = desk.service.collect(wait)
    assert isinstance(output, Output)
    assert (output.command_id, output.exit_code) == (command, 0)
    assert [event.message_type.name for event in desk.hear(output)] == ["PipelineOutput", "PipelineState"]

    assert desk.say(SignalCommand(command, "terminate"), "S-1") == Signalled()
    with pytest.raises(Fault) as fault:
        desk.say(ReceiveOutput(command), "S-1")
    assert fault.value.number == faults.INVALID_SELECTORS
    assert desk.say(DeleteShell(), "S-1") == ShellDeleted()
    assert (desk.service.shells, desk.powershell.users) == ((), ["Ann"])


def test_nonsense_opens_nothing(desk: Desk) -> None:
    with pytest.raises(Fault) as fault:
        desk.say(OpenRunspacePool(b"nonsense"))

    assert fault.value.number == faults.INVALID_BODY
    assert desk.service.shells == ()


def test_a_service_without_powershell() -> None:
    header = Header("action", "uuid:1", "resource", None, 60.0, 153_600)

    with pytest.raises(Fault) as fault:
        ShellService(str, float).handle(Message(header, OpenRunspacePool(b"")), "Ann", "127.0.0.1")
    assert fault.value.number == faults.RESOURCE_NOT_FOUND


def test_only_its_owner_uses_a_pool(desk: Desk) -> None:
    shell = desk.open()

    with pytest.raises(Fault) as fault:
        desk.say(ReceiveOutput(None, ("stdout",)), shell, user="Bob")
    assert fault.value.number == faults.ACCESS_DENIED


def test_pools_and_shells_share_the_quota(desk: Desk) -> None:
    desk.open()
    for _ in range(MAX_SHELLS_PER_USER - 1):
        desk.say(CreateShell(environment={}))

    with pytest.raises(Fault) as fault:
        desk.say(CreateShell(environment={}))
    assert fault.value.number == faults.QUOTA_SHELLS


def test_a_pool_that_nobody_uses_is_closed_unless_it_works(desk: Desk) -> None:
    shell = desk.open()
    desk.run(shell)
    desk.now += IDLE_TIMEOUT + 1
    desk.say(CreateShell(environment={}), user="Bob")
    assert shell in desk.service.shells

    job = desk.job()
    desk.service.finished(job, job.run(t.cast("t.Any", None)))
    desk.say(CreateShell(environment={}), user="Bob")
    assert shell not in desk.service.shells


@pytest.mark.parametrize(
    ("request_", "number"),
    [
        (SendFragments(b"", str(uuid.uuid4())), faults.INVALID_SELECTORS),
        (SendFragments(b"nonsense"), faults.INVALID_BODY),
        (ReceiveOutput("no-uuid"), faults.INVALID_SELECTORS),
        (CreatePipeline(b"", "no-uuid"), faults.INVALID_BODY),
    ],
    ids=["unknown-pipeline", "nonsense", "no-uuid", "new-without-uuid"],
)
def test_what_is_refused(desk: Desk, request_: Request, number: int) -> None:
    shell = desk.open()

    with pytest.raises(Fault) as fault:
        desk.say(request_, shell)
    assert fault.value.number == number


def test_a_hole_in_the_lab(desk: Desk) -> None:
    shell = desk.open()
    command = desk.run(shell)
    desk.job().failed("The lab has a hole")

    *_, state = desk.hear(desk.say(ReceiveOutput(command), shell))
    assert "The lab has a hole" in str(state.reason)
