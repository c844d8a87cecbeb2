# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects on their way between the lab's PowerShell and psrpcore's serializer."""

from __future__ import annotations

import datetime
import typing as t

from psrpcore import types as wire

from lab.powershell.values import CaseDict, ErrorRecord, HashTable, PSObject, ScriptBlock, SecureString, TypeRef, Value
from lab.psrp import records
from lab.windows.errors import UnsupportedError

_MAX_DEPTH = 20
_INT32, _INT64 = 2**31, 2**63


def to_wire(value: Value, depth: int = 0) -> t.Any:
    """An object of a script as it is sent.

    :raises UnsupportedError: an object that the lab cannot serialize.
    """
    if depth > _MAX_DEPTH:
        raise UnsupportedError("an object that contains itself, in the output of a remote pipeline")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return wire.PSDouble(value)
    if isinstance(value, bytes | bytearray):
        return wire.PSByteArray(bytes(value))
    if isinstance(value, datetime.datetime):
        return wire.PSDateTime(
            value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, value.tzinfo
        )
    if isinstance(value, SecureString):
        return wire.PSSecureString(value.plain)
    if isinstance(value, ScriptBlock):
        return wire.PSScriptBlock(str(value))
    if isinstance(value, TypeRef):
        return _object(PSObject("System.RuntimeType", {"Name": value.name}, text=value.name), depth)
    if isinstance(value, CaseDict):
        return wire.PSDict({key: to_wire(item, depth + 1) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return wire.PSList([to_wire(item, depth + 1) for item in value])
    if isinstance(value, ErrorRecord):
        return error_record(value)
    if isinstance(value, PSObject) and value.type_name == "System.Version":
        return wire.PSVersion(str(value))
    if isinstance(value, PSObject):
        return _object(value, depth)
    raise UnsupportedError(f"a {type(value).__name__} in the output of a remote pipeline")


def _integer(value: int) -> t.Any:
    if -_INT32 <= value < _INT32:
        return wire.PSInt(value)
    if -_INT64 <= value < _INT64:
        return wire.PSInt64(value)
    return wire.PSUInt64(value)


def _object(value: PSObject, depth: int) -> t.Any:
    """An object with its properties. Objects within it go as their text, as Windows has it, unless they are plain."""
    plain = value.type_name.endswith("PSCustomObject")
    if depth and not plain:
        return str(value)
    sent = wire.PSObject()
    base = "System.Management.Automation.PSCustomObject" if plain else value.type_name
    sent.PSObject.type_names = [base, "System.Object"]
    sent.PSObject.to_string = str(value)
    for name, item in value.properties.items():
        note = wire.PSNoteProperty(name, value=to_wire(item, depth + 1))
        (sent.PSObject.extended_properties if plain else sent.PSObject.adapted_properties).append(note)
    return sent


def error_record(record: ErrorRecord) -> wire.ErrorRecord:
    """An error record of a script as it is sent."""
    category = record.properties["CategoryInfo"].properties
    target = record.properties["TargetObject"]
    return records.error_record(
        record.message,
        exception=record.exception_type,
        category=str(category["Category"]),
        activity=record.command,
        target="" if target is None else str(target),
        identity=str(record.properties["FullyQualifiedErrorId"]),
        position=record.position,
        line=int(record.properties["InvocationInfo"].properties["ScriptLineNumber"]),
    )


def from_wire(value: t.Any) -> Value:
    """An argument or an input object, as a script sees it.

    :raises UnsupportedError: of a type that the lab does not read.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, wire.PSSecureString):
        return SecureString(str(value.decrypt()))
    if isinstance(value, wire.PSChar):
        return chr(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, datetime.datetime):
        return datetime.datetime.fromtimestamp(value.timestamp(), value.tzinfo)
    if isinstance(value, dict):
        return HashTable((str(key), from_wire(item)) for key, item in value.items())
    if isinstance(value, list):
        return [from_wire(item) for item in value]
    if type(value) not in (wire.PSObject, wire.PSCustomObject):
        raise UnsupportedError(f"a {type(value).__name__} as an argument or input of a remote pipeline")
    return _plain_object(value)


def _plain_object(value: t.Any) -> PSObject:
    meta = value.PSObject
    found = {prop.name: from_wire(prop.get_value(value)) for prop in meta.adapted_properties + meta.extended_properties}
    name = meta.type_names[0] if meta.type_names else "System.Management.Automation.PSCustomObject"
    return PSObject(name, found, text=meta.to_string)
