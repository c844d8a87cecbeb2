# SPDX-License-Identifier: GPL-3.0-or-later
"""The vocabulary of WS-Management's XML, and how to read its elements. Whatever is wrong with one is a Fault."""

from __future__ import annotations

import base64
import binascii
import re
import typing as t
import xml.etree.ElementTree as ET

from lab.wsman import faults

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
}
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$")

Options = t.Mapping[str, str]


def text(node: ET.Element | None) -> str:
    """The text of an element without the space around it; empty when there is no such element."""
    return (node.text or "").strip() if node is not None else ""


def seconds(node: ET.Element | None) -> float | None:
    """An xs:duration of up to days, in seconds; None when there is no such element."""
    duration = text(node)
    if not duration:
        return None
    match = _DURATION.match(duration)
    if match is None:
        raise faults.not_xml(f"{duration!r} is not a duration")
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def element(parent: ET.Element, name: str) -> ET.Element:
    """The element of a name (with a prefix of NAMESPACES), which must be there."""
    node = parent.find(name, NAMESPACES)
    if node is None:
        raise faults.invalid_body(f"it has no {name}")
    return node


def attribute(node: ET.Element, name: str) -> str:
    """An attribute that must be there."""
    value = node.get(name)
    if not value:
        raise faults.invalid_body(f"{node.tag.partition('}')[2]} has no {name}")
    return value


def decoded(node: ET.Element) -> bytes:
    """The bytes under the base64 of an element."""
    try:
        return base64.b64decode(node.text or "", validate=False)
    except (binascii.Error, ValueError) as exc:
        raise faults.invalid_body(f"{node.tag.partition('}')[2]} is not base64: {exc}") from exc


def flag(options: Options, name: str) -> bool | None:
    """An option of a request that is TRUE or FALSE; None when it was not given."""
    value = options.get(name)
    if value is None:
        return None
    if value.upper() not in ("TRUE", "FALSE", "1", "0"):
        raise faults.invalid_option(name, value)
    return value.upper() in ("TRUE", "1")
