# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP requests of WS-Management: from bytes to messages. The way back is in `lab.wsman.replies`."""

from __future__ import annotations

import base64
import binascii
import re
import typing as t
import xml.etree.ElementTree as ET

from lab.wsman import faults
from lab.wsman.messages import (
    CreateShell,
    DeleteShell,
    Fault,
    Header,
    Message,
    ReceiveOutput,
    Request,
    RunCommand,
    SendInput,
    SignalCommand,
)
from lab.wsman.types import MAX_ENVELOPE

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
}
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CMD = f"{SHELL}/cmd"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"

DEFAULT_TIMEOUT = 60.0  # seconds: MaxTimeoutms of Windows
MIN_ENVELOPE = 8192

# Headers that the service acts on, or may ignore without harm. Any other one must not be marked mustUnderstand.
_KNOWN_HEADERS = {
    *(f"{{{NAMESPACES['a']}}}{name}" for name in ("Action", "MessageID", "ReplyTo", "To", "FaultTo", "From")),
    *(
        f"{{{NAMESPACES['w']}}}{name}"
        for name in ("ResourceURI", "SelectorSet", "OptionSet", "OperationTimeout", "MaxEnvelopeSize", "Locale")
    ),
    *(f"{{{NAMESPACES['p']}}}{name}" for name in ("SessionId", "DataLocale", "OperationID", "SequenceId")),
}
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$")
_SIGNALS: dict[str, t.Literal["terminate", "ctrl_c", "ctrl_break"]] = {
    "terminate": "terminate",
    "ctrl_c": "ctrl_c",
    "ctrl_break": "ctrl_break",
}


def decode(envelope: bytes) -> Message:
    """Read a request.

    Raises Fault for anything that the service would not accept: broken XML, a missing or unknown header, an action
    or a resource that it has not got, a body of the wrong shape.
    """
    header_node, body = _parts(envelope)
    _check_understood(header_node)
    header = _header(header_node)
    if header.resource_uri != CMD:
        raise faults.unknown_resource(header.resource_uri)
    reader = _READERS.get(header.action)
    if reader is None:
        raise faults.unknown_action(header.action)
    if reader is not _create and header.shell_id is None:
        raise faults.shell_id_missing()
    return Message(header, reader(body, _options(header_node)))


def message_id(envelope: bytes) -> str:
    """The id of a request that may be wrong in other ways, or an empty string: a fault must relate to it."""
    try:
        header_node, _ = _parts(envelope)
    except Fault:
        return ""
    return _text(header_node.find("a:MessageID", NAMESPACES))


def _parts(envelope: bytes) -> tuple[ET.Element, ET.Element]:
    if b"<!DOCTYPE" in envelope:
        raise faults.not_xml("a document type is not allowed")
    try:
        root = ET.fromstring(envelope)  # noqa: S314 - entities need a document type, and that was refused above
    except ET.ParseError as exc:
        raise faults.not_xml(str(exc)) from exc
    header, body = root.find("s:Header", NAMESPACES), root.find("s:Body", NAMESPACES)
    if root.tag != f"{{{NAMESPACES['s']}}}Envelope" or header is None or body is None:
        raise faults.not_xml("it is not an envelope with a header and a body")
    return header, body


def _check_understood(header: ET.Element) -> None:
    # Clients differ: some qualify the attribute, some do not. Windows accepts both.
    for node in header:
        marked = node.get(f"{{{NAMESPACES['s']}}}mustUnderstand") or node.get("mustUnderstand")
        if marked in ("true", "1") and node.tag not in _KNOWN_HEADERS:
            raise faults.not_understood(node.tag)


def _header(node: ET.Element) -> Header:
    values = {}
    for name in ("a:Action", "a:MessageID", "w:ResourceURI"):
        values[name] = _text(node.find(name, NAMESPACES))
        if not values[name]:
            raise faults.header_missing(name)
    selectors = {
        selector.get("Name", "").casefold(): _text(selector)
        for selector in node.findall("w:SelectorSet/w:Selector", NAMESPACES)
    }
    return Header(
        action=values["a:Action"],
        message_id=values["a:MessageID"],
        resource_uri=values["w:ResourceURI"],
        shell_id=selectors.get("shellid"),
        timeout=_seconds(node.find("w:OperationTimeout", NAMESPACES)) or DEFAULT_TIMEOUT,
        max_envelope=_envelope_size(node.find("w:MaxEnvelopeSize", NAMESPACES)),
    )


def _envelope_size(node: ET.Element | None) -> int:
    text = _text(node)
    if not text.isdigit():
        return MAX_ENVELOPE
    if int(text) < MIN_ENVELOPE:
        raise faults.envelope_too_small(int(text), MIN_ENVELOPE)
    return min(int(text), MAX_ENVELOPE)


