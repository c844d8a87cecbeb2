# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's end of a runspace pool: fragments in, fragments out, and work for runspaces in between. No IO.

A pipeline goes through these states::

    NEW ──(its message and its input are complete)──▶ QUEUED ──(a runspace is free)──▶ RUNNING ──▶ ENDED
     └────────────────────────────────(Signal)─────────────────────────────────────────────────────▲

psrpcore has the protocol. The order of its messages is kept, but the pool and every pipeline have a queue of their
own, because a client asks for the output of each of them apart.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import struct
import typing as t
import uuid
import xml.etree.ElementTree as ET

import psrpcore
from psrpcore.types import PipelineState, PSInvocationState, add_note_property

from lab.psrp import records
from lab.psrp.requests import RefusedError, read_pipeline
from lab.psrp.types import Invocation, Outcome, PowerShell, Runspace

# What Windows cuts its messages to (the default of .NET's fragmentor), unless the client's envelopes are smaller.
_FRAGMENT = 32 * 1024
_HEADER = struct.Struct(">QQBI")  # object id, fragment id, start and end, length
# What psrpcore raises for bytes and XML that are not what they should be.
_NONSENSE = (
    psrpcore.PSRPCoreError,
    struct.error,
    ET.ParseError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


class ProtocolError(Exception):
    """The client said something that is not, or does not belong into, the PowerShell Remoting Protocol."""


class State(enum.Enum):
    NEW = "is not complete"
    QUEUED = "waits for a runspace"
    RUNNING = "runs"
    ENDED = "has ended"


@dataclasses.dataclass(eq=False)
class Pipeline:
    """A pipeline of the pool. ``piped`` is the input that has come so far."""

    server: psrpcore.ServerPipeline
    state: State = State.NEW
    piped: list[t.Any] = dataclasses.field(default_factory=list)


class Work(t.NamedTuple):
    """A pipeline that has to run now, in a runspace that is kept for it."""

    pool: Pool
    pipeline: Pipeline
    invocation: Invocation
    runspace: Runspace

    @property
    def title(self) -> str:
        """The text of its commands."""
        return "; ".join(" | ".join(command.text for command in line) for line in self.invocation.statements)

    def run(self) -> Outcome:
        """Do it. Called in a worker thread."""
        return self.runspace.invoke(self.invocation)

    def finished(self, outcome: Outcome) -> None:
        """Tell the client."""
        self.pool.finished(self, outcome)

    def failed(self, reason: str) -> None:
        """Tell the client that the lab has a hole there."""
        self.finished(records.failure(reason))


class _Server(psrpcore.ServerRunspacePool):
    """For clients that write the id of a call as CI: to PowerShell, unlike to psrpcore, that is the same as ci."""

    def _process_SetMaxRunspaces(self, event: psrpcore.SetMaxRunspacesEvent) -> None:  # noqa: N802 - psrpcore's name
        super()._process_SetMaxRunspaces(_with_call_id(event))

    def _process_SetMinRunspaces(self, event: psrpcore.SetMinRunspacesEvent) -> None:  # noqa: N802 - psrpcore's name
        super()._process_SetMinRunspaces(_with_call_id(event))


class Pool:
    """One runspace pool.

    ``limit`` is how many bytes a fragment may have for this client; ``start`` is called with every Work.
    """

    def __init__(self, powershell: PowerShell, limit: int, start: t.Callable[[Work], None]) -> None:
        self._powershell = powershell
        self._start = start
        self._fragment = min(_FRAGMENT, limit)
        self._server = _Server({"PSVersionTable": powershell.version_table})
        self._pipelines: dict[uuid.UUID, Pipeline] = {}
        self._outgoing: dict[uuid.UUID | None, collections.deque[bytes]] = collections.defaultdict(collections.deque)
        self._held_back: list[bytes] = []
        self._idle: list[Runspace] = []
        self._running = 0

    @property
    def busy(self) -> bool:
        """Whether a pipeline runs."""
        return self._running > 0

    def knows(self, pipeline_id: uuid.UUID) -> bool:
        """Whether there is such a pipeline, ended or not."""
        return pipeline_id in self._pipelines

    def ended(self, pipeline_id: uuid.UUID) -> bool:
        """Whether a pipeline has ended, and all that it said has been taken."""
        return self._pipelines[pipeline_id].state is State.ENDED and not self._outgoing[pipeline_id]

    def has_output(self, target: uuid.UUID | None) -> bool:
        """Whether `take` has something: of a pipeline, or of the pool itself (None)."""
        return bool(self._outgoing[target]) or (target is not None and self.ended(target))

    def take(self, target: uuid.UUID | None, limit: int, overhead: int) -> list[bytes]:
        """Whole fragments, in order, of at most ``limit`` bytes together, each counted with its ``overhead``."""
        queue, taken = self._outgoing[target], list[bytes]()
        while queue and (not taken or len(queue[0]) + overhead <= limit):
            taken.append(queue.popleft())
            limit -= len(taken[-1]) + overhead
        if target is None and not queue:
            queue.extend(self._held_back)
            self._held_back.clear()
        return taken

    def create_pipeline(self, pipeline_id: uuid.UUID) -> None:
        """Expect the messages of a new pipeline.

        :raises ValueError: there is one with that id.
        """
        if pipeline_id in self._pipelines:
            raise ValueError(f"there is a pipeline {pipeline_id}")
        self._pipelines[pipeline_id] = Pipeline(psrpcore.ServerPipeline(self._server, pipeline_id))

    def receive(self, fragments: bytes) -> None:
        """Take what a client has sent.

        :raises ProtocolError: it makes no sense.
        """
        whole = b"".join(_split(fragments))
        try:
            self._server.receive_data(psrpcore.PSRPPayload(whole, psrpcore.StreamType.default, None))
            while (event := self._server.next_event()) is not None:
                self._act(event)
                self._queue_messages()
        except _NONSENSE as exc:
            raise ProtocolError(f"{type(exc).__name__}: {exc}") from exc

    def stop(self, pipeline_id: uuid.UUID) -> None:
        """Stop a pipeline, as Ctrl+C does. What the model of Windows has begun runs to its end, unseen."""
        pipeline = self._pipelines[pipeline_id]
        if pipeline.state is not State.ENDED:
            pipeline.state = State.ENDED
            pipeline.server.state = PSInvocationState.Running
            pipeline.server.stop()
            self._queue_messages()

    def forget(self, pipeline_id: uuid.UUID) -> None:
        """Let go of a pipeline that has ended."""
        self._pipelines.pop(pipeline_id).server.close()
        self._outgoing.pop(pipeline_id, None)

    def finished(self, work: Work, outcome: Outcome) -> None:
        """Queue what a pipeline has written and how it ended, and let the next one have its runspace."""
        self._running -= 1
        self._idle.append(work.runspace)
        if work.pipeline.state is State.RUNNING:
            self._end(work.pipeline, outcome)
        self._next()

    def _end(self, pipeline: Pipeline, outcome: Outcome) -> None:
        pipeline.state = State.ENDED
        server = pipeline.server
        # Windows does not announce that a pipeline runs.
        server.state = PSInvocationState.Running
        host = server.metadata.host if isinstance(server.metadata, psrpcore.PowerShell) else None
        if host is None or host.UseRunspaceHost:
            host = self._server.host
        try:
            records.write(server, outcome, to_host=host is not None and not host.IsHostNull)
        except _NONSENSE as exc:
            outcome = records.failure(f"The lab cannot send what this pipeline wrote: {type(exc).__name__}: {exc}")
        if outcome.failure is None:
            server.complete()
        else:
            ended = PipelineState(PipelineState=PSInvocationState.Failed.value, ExceptionAsErrorRecord=outcome.failure)
            server.prepare_message(ended)
            server.state = PSInvocationState.Failed
        self._queue_messages()

    def _act(self, event: psrpcore.PSRPEvent[t.Any, t.Any]) -> None:
        match event:
            case psrpcore.SessionCapabilityEvent() | psrpcore.PublicKeyEvent():
                return  # psrpcore has answered
            case psrpcore.InitRunspacePoolEvent():
                self._hold_back_state()
            case psrpcore.CreatePipelineEvent() | psrpcore.GetCommandMetadataEvent():
                self._created(self._pipeline_of(event))
            case psrpcore.PipelineInputEvent():
                self._pipeline_of(event).piped.append(event.data)
            case psrpcore.EndOfPipelineInputEvent():
                self._complete(self._pipeline_of(event))
            case psrpcore.GetAvailableRunspacesEvent():
                self._server.runspace_availability_response(event.ci, self._server.max_runspaces - self._running)
            case psrpcore.SetMaxRunspacesEvent() | psrpcore.SetMinRunspacesEvent():
                self._resize(event)
            case psrpcore.ResetRunspaceStateEvent():
                self._idle.clear()
                self._server.runspace_availability_response(event.ci, not self._running)
            case _:
                raise ProtocolError(f"the lab does not expect a {event.message_type.name} message")

    def _pipeline_of(self, event: psrpcore.PSRPEvent[t.Any, t.Any]) -> Pipeline:
        pipeline = self._pipelines.get(event.pipeline_id)
        if pipeline is None:
            raise ProtocolError(f"a {event.message_type.name} message for the pipeline {event.pipeline_id}, unknown")
        return pipeline

    def _hold_back_state(self) -> None:
        """Let the client ask once more for the news that the pool is open: on Windows it takes a moment."""
        self._queue_messages()
        self._held_back.append(self._outgoing[None].pop())

    def _created(self, pipeline: Pipeline) -> None:
        metadata = pipeline.server.metadata
        if not isinstance(metadata, psrpcore.PowerShell) or metadata.no_input:
            self._complete(pipeline)

    def _complete(self, pipeline: Pipeline) -> None:
        # A client that said that there is no input may end it all the same.
        if pipeline.state is State.NEW:
            pipeline.state = State.QUEUED
            self._next()

    def _resize(self, event: psrpcore.SetMaxRunspacesEvent | psrpcore.SetMinRunspacesEvent) -> None:
        largest = isinstance(event, psrpcore.SetMaxRunspacesEvent)
        least, most = self._server.min_runspaces, self._server.max_runspaces
        fits = event.count >= max(1, least) if largest else 1 <= event.count <= most
        self._server.runspace_availability_response(event.ci, fits)
        self._next()

    def _next(self) -> None:
        """Give free runspaces to pipelines that wait for one, the oldest first."""
        waiting = [pipeline for pipeline in self._pipelines.values() if pipeline.state is State.QUEUED]
        for pipeline in waiting[: max(0, self._server.max_runspaces - self._running)]:
            try:
                invocation = read_pipeline(pipeline.server.metadata, pipeline.piped)
            except RefusedError as exc:
                self._end(pipeline, records.failure(f"The lab's PowerShell remoting does not know {exc}"))
                continue
            pipeline.state = State.RUNNING
            pipeline.piped = []
            self._running += 1
            runspace = self._idle.pop() if self._idle else self._powershell.runspace()
            self._start(Work(self, pipeline, invocation, runspace))

    def _queue_messages(self) -> None:
        while (payload := self._server.data_to_send(self._fragment)) is not None:
            self._outgoing[payload.pipeline_id].extend(_split(payload.data))


_Event = t.TypeVar("_Event", psrpcore.SetMaxRunspacesEvent, psrpcore.SetMinRunspacesEvent)


def _with_call_id(event: _Event) -> _Event:
    message = event._ps_object
    if hasattr(message, "CI"):
        add_note_property(message, "ci", message.CI, force=True)
    return event


def _split(data: bytes) -> t.Iterator[bytes]:
    """One fragment after the other.

    :raises ProtocolError: the last one is not whole.
    """
    while data:
        length = _HEADER.unpack_from(data)[3] + _HEADER.size if len(data) >= _HEADER.size else len(data) + 1
        if length > len(data):
            raise ProtocolError("a fragment is cut off")
        yield data[:length]
        data = data[length:]
