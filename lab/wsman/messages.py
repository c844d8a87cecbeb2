# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests, replies and faults of the Windows remote shell, free of XML and of HTTP."""

from __future__ import annotations

import dataclasses
import typing as t


class Fault(Exception):  # noqa: N818 - it is called a fault, in SOAP and everywhere
    """A reply that the client must see as a SOAP fault.

    ``subcode`` is a qualified name with the prefixes of `lab.wsman.soap.NAMESPACES`; ``number`` is the code of
    Windows that clients switch on; ``reason`` is the general sentence, ``message`` the particular one.
    """

    def __init__(
        self,
        subcode: str,
        number: int,
        reason: str,
        message: str | None = None,
        *,
        receiver: bool = False,
        detail: str | None = None,
    ) -> None:
        super().__init__(message or reason)
        self.code = "s:Receiver" if receiver else "s:Sender"
        self.subcode = subcode
        self.number = number
        self.reason = reason
        self.message = message or reason
        self.detail = detail


@dataclasses.dataclass(frozen=True)
class CreateShell:
    environment: t.Mapping[str, str]
    working_directory: str | None = None
    codepage: int = 437
    idle_timeout: float | None = None
    shell_id: str | None = None


@dataclasses.dataclass(frozen=True)
class RunCommand:
    """``console`` is None when the client did not say whether standard input is a console or a pipe."""

    command_line: str
    console: bool | None = None
    skip_cmd_shell: bool = False
    command_id: str | None = None


@dataclasses.dataclass(frozen=True)
class OpenRunspacePool:
    """A shell that speaks the PowerShell Remoting Protocol. ``fragments`` are the client's first ones."""

    fragments: bytes
    shell_id: str | None = None
    idle_timeout: float | None = None


@dataclasses.dataclass(frozen=True)
class CreatePipeline:
    """``fragments`` begin the message that says what to run; a long one goes on in SendFragments."""

    fragments: bytes
    command_id: str


@dataclasses.dataclass(frozen=True)
class SendFragments:
    """Fragments for a pipeline, or for the runspace pool itself (``command_id`` is None)."""

    fragments: bytes
    command_id: str | None = None


@dataclasses.dataclass(frozen=True)
class SendInput:
    command_id: str
    data: bytes
    end: bool


@dataclasses.dataclass(frozen=True)
class ReceiveOutput:
    """``command_id`` is None for the output of a shell itself, which only a runspace pool has."""

    command_id: str | None
    streams: tuple[str, ...] = ("stdout", "stderr")


@dataclasses.dataclass(frozen=True)
class SignalCommand:
    command_id: str
    signal: t.Literal["terminate", "ctrl_c", "ctrl_break"]


@dataclasses.dataclass(frozen=True)
class DeleteShell:
    pass


Request = (
    CreateShell
    | RunCommand
    | SendInput
    | OpenRunspacePool
    | CreatePipeline
    | SendFragments
    | ReceiveOutput
    | SignalCommand
    | DeleteShell
)


@dataclasses.dataclass(frozen=True)
class Header:
    """What a request says about itself. ``timeout`` is in seconds, ``max_envelope`` in bytes."""

    action: str
    message_id: str
    resource_uri: str
    shell_id: str | None
    timeout: float
    max_envelope: int


@dataclasses.dataclass(frozen=True)
class Message:
    header: Header
    request: Request


@dataclasses.dataclass(frozen=True)
class ShellCreated:
    shell_id: str
    owner: str
    client_ip: str
    idle_timeout: float
    input_streams: str = "stdin"
    output_streams: str = "stdout stderr"


@dataclasses.dataclass(frozen=True)
class CommandStarted:
    command_id: str


@dataclasses.dataclass(frozen=True)
class InputTaken:
    pass


@dataclasses.dataclass(frozen=True)
class Output:
    """Some output, in order, of a command or (``command_id`` is None) of a shell. No ``exit_code``: more is to come."""

    command_id: str | None
    chunks: tuple[tuple[str, bytes], ...]
    streams: tuple[str, ...]
    exit_code: int | None


@dataclasses.dataclass(frozen=True)
class Signalled:
    pass


@dataclasses.dataclass(frozen=True)
class ShellDeleted:
    pass


Reply = ShellCreated | CommandStarted | InputTaken | Output | Signalled | ShellDeleted
