# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a client asks for to something that a runspace can run, or to a refusal that names what the lab lacks."""

from __future__ import annotations

import typing as t

from psrpcore import Command as WireCommand
from psrpcore import PowerShell as WirePipeline
from psrpcore.types import PipelineResultTypes

from lab.psrp.types import Command, Invocation

_OTHER_STREAMS = ("warning", "verbose", "debug", "information")


class RefusedError(Exception):
    """The lab does not know how to run this pipeline."""


def read_pipeline(metadata: t.Any, piped: t.Sequence[t.Any]) -> Invocation:
    """Give what to run.

    :raises RefusedError: something that the lab's PowerShell remoting has not got.
    """
    if not isinstance(metadata, WirePipeline):
        raise RefusedError("a request for the metadata of commands")
    if metadata.is_nested:
        raise RefusedError("a nested pipeline")
    statements: list[list[Command]] = [[]]
    for command in metadata.commands:
        statements[-1].append(_command(command))
        if command.end_of_statement:
            statements.append([])
    complete = tuple(tuple(statement) for statement in statements if statement)
    return Invocation(complete, None if metadata.no_input else tuple(piped))


def _command(command: WireCommand) -> Command:
    for stream in _OTHER_STREAMS:
        if getattr(command, f"merge_{stream}") != PipelineResultTypes.none:
            raise RefusedError(f"a command that merges its {stream} stream")
    if command.merge_unclaimed:
        raise RefusedError("a command that merges the errors of those before it")
    if command.merge_error not in (PipelineResultTypes.none, PipelineResultTypes.Output):
        raise RefusedError(f"a command that merges its errors into {command.merge_error.name}")
    merged = PipelineResultTypes.Output in (command.merge_error, command.merge_to)
    return Command(
        text=str(command.command_text),
        is_script=bool(command.is_script),
        local_scope=bool(command.use_local_scope),
        parameters=tuple((None if name is None else str(name), value) for name, value in command.parameters),
        errors_to_output=merged,
    )
