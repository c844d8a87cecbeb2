# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversions between values, as PowerShell makes them without being asked, and as ``[type]`` asks for them."""

from __future__ import annotations

import datetime
import typing as t

from lab.powershell.errors import MethodError, UnsupportedPowerShell
from lab.powershell.values import (
    ArrayList,
    CaseDict,
    ErrorRecord,
    HashTable,
    PSObject,
    ScriptBlock,
    SecureString,
    TypeRef,
    Value,
    listify,
)

_EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)


def to_string(value: Value) -> str:
    """The text of a value inside ``"…"`` (invariant culture)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, datetime.datetime):
        return value.strftime("%m/%d/%Y %H:%M:%S")
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, bytes):
        return " ".join(str(byte) for byte in value)
    if isinstance(value, list):
        return " ".join(to_string(item) for item in value)
    if isinstance(value, HashTable):
        return "System.Collections.Hashtable"
    if isinstance(value, TypeRef):
        return value.name
    return str(value)


def to_bool(value: Value) -> bool:
    """Truth: empty text, zero, null and an array of one false item are false."""
    if isinstance(value, list):
        return bool(to_bool(value[0])) if len(value) == 1 else bool(value)
    if isinstance(value, CaseDict):
        return True
    return value not in (None, "", 0, False)


def to_number(value: Value) -> int | float:
    """A number for arithmetic.

    Raises:
        MethodError: the value is no number.
    """
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return value
    text = to_string(value).strip()
    try:
        if text.lower().startswith("0x"):
            return int(text, 16)
        return int(text) if text.lstrip("+-").isdigit() else float(text or 0)
    except ValueError:
        raise MethodError(
            f'Cannot convert value "{text}" to type "System.Int32". Error: "Input string was not in a correct format."',
            "System.Management.Automation.RuntimeException",
        ) from None


def to_int(value: Value) -> int:
    """An integer, rounded to the even neighbour as .NET does."""
    number = to_number(value)
    return round(number)


def to_file_time(moment: datetime.datetime) -> int:
    """Hundreds of nanoseconds since 1601, exactly."""
    delta = _utc(moment) - _EPOCH
    return ((delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds) * 10


def _utc(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)


def type_name(value: Value) -> str:
    """The full .NET name of a value's type."""
    if isinstance(value, PSObject):
        return value.type_name
    for kind, name in _NAMES:
        if isinstance(value, kind):
            return name
    return type(value).__name__


_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "System.Boolean"),
    (int, "System.Int32"),
    (float, "System.Double"),
    (str, "System.String"),
    (bytes, "System.Byte[]"),
    (datetime.datetime, "System.DateTime"),
    (datetime.timedelta, "System.TimeSpan"),
    (TypeRef, "System.RuntimeType"),
    (HashTable, "System.Collections.Hashtable"),
    (ArrayList, "System.Collections.ArrayList"),
    (list, "System.Object[]"),
    (ScriptBlock, "System.Management.Automation.ScriptBlock"),
    (SecureString, "System.Security.SecureString"),
)


def short_name(name: str) -> str:
    """A type name without case, without ``System.``, for look-ups."""
    folded = name.casefold().replace(" ", "")
    return folded.removeprefix("system.")


def _to_hashtable(value: Value) -> Value:
    if isinstance(value, HashTable):
        return value
    raise MethodError(f'Cannot convert "{to_string(value)}" to type "System.Collections.Hashtable".')


def _to_custom_object(value: Value) -> Value:
    if not isinstance(value, HashTable):
        return value
    return PSObject("System.Management.Automation.PSCustomObject", value)


def _to_array(value: Value) -> list[Value]:
    return [] if value is None else listify(value)


def _to_byte_array(value: Value) -> bytes:
    return value if isinstance(value, bytes) else bytes(to_int(item) for item in _to_array(value))


def _to_datetime(value: Value) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value
    try:
        return datetime.datetime.fromisoformat(to_string(value))
    except ValueError:
        raise MethodError(f'Cannot convert value "{to_string(value)}" to type "System.DateTime".') from None


def _identity(value: Value) -> Value:
    return value


def _to_switch(value: Value) -> bool:
    return to_bool(value)


def _to_script_block(value: Value) -> ScriptBlock:
    if isinstance(value, ScriptBlock):
        return value
    raise MethodError(f'Cannot convert the "{to_string(value)}" value to type "ScriptBlock".')


CASTS: dict[str, t.Callable[[Value], Value]] = {
    "string": to_string,
    "int": to_int,
    "int32": to_int,
    "int64": to_int,
    "long": to_int,
    "uint32": to_int,
    "uint64": to_int,
    "double": lambda value: float(to_number(value)),
    "decimal": lambda value: float(to_number(value)),
    "bool": to_bool,
    "boolean": to_bool,
    "switch": _to_switch,
    "management.automation.switchparameter": _to_switch,
    "object": _identity,
    "psobject": _identity,
    "void": lambda value: None,
    "hashtable": _to_hashtable,
    "collections.hashtable": _to_hashtable,
    "ordered": _to_hashtable,
    "pscustomobject": _to_custom_object,
    "management.automation.pscustomobject": _to_custom_object,
    "array": _to_array,
    "object[]": _to_array,
    "string[]": lambda value: [to_string(item) for item in _to_array(value)],
    "int[]": lambda value: [to_int(item) for item in _to_array(value)],
    "byte[]": _to_byte_array,
    "datetime": _to_datetime,
    "scriptblock": _to_script_block,
    "version": lambda value: _to_version(value),
    "uri": lambda value: to_string(value),
    "guid": lambda value: to_string(value),
    "securestring": _identity,
    "security.securestring": _identity,
}


def _to_version(value: Value) -> PSObject:
    """A version that compares by its numbers."""
    text = to_string(value)
    parts = text.split(".")
    if not 2 <= len(parts) <= 4 or not all(part.isdigit() for part in parts):
        raise MethodError(f'Cannot convert value "{text}" to type "System.Version".')
    names = ("Major", "Minor", "Build", "Revision")
    numbers = [int(part) for part in parts] + [-1] * (4 - len(parts))
    return PSObject("System.Version", dict(zip(names, numbers, strict=True)), text=text)


def cast(name: str, value: Value) -> Value:
    """``[name] value``.

    Raises:
        UnsupportedPowerShell: a type the lab has no conversion for.
        MethodError: the value does not convert.
    """
    convert = CASTS.get(short_name(name))
    if convert is None:
        raise UnsupportedPowerShell(f"a cast to [{name}]")
    return convert(value)


_IS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "int": (int,),
    "int32": (int,),
    "long": (int,),
    "int64": (int,),
    "double": (float,),
    "bool": (bool,),
    "boolean": (bool,),
    "array": (list,),
    "object[]": (list,),
    "hashtable": (HashTable,),
    "collections.hashtable": (HashTable,),
    "collections.idictionary": (HashTable,),
    "datetime": (datetime.datetime,),
    "scriptblock": (ScriptBlock,),
    "management.automation.errorrecord": (ErrorRecord,),
    "byte[]": (bytes,),
}


def is_type(value: Value, name: str) -> bool:
    """``value -is [name]``."""
    wanted = short_name(name)
    if wanted in ("object", "psobject"):
        return value is not None
    if isinstance(value, PSObject) and wanted not in _IS:
        return short_name(value.type_name) in (wanted, f"management.automation.{wanted}")
    if wanted not in _IS:
        raise UnsupportedPowerShell(f"-is [{name}]")
    exact_bool = isinstance(value, bool) and bool not in _IS[wanted]
    return isinstance(value, _IS[wanted]) and not exact_bool
