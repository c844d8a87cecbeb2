# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP replies of WS-Management: replies and faults to bytes."""

from __future__ import annotations

import base64
from xml.sax.saxutils import escape, quoteattr

from lab.wsman.elements import NAMESPACES, SHELL
from lab.wsman.messages import (
    CommandStarted,
    Fault,
    Header,
    InputTaken,
    Output,
    Reply,
    ShellCreated,
    ShellDeleted,
    Signalled,
)

_ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_FAULT_NAMESPACE = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
_XMLNS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())

# What an Output needs around its data: envelope, header, the elements of both streams and the state of the command.
_OVERHEAD = 3072


def payload_limit(max_envelope: int) -> int:
    """Bytes of output that fit, as base64, into a reply of at most ``max_envelope`` bytes."""
    return (max_envelope - _OVERHEAD) // 4 * 3


def encode(reply: Reply, header: Header, message_id: str) -> bytes:
    """The envelope that answers the request with ``header``; ``message_id`` is the new id of this reply."""
    action = header.action + "Response"
    return _envelope(action, message_id, header.message_id, _body(reply, header))


def encode_fault(fault: Fault, relates_to: str, message_id: str, machine: str) -> bytes:
    """The envelope of a fault that answers the request with the id ``relates_to``."""
    detail = f"<w:FaultDetail>{escape(fault.detail)}</w:FaultDetail>" if fault.detail else ""
    body = (
        f"<s:Fault><s:Code><s:Value>{fault.code}</s:Value>"
        f"<s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(fault.reason)}</s:Text></s:Reason>'
        f'<s:Detail>{detail}<f:WSManFault xmlns:f="{_FAULT_NAMESPACE}" Code="{fault.number}" '
        f"Machine={quoteattr(machine)}><f:Message>{escape(fault.message)}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    return _envelope(_FAULT_ACTION, message_id, relates_to, body)


def _envelope(action: str, message_id: str, relates_to: str, body: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" {_XMLNS}><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>uuid:{message_id}</a:MessageID><a:To>{_ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _body(reply: Reply, header: Header) -> str:
    match reply:
        case ShellCreated():
            return _created(reply, header)
        case CommandStarted(command_id):
            return f"<rsp:CommandResponse><rsp:CommandId>{escape(command_id)}</rsp:CommandId></rsp:CommandResponse>"
        case InputTaken():
            return "<rsp:SendResponse/>"
        case Output():
            return _output(reply)
        case Signalled():
            return "<rsp:SignalResponse/>"
        case ShellDeleted():
            return ""


def _created(reply: ShellCreated, header: Header) -> str:
    shell_id = escape(reply.shell_id)
    return (
        f"<x:ResourceCreated><a:Address>{_ANONYMOUS}</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{escape(header.resource_uri)}</w:ResourceURI>"
        f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
        f"</a:ReferenceParameters></x:ResourceCreated>"
        f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId>"
        f"<rsp:ResourceUri>{escape(header.resource_uri)}</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(reply.owner)}</rsp:Owner><rsp:ClientIP>{escape(reply.client_ip)}</rsp:ClientIP>"
        f"<rsp:IdleTimeOut>PT{reply.idle_timeout:.3f}S</rsp:IdleTimeOut>"
        f"<rsp:InputStreams>{reply.input_streams}</rsp:InputStreams>"
        f"<rsp:OutputStreams>{reply.output_streams}</rsp:OutputStreams></rsp:Shell>"
    )


def _output(reply: Output) -> str:
    if reply.command_id is None:
        chunks = (f'<rsp:Stream Name="{name}">{_base64(data)}</rsp:Stream>' for name, data in reply.chunks)
        return f"<rsp:ReceiveResponse>{''.join(chunks)}</rsp:ReceiveResponse>"
    command_id = quoteattr(reply.command_id)
    parts = [
        f'<rsp:Stream Name="{name}" CommandId={command_id}>{_base64(data)}</rsp:Stream>' for name, data in reply.chunks
    ]
    if reply.exit_code is None:
        parts.append(f'<rsp:CommandState CommandId={command_id} State="{SHELL}/CommandState/Running"/>')
    else:
        parts += [f'<rsp:Stream Name="{name}" CommandId={command_id} End="true"/>' for name in reply.streams]
        parts.append(
            f'<rsp:CommandState CommandId={command_id} State="{SHELL}/CommandState/Done">'
            f"<rsp:ExitCode>{reply.exit_code}</rsp:ExitCode></rsp:CommandState>"
        )
    return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
