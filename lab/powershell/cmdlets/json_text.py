# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON in and out."""

from __future__ import annotations

import datetime
import json
import typing as t

from lab.powershell.convert import to_file_time, to_string
from lab.powershell.errors import MethodError
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import CaseDict, PSObject, Value, collapse, listify

_UNIX_EPOCH_TICKS = 116_444_736_000_000_000


@cmdlet(
    "ConvertTo-Json",
    P("InputObject", "object", 0, pipeline=True, required=True),
    P("Depth", "int"),
    P("Compress", SWITCH),
)
def convert_to_json(call: Call) -> t.Iterable[Value]:
    """A value as JSON; below the depth (2 unless told) objects become text."""
    value = call["InputObject"]
    if call.piped is not None and isinstance(value, list):
        value = collapse(value)
    plain = _plain(value, call.get("Depth", 2))
    if call.flag("Compress"):
        return [json.dumps(plain, separators=(",", ":"), ensure_ascii=False)]
    return [json.dumps(plain, indent=4, separators=(",", ":  "), ensure_ascii=False).replace("\n", "\r\n")]


def _plain(value: Value, depth: int) -> t.Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, datetime.datetime):
        return f"/Date({(to_file_time(value) - _UNIX_EPOCH_TICKS) // 10_000})/"
    if isinstance(value, PSObject) and value.text is not None and not value.properties:
        return value.text
    if depth < 0:
        return to_string(value)
    if isinstance(value, (list, bytes)):
        return [_plain(item, depth - 1) for item in value]
    if isinstance(value, (CaseDict, PSObject)):
        items = value.properties if isinstance(value, PSObject) else value
        return {to_string(name): _plain(item, depth - 1) for name, item in items.items()}
    return to_string(value)


@cmdlet("ConvertFrom-Json", P("InputObject", "object", 0, pipeline=True, required=True))
def convert_from_json(call: Call) -> t.Iterable[Value]:
    """JSON as objects."""
    text = "\n".join(to_string(item) for item in listify(call["InputObject"]))
    try:
        return [_object(json.loads(text))]
    except json.JSONDecodeError as exc:
        raise MethodError(f"Invalid JSON primitive: {text[:40]}.", "System.ArgumentException") from exc


def _object(value: t.Any) -> Value:
    if isinstance(value, dict):
        items = {name: _object(item) for name, item in value.items()}
        return PSObject("System.Management.Automation.PSCustomObject", items)
    return [_object(item) for item in value] if isinstance(value, list) else value
