# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP requests of WS-Management: from bytes to messages. The way back is in `lab.wsman.replies`.

The resource URI of a request says which kind of shell it is for, and with that who reads its body: `cmd_bodies` or
`psrp_bodies`.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from lab.wsman import cmd_bodies, faults, psrp_bodies
from lab.wsman.cmd_bodies import CMD
from lab.wsman.elements import NAMESPACES, SHELL, TRANSFER, Options, seconds, text
from lab.wsman.messages import Fault, Header, Message
from lab.wsman.psrp_bodies import POWERSHELL
from lab.wsman.types import MAX_ENVELOPE

__all__ = [
    "CMD",
    "DEFAULT_TIMEOUT",
    "MIN_ENVELOPE",
    "NAMESPACES",
    "POWERSHELL",
    "SHELL",
    "TRANSFER",
    "decode",
    "message_id",
]

DEFAULT_TIMEOUT = 60.0  # seconds: MaxTimeoutms of Windows
MIN_ENVELOPE = 8192

_RESOURCES = {CMD: cmd_bodies.READERS, POWERSHELL: psrp_bodies.READERS}
# URIs ignore case: Windows' own clients write Microsoft.PowerShell, others microsoft.powershell.
_SPELLINGS = {uri.casefold(): uri for uri in _RESOURCES}

# Headers that the service acts on, or may ignore without harm. Any other one must not be marked mustUnderstand.
_KNOWN_HEADERS = {
    *(f"{{{NAMESPACES['a']}}}{name}" for name in ("Action", "MessageID", "ReplyTo", "To", "FaultTo", "From")),
    *(
        f"{{{NAMESPACES['w']}}}{name}"
        for name in ("ResourceURI", "SelectorSet", "OptionSet", "OperationTimeout", "MaxEnvelopeSize", "Locale")
    ),
    *(f"{{{NAMESPACES['p']}}}{name}" for name in ("SessionId", "DataLocale", "OperationID", "SequenceId")),
}


def decode(envelope: bytes) -> Message:
    """Read a request.

    Raises Fault for anything that the service would not accept: broken XML, a missing or unknown header, an action
    or a resource that it has not got, a body of the wrong shape.
    """
    header_node, body = _parts(envelope)
    _check_understood(header_node)
    header = _header(header_node)
    readers = _RESOURCES.get(header.resource_uri)
    if readers is None:
        raise faults.unknown_resource(header.resource_uri)
    reader = readers.get(header.action)
    if reader is None:
        raise faults.unknown_action(header.action)
    if header.action != f"{TRANSFER}/Create" and header.shell_id is None:
        raise faults.shell_id_missing()
    return Message(header, reader(body, _options(header_node)))


def message_id(envelope: bytes) -> str:
    """The id of a request that may be wrong in other ways, or an empty string: a fault must relate to it."""
    try:
        header_node, _ = _parts(envelope)
    except Fault:
        return ""
    return text(header_node.find("a:MessageID", NAMESPACES))


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
        values[name] = text(node.find(name, NAMESPACES))
        if not values[name]:
            raise faults.header_missing(name)
    selectors = {
        selector.get("Name", "").casefold(): text(selector)
        for selector in node.findall("w:SelectorSet/w:Selector", NAMESPACES)
    }
    uri = values["w:ResourceURI"]
    return Header(
        action=values["a:Action"],
        message_id=values["a:MessageID"],
        resource_uri=_SPELLINGS.get(uri.casefold(), uri),
        shell_id=selectors.get("shellid"),
        timeout=seconds(node.find("w:OperationTimeout", NAMESPACES)) or DEFAULT_TIMEOUT,
        max_envelope=_envelope_size(node.find("w:MaxEnvelopeSize", NAMESPACES)),
    )


def _envelope_size(node: ET.Element | None) -> int:
    size = text(node)
    if not size.isdigit():
        return MAX_ENVELOPE
    if int(size) < MIN_ENVELOPE:
        raise faults.envelope_too_small(int(size), MIN_ENVELOPE)
    return min(int(size), MAX_ENVELOPE)


def _options(header: ET.Element) -> Options:
    return {
        option.get("Name", "").upper(): text(option) for option in header.findall("w:OptionSet/w:Option", NAMESPACES)
    }
