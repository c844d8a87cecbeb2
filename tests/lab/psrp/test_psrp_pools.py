# SPDX-License-Identifier: GPL-3.0-or-later
"""Runspace pools over WS-Management: how long things live, who may use them, what the lab has not got."""

from __future__ import annotations

import threading
import typing as t

import pytest
import requests.exceptions
from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import WinRS

from lab.psrp.types import Invocation, Outcome, Record
from lab.wsman import Trouble, faults
from tests.lab.psrp.guests import Desk, eventually, host, run


class Gate:
    """A PowerShell whose pipelines end when they are let."""

    def __init__(self) -> None:
        self.version_table: dict[str, t.Any] = {}
        self.open = threading.Event()
        self.entered: list[str] = []

    def runspace(self) -> Gate:
        return self

    def invoke(self, invocation: Invocation) -> Outcome:
        name = invocation.statements[0][0].text
        self.entered.append(name)
        assert self.open.wait(20)
        return Outcome((Record("output", name),))


@pytest.fixture
def gate(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Gate]:
    gate = Gate()
    monkeypatch.setattr(desk.guest, "powershell", lambda user: gate)
    desk.call(desk.endpoint.stop())
    desk.call(desk.endpoint.start(desk.guest, desk.address, (desk.http, desk.https)))
    yield gate
    gate.open.set()


def begin(pool: RunspacePool, script: str) -> PowerShell:
    pipeline = PowerShell(pool)
    pipeline.add_script(script)
    pipeline.begin_invoke()
    return pipeline


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_a_whole_session(desk: Desk, scheme: str, auth: str) -> None:
    with desk.pool(scheme, {"auth": auth}, host=host()) as pool:
        assert pool.state == RunspacePoolState.OPENED
        assert pool.protocol_version == "2.3"
        assert len(desk.endpoint.service.shells) == 1
        assert run(pool, "$env:COMPUTERNAME").output == [desk.guest.machine.name]

    assert desk.endpoint.service.shells == ()
    assert desk.endpoint.counters.commands == 1


def test_what_the_guest_says_of_itself(desk: Desk) -> None:
    with desk.pool() as pool:
        table = pool.application_private_data.data["PSVersionTable"]

    version = desk.guest.machine.version
    assert str(table["PSVersion"]) == version.powershell
    assert str(table["BuildVersion"]) == version.full
    assert str(table["PSRemotingProtocolVersion"]) == "2.3"


def test_opening_takes_what_it_takes_on_windows(desk: Desk) -> None:
    """Create, capabilities and private data in one Receive, the news that the pool is open in a second one."""
    with desk.wsman() as connection:
        pool = RunspacePool(connection)
        pool.open()
        requests_to_open = desk.endpoint.counters.requests
        pool.close()

    refused = 2  # the first request comes without a token, then with one that is answered by a challenge
    assert requests_to_open == refused + 3


def test_a_pool_remembers(desk: Desk) -> None:
    with desk.pool() as pool, desk.pool() as other:
        run(pool, '$x = 1; function Get-X { "x is $x" }')
        run(pool, "$y = 2", local=True)
        run(pool, "Set-Location C:\\Windows")

        assert run(pool, "Get-X; $y; (Get-Location).Path").output == ["x is 1", None, "C:\\Windows"]
        assert run(other, "$x").output == [None]


def test_a_reset_forgets(desk: Desk) -> None:
    with desk.pool() as pool:
        run(pool, "$x = 1")
        pool.reset_runspace_state()

        assert run(pool, "$x").output == [None]


def test_the_size_of_a_pool(desk: Desk) -> None:
    with desk.pool(min_runspaces=1, max_runspaces=2) as pool:
        assert pool.get_available_runspaces() == 2
        pool.max_runspaces = 4
        assert pool.get_available_runspaces() == 4
        pool.min_runspaces = 3


def test_pipelines_wait_for_a_runspace(desk: Desk, gate: Gate) -> None:
    with desk.pool() as pool:
        first, second = begin(pool, "first"), begin(pool, "second")
        assert eventually(lambda: gate.entered == ["first"])
        gate.open.set()

        assert second.end_invoke() == ["second"]
        assert first.end_invoke() == ["first"]
    assert gate.entered == ["first", "second"]


def test_pipelines_of_a_larger_pool_run_at_once(desk: Desk, gate: Gate) -> None:
    with desk.pool(max_runspaces=2) as pool:
        pipelines = [begin(pool, "first"), begin(pool, "second")]
        assert eventually(lambda: sorted(gate.entered) == ["first", "second"])
        assert pool.get_available_runspaces() == 0
        gate.open.set()

        assert [pipeline.end_invoke() for pipeline in pipelines] == [["first"], ["second"]]