def _seconds(node: ET.Element | None) -> float | None:
    """An xs:duration of up to days, in seconds."""
    text = _text(node)
    if not text:
        return None
    match = _DURATION.match(text)
    if match is None:
        raise faults.not_xml(f"{text!r} is not a duration")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _options(header: ET.Element) -> dict[str, str]:
    return {
        option.get("Name", "").upper(): _text(option) for option in header.findall("w:OptionSet/w:Option", NAMESPACES)
    }


def _text(node: ET.Element | None) -> str:
    return (node.text or "").strip() if node is not None else ""


def _element(body: ET.Element, name: str) -> ET.Element:
    node = body.find(name, NAMESPACES)
    if node is None:
        raise faults.invalid_body(f"it has no {name}")
    return node


def _attribute(node: ET.Element, name: str) -> str:
    value = node.get(name)
    if not value:
        raise faults.invalid_body(f"{node.tag.partition('}')[2]} has no {name}")
    return value


def _flag(options: dict[str, str], name: str) -> bool | None:
    value = options.get(name)
    if value is None:
        return None
    if value.upper() not in ("TRUE", "FALSE", "1", "0"):
        raise faults.invalid_option(name, value)
    return value.upper() in ("TRUE", "1")


def _create(body: ET.Element, options: dict[str, str]) -> Request:
    shell = _element(body, "rsp:Shell")
    codepage = options.get("WINRS_CODEPAGE", "437")
    if not codepage.isdigit():
        raise faults.invalid_option("WINRS_CODEPAGE", codepage)
    variables = shell.findall("rsp:Environment/rsp:Variable", NAMESPACES)
    return CreateShell(
        environment={_attribute(variable, "Name"): variable.text or "" for variable in variables},
        working_directory=_text(shell.find("rsp:WorkingDirectory", NAMESPACES)) or None,
        codepage=int(codepage),
        # The schema says IdleTimeout, Windows clients write IdleTimeOut.
        idle_timeout=_seconds(shell.find("rsp:IdleTimeOut", NAMESPACES))
        or _seconds(shell.find("rsp:IdleTimeout", NAMESPACES)),
        shell_id=shell.get("ShellId"),
    )


def _command(body: ET.Element, options: dict[str, str]) -> Request:
    line = _element(body, "rsp:CommandLine")
    words = [_element(line, "rsp:Command").text or ""]
    words += [argument.text or "" for argument in line.findall("rsp:Arguments", NAMESPACES)]
    command_line = " ".join(word for word in words if word)
    if not command_line.strip():
        raise faults.invalid_body("rsp:Command is empty")
    return RunCommand(
        command_line=command_line,
        console=_flag(options, "WINRS_CONSOLEMODE_STDIN"),
        skip_cmd_shell=_flag(options, "WINRS_SKIP_CMD_SHELL") or False,
        command_id=line.get("CommandId"),
    )


def _send(body: ET.Element, _options: dict[str, str]) -> Request:
    streams = _element(body, "rsp:Send").findall("rsp:Stream", NAMESPACES)
    if not streams:
        raise faults.invalid_body("rsp:Send has no rsp:Stream")
    if unknown := {stream.get("Name") for stream in streams} - {"stdin"}:
        raise faults.invalid_body(f"the shell has no input stream {', '.join(map(str, unknown))}")
    try:
        data = b"".join(base64.b64decode(stream.text or "", validate=False) for stream in streams)
    except (binascii.Error, ValueError) as exc:
        raise faults.invalid_body(f"rsp:Stream is not base64: {exc}") from exc
    end = any((stream.get("End") or "").casefold() in ("true", "1") for stream in streams)
    return SendInput(_attribute(streams[0], "CommandId"), data, end)


def _receive(body: ET.Element, _options: dict[str, str]) -> Request:
    desired = _element(_element(body, "rsp:Receive"), "rsp:DesiredStream")
    streams = tuple(_text(desired).split())
    if not streams or set(streams) - {"stdout", "stderr"}:
        raise faults.invalid_body(f"the shell has no output stream {_text(desired)!r}")
    return ReceiveOutput(_attribute(desired, "CommandId"), streams)


def _signal(body: ET.Element, _options: dict[str, str]) -> Request:
    node = _element(body, "rsp:Signal")
    code = _text(_element(node, "rsp:Code"))
    name = code.rpartition("/")[2].casefold()
    if not code.startswith(f"{SHELL}/signal/") or name not in _SIGNALS:
        raise faults.invalid_body(f"the shell has no signal {code!r}")
    return SignalCommand(_attribute(node, "CommandId"), _SIGNALS[name])


def _delete(_body: ET.Element, _options: dict[str, str]) -> Request:
    return DeleteShell()


_READERS = {
    f"{TRANSFER}/Create": _create,
    f"{TRANSFER}/Delete": _delete,
    f"{SHELL}/Command": _command,
    f"{SHELL}/Send": _send,
    f"{SHELL}/Receive": _receive,
    f"{SHELL}/Signal": _signal,
}
