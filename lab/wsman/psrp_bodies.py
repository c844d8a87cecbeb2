# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies of requests to the PowerShell shell: each carries fragments of the PowerShell Remoting Protocol."""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from lab.wsman import faults
from lab.wsman.cmd_bodies import delete, idle_timeout
from lab.wsman.elements import NAMESPACES, SHELL, TRANSFER, Options, attribute, decoded, element, text
from lab.wsman.messages import (
    CreatePipeline,
    OpenRunspacePool,
    ReceiveOutput,
    Request,
    SendFragments,
    SignalCommand,
)

POWERSHELL = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"

_CREATION_XML = "{http://schemas.microsoft.com/powershell}creationXml"
# The newest version of the protocol that Windows PowerShell 5.1 speaks.
_VERSION = (2, 3)
# The word is misspelled in Windows and in its specification.
_STOP = "powershell/signal/crtl_c"


def _create(body: ET.Element, options: Options) -> Request:
    shell = element(body, "rsp:Shell")
    version = options.get("PROTOCOLVERSION", "")
    major, _, minor = version.partition(".")
    if not (major.isdigit() and minor.isdigit() and (2, 0) <= (int(major), int(minor)) <= _VERSION):
        raise faults.invalid_option("protocolversion", version)
    creation = shell.find(_CREATION_XML)
    if creation is None:
        raise faults.invalid_body("it has no creationXml")
    return OpenRunspacePool(
        fragments=decoded(creation), shell_id=shell.get("ShellId"), idle_timeout=idle_timeout(shell)
    )


def _command(body: ET.Element, _options: Options) -> Request:
    line = element(body, "rsp:CommandLine")
    return CreatePipeline(
        fragments=b"".join(decoded(argument) for argument in line.findall("rsp:Arguments", NAMESPACES)),
        command_id=attribute(line, "CommandId"),
    )


def _send(body: ET.Element, _options: Options) -> Request:
    streams = element(body, "rsp:Send").findall("rsp:Stream", NAMESPACES)
    if not streams:
        raise faults.invalid_body("rsp:Send has no rsp:Stream")
    if unknown := {stream.get("Name") for stream in streams} - {"stdin", "pr"}:
        raise faults.invalid_body(f"the shell has no input stream {', '.join(map(str, unknown))}")
    return SendFragments(b"".join(decoded(stream) for stream in streams), streams[0].get("CommandId"))


def _receive(body: ET.Element, _options: Options) -> Request:
    desired = element(element(body, "rsp:Receive"), "rsp:DesiredStream")
    if text(desired) != "stdout":
        raise faults.invalid_body(f"the shell has no output stream {text(desired)!r}")
    return ReceiveOutput(desired.get("CommandId"), ("stdout",))


def _signal(body: ET.Element, _options: Options) -> Request:
    node = element(body, "rsp:Signal")
    # To PowerShell every other code means the end of the command: pypsrp's "stop" (spelled correctly) is such a one.
    code = text(element(node, "rsp:Code"))
    return SignalCommand(attribute(node, "CommandId"), "ctrl_c" if code == _STOP else "terminate")


READERS: dict[str, t.Callable[[ET.Element, Options], Request]] = {
    f"{TRANSFER}/Create": _create,
    f"{TRANSFER}/Delete": delete,
    f"{SHELL}/Command": _command,
    f"{SHELL}/Send": _send,
    f"{SHELL}/Receive": _receive,
    f"{SHELL}/Signal": _signal,
}
