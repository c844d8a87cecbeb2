# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool in memory, opposite psrpcore's client: any values, any size of fragments, any nonsense."""

from __future__ import annotations

import datetime
import typing as t
import uuid

import psrpcore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psrpcore.types import PSInvocationState, RunspacePoolState

from lab.psrp import values
from lab.psrp.pool import Pool, ProtocolError, Work
from lab.psrp.types import Invocation, Outcome, Record
from lab.windows.errors import UnsupportedError

EVERYTHING = 10**9
# What XML and PSRP can carry: no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT | st.binary(max_size=40)
KEYS = st.text("abcxyz", max_size=4)  # a hashtable's keys ignore case
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


class Echo:
    """A PowerShell whose pipelines write their input, as a script would see it and write it."""

    version_table: t.ClassVar[dict[str, t.Any]] = {}

    def runspace(self) -> Echo:
        return self

    def invoke(self, invocation: Invocation) -> Outcome:
        seen = [values.from_wire(value) for value in invocation.piped or ()]
        return Outcome(tuple(Record("output", values.to_wire(value)) for value in seen))


class Pair:
    """A client and the lab's pool, and the way between them."""

    def __init__(self, limit: int = EVERYTHING) -> None:
        self.works: list[Work] = []
        self.limit = limit
        self.client = psrpcore.ClientRunspacePool()
        self.pool = Pool(Echo(), limit, self.works.append)
        self.client.open()
        self.to_server()
        self.to_client(None)
        self.to_client(None)

    def to_server(self) -> None:
        while (payload := self.client.data_to_send(32_768)) is not None:
            self.pool.receive(payload.data)

    def to_client(self, target: uuid.UUID | None) -> list[psrpcore.PSRPEvent[t.Any, t.Any]]:
        for fragment in self.pool.take(target, EVERYTHING, 0):
            assert len(fragment) <= self.limit
            self.client.receive_data(psrpcore.PSRPPayload(fragment, psrpcore.StreamType.default, target))
        events = []
        while (event := self.client.next_event()) is not None:
            events.append(event)
        return events

    def start(self, *piped: t.Any, no_input: bool = False) -> psrpcore.ClientPowerShell:
        pipeline = psrpcore.ClientPowerShell(self.client, no_input=no_input)
        pipeline.add_script("$input")
        pipeline.start()
        self.pool.create_pipeline(pipeline.pipeline_id)
        self.to_server()
        for value in piped:
            pipeline.send(value)
        if not no_input:
            pipeline.send_eof()
        self.to_server()
        return pipeline

    def work(self) -> None:
        while self.works:
            work = self.works.pop(0)
            work.finished(work.run())


def test_a_pool_opens_in_two_steps() -> None:
    works: list[Work] = []
    pool, client = Pool(Echo(), EVERYTHING, works.append), psrpcore.ClientRunspacePool()
    client.open()
    payload = client.data_to_send()
    assert payload is not None
    pool.receive(payload.data)

    states = []
    for _ in range(2):
        for fragment in pool.take(None, EVERYTHING, 0):
            client.receive_data(psrpcore.PSRPPayload(fragment, psrpcore.StreamType.default, None))
        while client.next_event() is not None:
            pass
        states.append(client.state)
    assert states == [RunspacePoolState.Opening, RunspacePoolState.Opened]
    assert not pool.has_output(None)


@settings(max_examples=60, deadline=None)
# psrpcore's client cannot send a null by itself; pypsrp's can, in test_psrp_pipelines.
@given(sent=st.lists(VALUES.filter(lambda value: value is not None), max_size=4), limit=st.integers(100, 4000))
def test_what_goes_in_comes_out(sent: list[t.Any], limit: int) -> None:
    pair = Pair(limit)
    pipeline = pair.start(*map(_typed, sent))
    pair.work()

    *output, state = pair.to_client(pipeline.pipeline_id)

    assert [_bare(event.data) for event in output] == sent
    assert state.state == PSInvocationState.Completed
    assert pair.pool.ended(pipeline.pipeline_id)
    assert not pair.pool.busy


