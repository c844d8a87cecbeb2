# SPDX-License-Identifier: GPL-3.0-or-later
"""What the WinRM server and the guest behind it say to each other."""

from __future__ import annotations

import dataclasses
import typing as t

from lab.psrp.types import PowerShell
from lab.types import Completed

# MaxEnvelopeSizekb of a stock Windows Server, in bytes: the largest request body and the largest reply.
MAX_ENVELOPE = 500 * 1024


class CommandRequest(t.NamedTuple):
    """A process that a client wants to run, with all of its standard input.

    ``console`` is false when the client said that standard input is a pipe. ``working_directory`` is None for the
    user's profile. ``codepage`` is the one the client chose for the shell (437 unless it said otherwise).
    """

    command_line: str
    stdin: bytes
    user: str
    environment: t.Mapping[str, str] = {}
    working_directory: str | None = None
    codepage: int = 437
    console: bool = True
    skip_cmd_shell: bool = False


class Listener(t.NamedTuple):
    """One WinRM listener as the configuration of Windows has it, with the service settings that apply to it."""

    transport: t.Literal["HTTP", "HTTPS"]
    certificate_pem: str | None = None
    key_pem: str | None = None
    negotiate: bool = True
    basic: bool = False
    allow_unencrypted: bool = False


class Host(t.Protocol):
    """The guest behind an endpoint. Every method but `run` is called on the event loop and must return at once."""

    @property
    def computer_name(self) -> str:
        """NetBIOS name, as NTLM and SOAP faults show it."""

    def password_of(self, user: str) -> str | None:
        """The password of a local user, or None when there is no such user or it may not log on."""

    def accepts(self, peer_ip: str, port: int) -> bool:
        """Whether security groups and Windows Firewall let this address in."""

    def listener(self, port: int) -> Listener | None:
        """The listener on a port, or None when nothing listens there."""

    def run(self, request: CommandRequest) -> Completed:
        """Run a process to its end. Called in a worker thread."""

    def powershell(self, user: str) -> PowerShell:
        """The PowerShell of a user, for clients that speak the PowerShell Remoting Protocol."""


@dataclasses.dataclass
class Counters:
    """What an endpoint has carried. Bytes are those of HTTP bodies, as they were on the wire."""

    connections: int = 0
    requests: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    commands: int = 0
