# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the PowerShell shell: what their bodies say, and what is refused."""

from __future__ import annotations

import base64

import pytest

from lab.wsman import faults, replies, soap
from lab.wsman.messages import (
    CreatePipeline,
    DeleteShell,
    Fault,
    Header,
    OpenRunspacePool,
    Output,
    ReceiveOutput,
    SendFragments,
    ShellCreated,
    SignalCommand,
)

CREATE = f"{soap.TRANSFER}/Create"
BYTES = b"\x00fragments"
ENCODED = base64.b64encode(BYTES).decode()
CREATION = f"<creationXml xmlns='http://schemas.microsoft.com/powershell'>{ENCODED}</creationXml>"


def envelope(action: str, body: str = "", version: str = "2.3", uri: str = soap.POWERSHELL) -> bytes:
    names = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in soap.NAMESPACES.items())
    return (
        f"<s:Envelope {names}><s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:1</a:MessageID>"
        f"<w:ResourceURI>{uri}</w:ResourceURI>"
        f"<w:SelectorSet><w:Selector Name='ShellId'>S-1</w:Selector></w:SelectorSet>"
        f"<w:OptionSet><w:Option Name='protocolversion' MustComply='true'>{version}</w:Option></w:OptionSet>"
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


@pytest.mark.parametrize("uri", [soap.POWERSHELL, soap.POWERSHELL.lower()], ids=["as-is", "lower-case"])
def test_create(uri: str) -> None:
    body = f"<rsp:Shell ShellId='A'><rsp:IdleTimeOut>PT90S</rsp:IdleTimeOut>{CREATION}</rsp:Shell>"

    message = soap.decode(envelope(CREATE, body, uri=uri))

    assert message.request == OpenRunspacePool(BYTES, "A", 90.0)
    assert message.header.resource_uri == soap.POWERSHELL


@pytest.mark.parametrize(
    ("action", "body", "request_"),
    [
        (
            f"{soap.SHELL}/Command",
            f"<rsp:CommandLine CommandId='C'><rsp:Command/><rsp:Arguments>{ENCODED}</rsp:Arguments></rsp:CommandLine>",
            CreatePipeline(BYTES, "C"),
        ),
        (
            f"{soap.SHELL}/Send",
            f"<rsp:Send><rsp:Stream Name='stdin' CommandId='C'>{ENCODED}</rsp:Stream></rsp:Send>",
            SendFragments(BYTES, "C"),
        ),
        (
            f"{soap.SHELL}/Send",
            f"<rsp:Send><rsp:Stream Name='pr'>{ENCODED}</rsp:Stream></rsp:Send>",
            SendFragments(BYTES),
        ),
        (
            f"{soap.SHELL}/Receive",
            "<rsp:Receive><rsp:DesiredStream CommandId='C'>stdout</rsp:DesiredStream></rsp:Receive>",
            ReceiveOutput("C", ("stdout",)),
        ),
        (
            f"{soap.SHELL}/Receive",
            "<rsp:Receive><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>",
            ReceiveOutput(None, ("stdout",)),
        ),
        (
            f"{soap.SHELL}/Signal",
            "<rsp:Signal CommandId='C'><rsp:Code>powershell/signal/crtl_c</rsp:Code></rsp:Signal>",
            SignalCommand("C", "ctrl_c"),
        ),
        (
            f"{soap.SHELL}/Signal",
            "<rsp:Signal CommandId='C'><rsp:Code>powershell/signal/ctrl_c</rsp:Code></rsp:Signal>",
            SignalCommand("C", "terminate"),
        ),
        (f"{soap.TRANSFER}/Delete", "", DeleteShell()),
    ],
    ids=["command", "send", "send-to-the-pool", "receive", "receive-of-the-pool", "stop", "misspelled-stop", "delete"],
)
def test_other_requests(action: str, body: str, request_: object) -> None:
    assert soap.decode(envelope(action, body)).request == request_


@pytest.mark.parametrize(
    ("action", "body", "number"),
    [
        (CREATE, "<rsp:Shell/>", faults.INVALID_BODY),
        (CREATE, f"<rsp:Shell>{CREATION.replace(ENCODED, 'A')}</rsp:Shell>", faults.INVALID_BODY),
        (f"{soap.SHELL}/Command", "<rsp:CommandLine><rsp:Command/></rsp:CommandLine>", faults.INVALID_BODY),
        (f"{soap.SHELL}/Send", "<rsp:Send/>", faults.INVALID_BODY),
        (f"{soap.SHELL}/Send", "<rsp:Send><rsp:Stream Name='stderr'/></rsp:Send>", faults.INVALID_BODY),
        (
            f"{soap.SHELL}/Receive",
            "<rsp:Receive><rsp:DesiredStream>stdout stderr</rsp:DesiredStream></rsp:Receive>",
            faults.INVALID_BODY,
        ),
        (f"{soap.SHELL}/Disconnect", "<rsp:Disconnect/>", faults.ACTION_NOT_SUPPORTED),
    ],
    ids=["no-creation", "no-base64", "no-id", "no-stream", "odd-stream", "stderr", "disconnect"],
)
def test_what_is_refused(action: str, body: str, number: int) -> None:
    with pytest.raises(Fault) as fault:
        soap.decode(envelope(action, body))

    assert fault.value.number == number


@pytest.mark.parametrize("version", ["", "1.0", "2.4", "3", "x.y"])
def test_versions_that_windows_powershell_does_not_speak(version: str) -> None:
    with pytest.raises(Fault) as fault:
        soap.decode(envelope(CREATE, f"<rsp:Shell>{CREATION}</rsp:Shell>", version))

    assert fault.value.number == faults.INVALID_OPTIONS


def test_replies() -> None:
    header = Header(CREATE, "uuid:1", soap.POWERSHELL, None, 60.0, 153_600)
    created = replies.encode(ShellCreated("S", "ann", "127.0.0.1", 7200.0, "stdin pr", "stdout"), header, "2").decode()
    output = replies.encode(Output("C", (("stdout", BYTES),), (), 0), header, "2").decode()
    news = replies.encode(Output(None, (("stdout", BYTES),), (), None), header, "2").decode()

    assert f"<rsp:ResourceUri>{soap.POWERSHELL}</rsp:ResourceUri>" in created
    assert "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>" in created
    assert f'<rsp:Stream Name="stdout" CommandId="C">{ENCODED}</rsp:Stream><rsp:CommandState' in output
    assert "CommandState/Done" in output
    assert f'<rsp:ReceiveResponse><rsp:Stream Name="stdout">{ENCODED}</rsp:Stream></rsp:ReceiveResponse>' in news