def _typed(value: t.Any) -> t.Any:
    """Say that a number needs 64 bits: psrpcore takes every int for one of 32."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return psrpcore.types.PSInt64(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _bare(value: t.Any) -> t.Any:
    """Take psrpcore's types off."""
    if isinstance(value, dict):
        return {str(key): _bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    for kind in (bool, int, bytes, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def test_output_is_taken_in_whole_fragments() -> None:
    pair = Pair(limit=200)
    pipeline = pair.start("x" * 1000)
    pair.work()
    pieces = []
    while pair.pool.has_output(pipeline.pipeline_id) and not pair.pool.ended(pipeline.pipeline_id):
        pieces.append(pair.pool.take(pipeline.pipeline_id, limit=450, overhead=20))

    assert len(pieces) > 2
    assert all(sum(len(fragment) + 20 for fragment in piece) <= 450 for piece in pieces)
    assert all(int.from_bytes(fragment[17:21], "big") + 21 == len(fragment) for piece in pieces for fragment in piece)


def test_a_fragment_that_is_larger_than_a_reply_goes_all_the_same() -> None:
    pair = Pair()
    pipeline = pair.start("x" * 1000)
    pair.work()

    assert len(pair.pool.take(pipeline.pipeline_id, limit=10, overhead=0)) == 1


def test_a_pipeline_without_input_starts_at_once() -> None:
    pair = Pair()
    pair.start(no_input=True)

    assert [work.invocation.piped for work in pair.works] == [None]


def test_input_that_ends_twice() -> None:
    pair = Pair()
    pipeline = pair.start("a")
    pipeline.send_eof()
    pair.to_server()

    assert len(pair.works) == 1


def test_a_stopped_pipeline_says_so_and_nothing_more() -> None:
    pair = Pair()
    pipeline = pair.start("a")
    pair.pool.stop(pipeline.pipeline_id)
    pair.work()

    (state,) = pair.to_client(pipeline.pipeline_id)
    assert state.state == PSInvocationState.Stopped
    pair.pool.forget(pipeline.pipeline_id)
    assert not pair.pool.knows(pipeline.pipeline_id)


def test_a_pipeline_that_is_forgotten_in_the_queue_never_runs() -> None:
    pair = Pair()
    first, second = pair.start("a"), pair.start("b")
    pair.pool.stop(second.pipeline_id)
    pair.pool.forget(second.pipeline_id)
    pair.work()

    assert [event.message_type.name for event in pair.to_client(first.pipeline_id)][-1] == "PipelineState"
    assert pair.works == []


def test_a_pipeline_of_that_id_exists() -> None:
    pair = Pair()
    pipeline = pair.start("a")

    with pytest.raises(ValueError, match=str(pipeline.pipeline_id)):
        pair.pool.create_pipeline(pipeline.pipeline_id)


def test_input_of_a_type_that_the_lab_does_not_read() -> None:
    with pytest.raises(UnsupportedError, match="PSDuration"):
        values.from_wire(psrpcore.types.PSDuration(seconds=1))


def test_output_of_a_type_that_the_lab_does_not_send() -> None:
    with pytest.raises(UnsupportedError, match="date"):
        values.to_wire(datetime.date(2026, 1, 1))


def test_output_that_contains_itself() -> None:
    endless: list[t.Any] = []
    endless.append(endless)

    with pytest.raises(UnsupportedError, match="contains itself"):
        values.to_wire(endless)


def test_output_that_cannot_be_sent_fails_the_pipeline() -> None:
    pair = Pair()
    pipeline = pair.start("a")
    (work,) = pair.works
    work.finished(Outcome((Record("warning", object()),)))

    *_, state = pair.to_client(pipeline.pipeline_id)
    assert state.state == PSInvocationState.Failed
    assert "The lab cannot send what this pipeline wrote" in str(state.reason)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_nonsense_is_a_protocol_error(data: st.DataObject) -> None:
    client = psrpcore.ClientRunspacePool()
    client.open()
    payload = client.data_to_send()
    assert payload is not None
    sense = bytearray(payload.data)
    for place, value in data.draw(st.dictionaries(st.integers(0, len(sense) - 1), st.integers(0, 255))).items():
        sense[place] = value
    cut = data.draw(st.integers(0, len(sense)))
    works: list[Work] = []
    pool = Pool(Echo(), EVERYTHING, works.append)

    try:
        pool.receive(bytes(sense[:cut]))
    except ProtocolError:
        assert not pool.busy
    assert works == []
