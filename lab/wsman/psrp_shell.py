# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell shell: a runspace pool as a WS-Management shell, a pipeline as a command of it.

All that is said travels as fragments of the PowerShell Remoting Protocol; `lab.psrp.pool` understands them. Here is
what WS-Management adds: which request carries them, and how they fill the replies to Receive.
"""

from __future__ import annotations

import typing as t
import uuid

from lab.psrp.pool import Pool, ProtocolError, Work
from lab.psrp.types import Outcome, PowerShell
from lab.wsman import faults
from lab.wsman.messages import (
    CommandStarted,
    CreatePipeline,
    InputTaken,
    Message,
    OpenRunspacePool,
    Output,
    ReceiveOutput,
    Reply,
    SendFragments,
    SignalCommand,
    Signalled,
)
from lab.wsman.replies import payload_limit
from lab.wsman.types import Host
from lab.wsman.work import Job, Wait

# What the element around a fragment takes, in bytes that could have been payload.
_AROUND_FRAGMENT = 120


class PipelineJob(t.NamedTuple):
    """A pipeline that has to run now."""

    work: Work

    @property
    def title(self) -> str:
        return self.work.title

    def run(self, _host: Host) -> Outcome:
        return self.work.run()

    def finished(self, outcome: Outcome) -> None:
        self.work.finished(outcome)

    def failed(self, reason: str) -> None:
        self.work.failed(reason)


class RunspaceShell:
    """One runspace pool and its pipelines."""

    input_streams, output_streams = "stdin pr", "stdout"

    def __init__(
        self, request: OpenRunspacePool, powershell: PowerShell, start: t.Callable[[Job], None], max_envelope: int
    ) -> None:
        self._start_job = start
        self._closed = False
        self._pool = Pool(powershell, payload_limit(max_envelope) - _AROUND_FRAGMENT, self._start)
        self._receive(request.fragments)

    @property
    def busy(self) -> bool:
        return self._pool.busy

    def handle(self, message: Message) -> Reply | Wait:
        match message.request:
            case CreatePipeline(fragments, command_id):
                return self._create(fragments, command_id)
            case SendFragments(fragments, command_id):
                if command_id is not None:
                    self._pipeline(command_id)
                self._receive(fragments)
                return InputTaken()
            case ReceiveOutput(command_id):
                return self._output(command_id, message.header.max_envelope)
            case SignalCommand(command_id, signal):
                pipeline_id = self._pipeline(command_id)
                self._pool.stop(pipeline_id)
                if signal == "terminate":
                    self._pool.forget(pipeline_id)
                return Signalled()
        raise faults.unknown_action(message.header.action)

    def close(self) -> None:
        self._closed = True

    def _create(self, fragments: bytes, command_id: str) -> Reply:
        try:
            self._pool.create_pipeline(uuid.UUID(command_id))
        except ValueError as exc:
            raise faults.invalid_body(f"the CommandId {command_id} cannot be that of a new pipeline") from exc
        self._receive(fragments)
        return CommandStarted(command_id.upper())

    def _receive(self, fragments: bytes) -> None:
        try:
            self._pool.receive(fragments)
        except ProtocolError as exc:
            raise faults.invalid_body(f"PSRP: {exc}") from exc

    def _output(self, command_id: str | None, max_envelope: int) -> Reply | Wait:
        pipeline_id = None if command_id is None else self._pipeline(command_id)
        if not self._pool.has_output(pipeline_id):
            return Wait(lambda: self._output_later(command_id, max_envelope))
        taken = self._pool.take(pipeline_id, payload_limit(max_envelope), _AROUND_FRAGMENT)
        chunks = tuple(("stdout", fragment) for fragment in taken)
        # What a PowerShell script ends with is told by the protocol inside; this is the exit code of its transport.
        ended = pipeline_id is not None and self._pool.ended(pipeline_id)
        return Output(command_id and command_id.upper(), chunks, (), 0 if ended else None)

    def _output_later(self, command_id: str | None, max_envelope: int) -> Reply | Wait:
        if self._closed or (command_id is not None and not self._pool.knows(uuid.UUID(command_id))):
            raise faults.aborted()
        return self._output(command_id, max_envelope)

    def _pipeline(self, command_id: str) -> uuid.UUID:
        try:
            pipeline_id = uuid.UUID(command_id)
        except ValueError:
            raise faults.command_not_found() from None
        if not self._pool.knows(pipeline_id):
            raise faults.command_not_found()
        return pipeline_id

    def _start(self, work: Work) -> None:
        self._start_job(PipelineJob(work))
