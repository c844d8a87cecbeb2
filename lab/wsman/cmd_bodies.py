# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies of requests to the cmd shell: processes with standard input, output and error."""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from lab.wsman import faults
from lab.wsman.elements import (
    NAMESPACES,
    SHELL,
    TRANSFER,
    Options,
    attribute,
    decoded,
    element,
    flag,
    seconds,
    text,
)
from lab.wsman.messages import (
    CreateShell,
    DeleteShell,
    ReceiveOutput,
    Request,
    RunCommand,
    SendInput,
    SignalCommand,
)

CMD = f"{SHELL}/cmd"

_SIGNALS: dict[str, t.Literal["terminate", "ctrl_c", "ctrl_break"]] = {
    "terminate": "terminate",
    "ctrl_c": "ctrl_c",
    "ctrl_break": "ctrl_break",
}


def _create(body: ET.Element, options: Options) -> Request:
    shell = element(body, "rsp:Shell")
    codepage = options.get("WINRS_CODEPAGE", "437")
    if not codepage.isdigit():
        raise faults.invalid_option("WINRS_CODEPAGE", codepage)
    variables = shell.findall("rsp:Environment/rsp:Variable", NAMESPACES)
    return CreateShell(
        environment={attribute(variable, "Name"): variable.text or "" for variable in variables},
        working_directory=text(shell.find("rsp:WorkingDirectory", NAMESPACES)) or None,
        codepage=int(codepage),
        idle_timeout=idle_timeout(shell),
        shell_id=shell.get("ShellId"),
    )


def idle_timeout(shell: ET.Element) -> float | None:
    """After how many seconds without a request the client lets the service close its shell."""
    # The schema says IdleTimeout, Windows clients write IdleTimeOut.
    return seconds(shell.find("rsp:IdleTimeOut", NAMESPACES)) or seconds(shell.find("rsp:IdleTimeout", NAMESPACES))


def _command(body: ET.Element, options: Options) -> Request:
    line = element(body, "rsp:CommandLine")
    words = [element(line, "rsp:Command").text or ""]
    words += [argument.text or "" for argument in line.findall("rsp:Arguments", NAMESPACES)]
    command_line = " ".join(word for word in words if word)
    if not command_line.strip():
        raise faults.invalid_body("rsp:Command is empty")
    return RunCommand(
        command_line=command_line,
        console=flag(options, "WINRS_CONSOLEMODE_STDIN"),
        skip_cmd_shell=flag(options, "WINRS_SKIP_CMD_SHELL") or False,
        command_id=line.get("CommandId"),
    )


def _send(body: ET.Element, _options: Options) -> Request:
    streams = element(body, "rsp:Send").findall("rsp:Stream", NAMESPACES)
    if not streams:
        raise faults.invalid_body("rsp:Send has no rsp:Stream")
    if unknown := {stream.get("Name") for stream in streams} - {"stdin"}:
        raise faults.invalid_body(f"the shell has no input stream {', '.join(map(str, unknown))}")
    data = b"".join(decoded(stream) for stream in streams)
    end = any((stream.get("End") or "").casefold() in ("true", "1") for stream in streams)
    return SendInput(attribute(streams[0], "CommandId"), data, end)


def _receive(body: ET.Element, _options: Options) -> Request:
    desired = element(element(body, "rsp:Receive"), "rsp:DesiredStream")
    streams = tuple(text(desired).split())
    if not streams or set(streams) - {"stdout", "stderr"}:
        raise faults.invalid_body(f"the shell has no output stream {text(desired)!r}")
    return ReceiveOutput(attribute(desired, "CommandId"), streams)


def _signal(body: ET.Element, _options: Options) -> Request:
    node = element(body, "rsp:Signal")
    code = text(element(node, "rsp:Code"))
    name = code.rpartition("/")[2].casefold()
    if not code.startswith(f"{SHELL}/signal/") or name not in _SIGNALS:
        raise faults.invalid_body(f"the shell has no signal {code!r}")
    return SignalCommand(attribute(node, "CommandId"), _SIGNALS[name])


def delete(_body: ET.Element, _options: Options) -> Request:
    """Delete says all in its header."""
    return DeleteShell()


READERS: dict[str, t.Callable[[ET.Element, Options], Request]] = {
    f"{TRANSFER}/Create": _create,
    f"{TRANSFER}/Delete": delete,
    f"{SHELL}/Command": _command,
    f"{SHELL}/Send": _send,
    f"{SHELL}/Receive": _receive,
    f"{SHELL}/Signal": _signal,
}