def test_a_client_waits_longer_than_one_receive_may_take(desk: Desk, gate: Gate) -> None:
    with desk.pool(wsman={"operation_timeout": 1}) as pool:
        pipeline = begin(pool, "late")
        pipeline.poll_invoke()
        assert pipeline.state == PSInvocationState.RUNNING
        gate.open.set()

        assert pipeline.end_invoke() == ["late"]


def test_a_pipeline_that_is_stopped(desk: Desk, gate: Gate) -> None:
    with desk.pool() as pool:
        pipeline = begin(pool, "stopped")
        assert eventually(lambda: gate.entered)
        pipeline.stop()
        gate.open.set()

        assert begin(pool, "next").end_invoke() == ["next"]
    assert pipeline.output == []


def test_a_receive_that_waits_when_its_pool_goes(desk: Desk, gate: Gate) -> None:
    with desk.wsman() as one, desk.wsman() as two:
        pool = RunspacePool(one)
        pool.open()
        pipeline = begin(pool, "endless")
        assert eventually(lambda: gate.entered)
        closer = WinRS(two, resource_uri=pool.shell.resource_uri, id=pool.id)
        closer._selector_set, closer.opened = pool.shell._selector_set, True
        threading.Timer(0.3, closer.close).start()

        with pytest.raises(WSManFaultError) as fault:
            pipeline.end_invoke()
        assert fault.value.code == faults.OPERATION_ABORTED


def test_a_hole_in_the_lab_is_an_error_of_the_pipeline(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> t.NoReturn:
        raise RuntimeError("a hole")

    with desk.pool() as pool:
        monkeypatch.setattr("lab.psrp.runspace.answer_of_ansible", broken)
        pipeline = run(pool, "anything")
        monkeypatch.undo()
        assert pipeline.state == PSInvocationState.FAILED
        assert "The lab failed to run 'anything': RuntimeError: a hole" in str(pipeline.streams.error[0])

        assert run(pool, "'again'").output == ["again"]


def test_what_the_lab_does_not_know_is_named(desk: Desk) -> None:
    with desk.pool() as pool:
        unknown = run(pool, "'a'\nGet-Unicorn")
        merged, nested = PowerShell(pool), PowerShell(pool)
        merged.add_script("1").merge_warning("output").invoke()
        nested.is_nested = True
        nested.add_script("1").invoke()
        metadata = PowerShell(pool)
        with pytest.raises(IndexError):
            pool.get_command_metadata("Get-*")

    assert unknown.output == ["a"]
    assert "The lab's PowerShell does not know the cmdlet Get-Unicorn (line 2)" in str(unknown.streams.error[0])
    assert "does not know a command that merges its warning stream" in str(merged.streams.error[0])
    assert "does not know a nested pipeline" in str(nested.streams.error[0])
    assert metadata.streams.error == []
    assert {one.state for one in (unknown, merged, nested)} == {PSInvocationState.FAILED}


def test_another_configuration(desk: Desk) -> None:
    with pytest.raises(WSManFaultError) as fault, desk.pool(configuration_name="PowerShell.7"):
        pass

    assert fault.value.code == faults.RESOURCE_NOT_FOUND
    assert "PowerShell.7" in str(fault.value)


def test_a_request_for_another_kind_of_shell(desk: Desk) -> None:
    with desk.pool() as pool, desk.wsman() as connection:
        stranger = WinRS(connection)
        stranger._selector_set = pool.shell._selector_set

        with pytest.raises(WSManFaultError) as fault:
            stranger.command("hostname", [])
    assert fault.value.code == faults.INVALID_SELECTORS


def test_disconnecting_is_refused(desk: Desk) -> None:
    with desk.pool() as pool:
        with pytest.raises(WSManFaultError) as fault:
            pool.disconnect()
        assert fault.value.code == faults.ACTION_NOT_SUPPORTED

        assert run(pool, "'still here'").output == ["still here"]


def test_strangers_are_refused(desk: Desk) -> None:
    with pytest.raises(AuthenticationError), desk.pool(wsman={"password": "wrong"}):
        pass
    assert desk.endpoint.service.shells == ()


def test_trouble_on_the_way(desk: Desk) -> None:
    with desk.wsman() as connection:
        pool = RunspacePool(connection)
        pool.open()
        desk.endpoint.troubles.add(Trouble("drop", action="Receive"))

        with pytest.raises(requests.exceptions.ConnectionError):
            run(pool, "1")
