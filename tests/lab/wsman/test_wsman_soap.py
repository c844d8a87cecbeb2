# SPDX-License-Identifier: GPL-3.0-or-later
"""Envelopes in, envelopes out."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from lab.wsman import faults, replies, soap
from lab.wsman.messages import (
    CommandStarted,
    CreateShell,
    DeleteShell,
    Fault,
    Header,
    InputTaken,
    Output,
    ReceiveOutput,
    Reply,
    RunCommand,
    SendInput,
    ShellCreated,
    ShellDeleted,
    SignalCommand,
    Signalled,
)
from lab.wsman.types import MAX_ENVELOPE

CREATE = f"{soap.TRANSFER}/Create"
DELETE = f"{soap.TRANSFER}/Delete"
SELECTOR = '<w:SelectorSet><w:Selector Name="ShellId">S-1</w:Selector></w:SelectorSet>'
SHELL = "<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams></rsp:Shell>"
HEADER = Header(CREATE, "uuid:1", soap.CMD, None, 60.0, MAX_ENVELOPE)


def envelope(action: str, body: str = "", extra: str = SELECTOR, uri: str = soap.CMD, message: str = "uuid:1") -> bytes:
    names = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in soap.NAMESPACES.items())
    return (
        f"<s:Envelope {names}><s:Header><a:Action s:mustUnderstand='true'>{action}</a:Action>"
        f"<a:MessageID>{message}</a:MessageID><w:ResourceURI s:mustUnderstand='true'>{uri}</w:ResourceURI>{extra}"
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def options(**values: str) -> str:
    items = "".join(f'<w:Option Name="{name}">{value}</w:Option>' for name, value in values.items())
    return f'{SELECTOR}<w:OptionSet s:mustUnderstand="true">{items}</w:OptionSet>'


def test_create() -> None:
    body = (
        "<rsp:Shell><rsp:Environment><rsp:Variable Name='PATH'>C:\\x</rsp:Variable><rsp:Variable Name='EMPTY'/>"
        "</rsp:Environment><rsp:WorkingDirectory>C:\\Temp</rsp:WorkingDirectory>"
        "<rsp:IdleTimeOut>PT1H30M</rsp:IdleTimeOut></rsp:Shell>"
    )

    message = soap.decode(envelope(CREATE, body, options(WINRS_NOPROFILE="FALSE", WINRS_CODEPAGE="65001")))

    assert message.request == CreateShell({"PATH": "C:\\x", "EMPTY": ""}, "C:\\Temp", 65001, 5400.0)


def test_create_with_defaults() -> None:
    assert soap.decode(envelope(CREATE, SHELL, "")).request == CreateShell({})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("<rsp:Command>dir</rsp:Command>", "dir"),
        ("<rsp:Command><![CDATA[a & b]]></rsp:Command>", "a & b"),
        ("<rsp:Command>x</rsp:Command><rsp:Arguments>1</rsp:Arguments><rsp:Arguments>2</rsp:Arguments>", "x 1 2"),
        ("<rsp:Command>x</rsp:Command><rsp:Arguments/>", "x"),
    ],
    ids=["plain", "cdata", "arguments", "no-arguments"],
)
def test_command_line(line: str, expected: str) -> None:
    body = f"<rsp:CommandLine>{line}</rsp:CommandLine>"

    assert soap.decode(envelope(f"{soap.SHELL}/Command", body)).request == RunCommand(expected)


@pytest.mark.parametrize(("value", "expected"), [("TRUE", True), ("False", False), ("1", True), ("0", False)])
def test_command_options(value: str, expected: bool) -> None:
    body = "<rsp:CommandLine CommandId='C-1'><rsp:Command>x</rsp:Command></rsp:CommandLine>"
    extra = options(WINRS_CONSOLEMODE_STDIN=value, WINRS_SKIP_CMD_SHELL=value)

    request = soap.decode(envelope(f"{soap.SHELL}/Command", body, extra)).request

    assert request == RunCommand("x", console=expected, skip_cmd_shell=expected, command_id="C-1")


@pytest.mark.parametrize(
    ("streams", "data", "end"),
    [
        ("<rsp:Stream Name='stdin' CommandId='C'>aGk=</rsp:Stream>", b"hi", False),
        ("<rsp:Stream Name='stdin' CommandId='C' End='false'>aGk=</rsp:Stream>", b"hi", False),
        ("<rsp:Stream Name='stdin' CommandId='C' End='True'/>", b"", True),
        (
            "<rsp:Stream Name='stdin' CommandId='C'>aGk=</rsp:Stream>"
            "<rsp:Stream Name='stdin' CommandId='C' End='1'>IQ==</rsp:Stream>",
            b"hi!",
            True,
        ),
    ],
    ids=["open", "explicitly-open", "end", "two-streams"],
)
def test_send(streams: str, data: bytes, end: bool) -> None:
    body = f"<rsp:Send>{streams}</rsp:Send>"

    assert soap.decode(envelope(f"{soap.SHELL}/Send", body)).request == SendInput("C", data, end)


def test_receive() -> None:
    body = "<rsp:Receive><rsp:DesiredStream CommandId='C'>stdout stderr</rsp:DesiredStream></rsp:Receive>"

    assert soap.decode(envelope(f"{soap.SHELL}/Receive", body)).request == ReceiveOutput("C")


@pytest.mark.parametrize("code", ["terminate", "Terminate", "ctrl_c", "ctrl_break"])
def test_signal(code: str) -> None:
    body = f"<rsp:Signal CommandId='C'><rsp:Code>{soap.SHELL}/signal/{code}</rsp:Code></rsp:Signal>"

    request = soap.decode(envelope(f"{soap.SHELL}/Signal", body)).request

    assert request == SignalCommand("C", code.lower())  # type: ignore[arg-type]


def test_delete() -> None:
    message = soap.decode(envelope(DELETE))

    assert (message.request, message.header.shell_id) == (DeleteShell(), "S-1")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT20S", 20.0), ("PT60.000S", 60.0), ("PT1M5S", 65.0), ("P1DT1H", 90_000.0), ("", soap.DEFAULT_TIMEOUT)],
)
def test_operation_timeout(text: str, seconds: float) -> None:
    extra = f"<w:OperationTimeout>{text}</w:OperationTimeout>"

    assert soap.decode(envelope(CREATE, SHELL, extra)).header.timeout == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("153600", 153_600), ("9999999", MAX_ENVELOPE), ("", MAX_ENVELOPE), ("8192", 8192)]
)
def test_envelope_size(text: str, size: int) -> None:
    extra = f"<w:MaxEnvelopeSize mustUnderstand='true'>{text}</w:MaxEnvelopeSize>"

    assert soap.decode(envelope(CREATE, SHELL, extra)).header.max_envelope == size


RECEIVE, SEND, COMMAND, SIGNAL = (f"{soap.SHELL}/{name}" for name in ("Receive", "Send", "Command", "Signal"))


@pytest.mark.parametrize(
    ("request_", "number", "match"),
    [
        (b"<s:Env", faults.SCHEMA_INVALID, "does not match"),
        (b"<a/>", faults.SCHEMA_INVALID, "not an envelope"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + envelope(CREATE, SHELL, ""), faults.SCHEMA_INVALID, "document type"),
        (envelope(CREATE, SHELL, "", uri="http://x/powershell"), faults.RESOURCE_NOT_FOUND, "http://x/powershell"),
        (envelope(f"{soap.TRANSFER}/Get"), faults.ACTION_NOT_SUPPORTED, "transfer/Get"),
        (envelope(DELETE, extra=""), faults.INVALID_SELECTORS, "requires the following selector: ShellId"),
        (envelope(CREATE, SHELL, "", message=""), faults.HEADER_REQUIRED, "a:MessageID"),
        (envelope("", SHELL, ""), faults.HEADER_REQUIRED, "a:Action"),
        (envelope(CREATE, SHELL, "", uri=""), faults.HEADER_REQUIRED, "w:ResourceURI"),
        (envelope(CREATE, SHELL, "<w:New s:mustUnderstand='true'/>"), faults.MUST_UNDERSTAND, "New"),
        (envelope(CREATE, SHELL, "<w:New mustUnderstand='1'/>"), faults.MUST_UNDERSTAND, "New"),
        (envelope(CREATE, SHELL, "<w:OperationTimeout>soon</w:OperationTimeout>"), faults.SCHEMA_INVALID, "soon"),
        (envelope(CREATE, SHELL, "<w:MaxEnvelopeSize>100</w:MaxEnvelopeSize>"), faults.ENCODING_LIMIT, "100 bytes"),
        (envelope(CREATE, SHELL, options(WINRS_CODEPAGE="utf8")), faults.INVALID_OPTIONS, "WINRS_CODEPAGE"),
        (envelope(CREATE), faults.INVALID_BODY, "no rsp:Shell"),
        (envelope(COMMAND), faults.INVALID_BODY, "no rsp:CommandLine"),
        (envelope(COMMAND, "<rsp:CommandLine><rsp:Command/></rsp:CommandLine>"), faults.INVALID_BODY, "empty"),
        (
            envelope(
                COMMAND,
                "<rsp:CommandLine><rsp:Command>x</rsp:Command></rsp:CommandLine>",
                options(WINRS_CONSOLEMODE_STDIN="maybe"),
            ),
            faults.INVALID_OPTIONS,
            "maybe",
        ),
        (envelope(SEND, "<rsp:Send/>"), faults.INVALID_BODY, "no rsp:Stream"),
        (envelope(SEND, "<rsp:Send><rsp:Stream Name='stdin'/></rsp:Send>"), faults.INVALID_BODY, "CommandId"),
        (
            envelope(SEND, "<rsp:Send><rsp:Stream Name='pr' CommandId='C'/></rsp:Send>"),
            faults.INVALID_BODY,
            "no input stream pr",
        ),
        (
            envelope(SEND, "<rsp:Send><rsp:Stream Name='stdin' CommandId='C'>a</rsp:Stream></rsp:Send>"),
            faults.INVALID_BODY,
            "not base64",
        ),
        (
            envelope(RECEIVE, "<rsp:Receive><rsp:DesiredStream CommandId='C'>pr</rsp:DesiredStream></rsp:Receive>"),
            faults.INVALID_BODY,
            "no output stream 'pr'",
        ),
        (
            envelope(SIGNAL, "<rsp:Signal CommandId='C'><rsp:Code>powershell/signal/ctrl_c</rsp:Code></rsp:Signal>"),
            faults.INVALID_BODY,
            "no signal",
        ),
    ],
)
def test_what_the_service_does_not_accept(request_: bytes, number: int, match: str) -> None:
    with pytest.raises(Fault, match=match) as fault:
        soap.decode(request_)
    assert fault.value.number == number


def test_the_id_of_a_bad_request_is_still_found() -> None:
    assert soap.message_id(envelope("nonsense", message="uuid:7")) == "uuid:7"
    assert soap.message_id(b"no xml") == ""


def parse(reply: Reply, header: Header = HEADER) -> ET.Element:
    return ET.fromstring(replies.encode(reply, header, "NEW"))


def test_a_reply_relates_to_its_request() -> None:
    root = parse(Signalled())

    assert root.findtext("s:Header/a:RelatesTo", namespaces=soap.NAMESPACES) == "uuid:1"
    assert root.findtext("s:Header/a:MessageID", namespaces=soap.NAMESPACES) == "uuid:NEW"
    assert root.findtext("s:Header/a:Action", namespaces=soap.NAMESPACES) == f"{CREATE}Response"


@pytest.mark.parametrize(
    ("reply", "path", "text"),
    [
        (ShellCreated("S&1", "Ann", "::1", 7200.0), "x:ResourceCreated//w:Selector[@Name='ShellId']", "S&1"),
        (ShellCreated("S&1", "Ann", "::1", 7200.0), "rsp:Shell/rsp:ShellId", "S&1"),
        (ShellCreated("S&1", "A<b", "::1", 7200.0), "rsp:Shell/rsp:Owner", "A<b"),
        (ShellCreated("S&1", "Ann", "::1", 7200.0), "rsp:Shell/rsp:IdleTimeOut", "PT7200.000S"),
        (CommandStarted("C<1"), "rsp:CommandResponse/rsp:CommandId", "C<1"),
        (InputTaken(), "rsp:SendResponse", ""),
        (Signalled(), "rsp:SignalResponse", ""),
        (ShellDeleted(), ".", ""),
    ],
)
def test_replies(reply: Reply, path: str, text: str) -> None:
    body = parse(reply).find("s:Body", soap.NAMESPACES)

    assert body is not None
    assert body.findtext(path, namespaces=soap.NAMESPACES) == text


def test_output_of_a_command_that_goes_on_and_of_one_that_has_ended() -> None:
    streams = ("stdout", "stderr")
    running = parse(Output("C", (("stdout", b"hi"),), streams, None))
    done = parse(Output("C", (), streams, 3221225786))

    state = running.find(".//rsp:CommandState", soap.NAMESPACES)
    assert state is not None
    assert state.get("State") == f"{soap.SHELL}/CommandState/Running"
    assert running.findtext(".//rsp:Stream", namespaces=soap.NAMESPACES) == "aGk="
    assert done.findtext(".//rsp:ExitCode", namespaces=soap.NAMESPACES) == "3221225786"
    assert [node.get("End") for node in done.findall(".//rsp:Stream", soap.NAMESPACES)] == ["true", "true"]


@pytest.mark.parametrize("size", [soap.MIN_ENVELOPE, 153_600, MAX_ENVELOPE])
def test_a_full_reply_fits(size: int) -> None:
    command = "5A4A7B2C-0000-0000-0000-000000000001"
    half = replies.payload_limit(size) // 2
    chunks = (("stdout", bytes(half)), ("stderr", bytes(half)))
    output = Output(command, chunks, ("stdout", "stderr"), 3221225786)

    encoded = replies.encode(output, HEADER, command)

    assert size - 3072 < len(encoded) <= size


def test_a_fault() -> None:
    root = ET.fromstring(replies.encode_fault(faults.timed_out(), "uuid:1", "NEW", 'A"<B'))
    space = {**soap.NAMESPACES, "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"}
    detail = root.find("s:Body/s:Fault/s:Detail/f:WSManFault", space)

    assert root.findtext("s:Body/s:Fault/s:Code/s:Value", namespaces=space) == "s:Receiver"
    assert root.findtext("s:Body/s:Fault/s:Code/s:Subcode/s:Value", namespaces=space) == "w:TimedOut"
    assert detail is not None
    assert (detail.get("Code"), detail.get("Machine")) == ("2150858793", 'A"<B')
    assert "OperationTimeout" in (detail.findtext("f:Message", namespaces=space) or "")
