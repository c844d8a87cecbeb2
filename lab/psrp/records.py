# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pipeline writes besides objects: error records, messages, and calls to the host of the client."""

from __future__ import annotations

import typing as t

import psrpcore
from psrpcore import types as wire

from lab.psrp.types import HostLine, Outcome, Record

_FIRST_WITH_INFORMATION = wire.PSVersion("2.3")

_WRITERS: dict[str, t.Callable[[psrpcore.ServerPipeline, t.Any], None]] = {
    "output": lambda pipeline, value: pipeline.write_output(_Null() if value is None else value),
    "error": lambda pipeline, value: pipeline.prepare_message(value, wire.PSRPMessageType.ErrorRecord),
    "warning": lambda pipeline, value: _write_message(pipeline, wire.WarningRecord, value),
    "verbose": lambda pipeline, value: _write_message(pipeline, wire.VerboseRecord, value),
    "debug": lambda pipeline, value: _write_message(pipeline, wire.DebugRecord, value),
    "information": lambda pipeline, value: _write_information(pipeline, value),
}


def write(pipeline: psrpcore.ServerPipeline, outcome: Outcome, *, to_host: bool) -> None:
    """Send what a pipeline has written. ``to_host`` is false for a client that has no host."""
    for one in outcome.written:
        if isinstance(one, Record):
            _WRITERS[one.stream](pipeline, one.value)
        elif to_host:
            pipeline.host_call(_method(one), [one.text])
    if outcome.exit_code is not None and to_host:
        pipeline.host_call(wire.HostMethodIdentifier.SetShouldExit, [outcome.exit_code])


def _method(line: HostLine) -> wire.HostMethodIdentifier:
    if line.error:
        return wire.HostMethodIdentifier.WriteErrorLine
    return wire.HostMethodIdentifier.WriteLine2 if line.newline else wire.HostMethodIdentifier.Write1


class _Null(wire.PSObject):
    """$null in the output: psrpcore would send a message without any content, Windows sends a nil."""

    @classmethod
    def ToPSObjectForRemoting(cls, instance: _Null, **_: t.Any) -> None:  # noqa: N802 - psrpcore calls it so
        return None


def _write_message(pipeline: psrpcore.ServerPipeline, kind: type[wire.InformationalRecord], text: str) -> None:
    record = kind(Message=text)
    record.PSObject.to_string = text
    pipeline.prepare_message(record, wire.PSRPMessageType[kind.__name__])


def _write_information(pipeline: psrpcore.ServerPipeline, value: tuple[t.Any, list[str]]) -> None:
    their = pipeline.runspace_pool.their_capability
    if their is None or their.protocolversion >= _FIRST_WITH_INFORMATION:
        data, tags = value
        pipeline.write_information(data, "", tags=tags)


class _Category(wire.ErrorCategoryInfo):
    """With the text that Windows gives it; psrpcore's has no colon."""

    def __str__(self) -> str:
        return (
            f"{self.Category.name}: ({self.TargetName or ''}:{self.TargetType or ''}) "
            f"[{self.Activity or ''}], {self.Reason or ''}"
        )


def error_record(
    message: str,
    *,
    exception: str = "System.Management.Automation.RuntimeException",
    category: str = "NotSpecified",
    activity: str = "",
    target: str = "",
    identity: str = "",
    position: str = "",
    line: int = 0,
) -> wire.ErrorRecord:
    """An error record with all that clients show of one."""
    raised = wire.NETException(Message=message, HResult=-2146233087)
    raised.PSObject.type_names = [exception, *(name for name in raised.PSObject.type_names if name != exception)]
    raised.PSObject.to_string = f"{exception}: {message}"
    reason = exception.rpartition(".")[2]
    kind = (
        wire.ErrorCategory[category] if category in wire.ErrorCategory.__members__ else wire.ErrorCategory.NotSpecified
    )
    record = wire.ErrorRecord(
        Exception=raised,
        CategoryInfo=_Category(
            Category=kind,
            Activity=activity,
            Reason=reason,
            TargetName=target,
            TargetType="String" if target else "",
        ),
        TargetObject=target or None,
        FullyQualifiedErrorId=identity or reason,
        InvocationInfo=_invocation(activity, position, line),
        PipelineIterationInfo=[],
        ScriptStackTrace=f"at <ScriptBlock>, <No file>: line {line}",
    )
    record.PSObject.to_string = message
    record.serialize_extended_info = True
    return record


def _invocation(command: str, position: str, line: int) -> wire.InvocationInfo:
    kind = wire.CommandTypes.Cmdlet if command else wire.CommandTypes.Script
    named = wire.PSCustomObject(
        CommandType=kind, Name=command, Definition="", Visibility=wire.SessionStateEntryVisibility.Public
    )
    return wire.InvocationInfo(
        BoundParameters={},
        CommandOrigin=wire.CommandOrigin.Internal,
        ExpectingInput=False,
        HistoryId=1,
        InvocationName=command,
        Line="",
        MyCommand=named,
        OffsetInLine=1,
        PipelineLength=1,
        PipelinePosition=1,
        PositionMessage=position,
        PSScriptRoot="",
        ScriptLineNumber=line,
        ScriptName="",
        UnboundArguments=[],
    )


def failure(message: str, identity: str = "LabUnsupported") -> Outcome:
    """A pipeline that the lab cannot run."""
    return Outcome(failure=error_record(message, identity=identity))
