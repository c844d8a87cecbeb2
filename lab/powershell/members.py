# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties, methods and indices of values."""

from __future__ import annotations

import datetime
import re
import typing as t

from lab.powershell.convert import cast, to_file_time, to_int, to_number, to_string, type_name
from lab.powershell.dotnet_format import format_moment, format_value
from lab.powershell.errors import MethodError, PSError, UnsupportedPowerShell
from lab.powershell.values import ArrayList, CaseDict, HashTable, PSObject, SecureString, Value, type_info

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter

_DATE_PARTS = ("Year", "Month", "Day", "Hour", "Minute", "Second")


def _moment_property(value: datetime.datetime, name: str) -> Value:
    if name in map(str.casefold, _DATE_PARTS):
        return getattr(value, name)
    table: dict[str, Value] = {
        "date": value.replace(hour=0, minute=0, second=0, microsecond=0),
        "ticks": to_file_time(value) + 504_911_232_000_000_000,
        "dayofweek": value.strftime("%A"),
        "dayofyear": value.timetuple().tm_yday,
        "millisecond": value.microsecond // 1000,
    }
    return table.get(name, _MISSING)


_MISSING = object()
_SPAN = {
    "totalseconds": 1.0,
    "totalminutes": 60.0,
    "totalhours": 3600.0,
    "totaldays": 86400.0,
    "totalmilliseconds": 0.001,
}


def get(shell: Interpreter, value: Value, name: str) -> Value:
    """``value.name``. An array without the property asks each of its members.

    Raises:
        PSError: strict mode, and there is no such property.
        UnsupportedPowerShell: a property that .NET has and the lab does not know of.
    """
    found = _property(value, name.casefold(), name)
    if found is not _MISSING:
        return found
    if isinstance(value, list):
        each = [_property(item, name.casefold(), name) for item in value]
        present = [item for item in each if item is not _MISSING]
        if present:
            return present if len(present) > 1 else present[0]
    if shell.strict:
        message = f"The property '{name}' cannot be found on this object. Verify that the property exists."
        raise PSError(shell.record(message, "PropertyNotFoundException", identity="PropertyNotFoundStrict"))
    return None


def _property(value: Value, name: str, spelled: str) -> Value:
    if isinstance(value, HashTable):
        if spelled in value:
            return value[spelled]
        table: dict[str, Value] = {"count": len(value), "keys": list(value.keys()), "values": list(value.values())}
        return table.get(name, _MISSING)
    if isinstance(value, CaseDict):
        return value.get(spelled, _MISSING)
    if isinstance(value, PSObject):
        if spelled in value.properties:
            return value.properties[spelled]
        return 1 if name in ("count", "length") else _MISSING
    if isinstance(value, (list, bytes)):
        return len(value) if name in ("count", "length") else _MISSING
    if isinstance(value, str):
        return {"length": len(value), "count": 1}.get(name, _MISSING)
    if isinstance(value, datetime.datetime):
        return _moment_property(value, name)
    if isinstance(value, datetime.timedelta):
        return value.total_seconds() / _SPAN[name] if name in _SPAN else {"days": value.days}.get(name, _MISSING)
    if name in ("count", "length"):
        return 0 if value is None else 1
    return _MISSING


def set_property(shell: Interpreter, owner: Value, name: str, value: Value) -> None:
    """``owner.name = value``.

    Raises:
        MethodError: the object has no such property.
    """
    if isinstance(owner, HashTable):
        owner[name] = value
        return
    if isinstance(owner, PSObject):
        if name in owner.setters:
            owner.setters[name](value)
            owner.properties[name] = value
            return
        if name in owner.properties:
            if not owner.type_name.endswith("PSCustomObject"):
                raise UnsupportedPowerShell(f"an assignment to {name} of {owner.type_name}", shell.line)
            owner.properties[name] = value
            return
    raise MethodError(
        f"The property '{name}' cannot be found on this object. Verify that the property exists and can be set."
    )


def index(shell: Interpreter, value: Value, key: Value) -> Value:
    """``value[key]``."""
    if isinstance(value, CaseDict):
        return value.get(key)
    if isinstance(key, list):
        return [index(shell, value, one) for one in key]
    if value is None:
        raise MethodError("Cannot index into a null array.")
    if isinstance(value, (list, str, bytes)):
        position = to_int(key)
        return value[position] if -len(value) <= position < len(value) else None
    if isinstance(value, PSObject) and isinstance(key, int):
        return value if key in (0, -1) else None
    raise UnsupportedPowerShell(f"an index into {type_name(value)}", shell.line)


def set_index(shell: Interpreter, owner: Value, key: Value, value: Value) -> None:
    """``owner[key] = value``."""
    if isinstance(owner, HashTable):
        owner[key] = value
    elif isinstance(owner, list):
        position = to_int(key)
        if not -len(owner) <= position < len(owner):
            raise MethodError("Index was outside the bounds of the array.", "System.IndexOutOfRangeException")
        owner[position] = value
    else:
        raise UnsupportedPowerShell(f"an assignment into {type_name(owner)}", shell.line)


def call(shell: Interpreter, value: Value, name: str, arguments: list[Value]) -> Value:
    """``value.name(arguments)``.

    Raises:
        MethodError: what .NET would throw.
        UnsupportedPowerShell: a method the lab does not know.
    """
    folded = name.casefold()
    if value is None:
        raise MethodError("You cannot call a method on a null-valued expression.")
    if isinstance(value, PSObject) and name in value.methods:
        return value.methods[name](*arguments)
    if isinstance(value, ArrayList) and folded in _LIST_METHODS:
        return _LIST_METHODS[folded](value, *arguments)
    for kind, methods in _METHODS:
        if isinstance(value, kind) and folded in methods:
            try:
                return methods[folded](value, *arguments)
            except TypeError as exc:
                raise UnsupportedPowerShell(f"{type_name(value)}.{name} with these arguments", shell.line) from exc
    if folded == "tostring" and not arguments:
        return to_string(value)
    if folded == "gettype":
        return type_info(type_name(value))
    raise UnsupportedPowerShell(f"the method {name} of {type_name(value)}", shell.line)


def _add_to_list(items: ArrayList, item: Value) -> None:
    items.append(item)


_LIST_METHODS: dict[str, t.Callable[..., Value]] = {
    "add": _add_to_list,
    "addrange": lambda items, more: items.extend(more),
    "contains": lambda items, item: item in items,
    "toarray": lambda items: list(items),
    "clear": lambda items: items.clear(),
}


def _split(text: str, separator: Value = None, *more: Value) -> list[Value]:
    marks = [to_string(one) for one in ([separator, *more] if not isinstance(separator, list) else separator) if one]
    if not marks:
        return list(text.split())
    return list(re.split("|".join(re.escape(mark) for mark in marks), text))


def _substring(text: str, start: Value, length: Value = None) -> str:
    first = to_int(start)
    last = len(text) if length is None else first + to_int(length)
    if not 0 <= first <= last <= len(text):
        raise MethodError(
            'Exception calling "Substring": "Index and length must refer to a location within the string."',
            "System.ArgumentOutOfRangeException",
        )
    return text[first:last]


_TEXT: dict[str, t.Callable[..., Value]] = {
    "trim": lambda text, chars=None: text.strip(chars and to_string(chars)),
    "trimstart": lambda text, chars=None: text.lstrip(chars and to_string(chars)),
    "trimend": lambda text, chars=None: text.rstrip(chars and to_string(chars)),
    "toupper": lambda text: text.upper(),
    "tolower": lambda text: text.lower(),
    "toupperinvariant": lambda text: text.upper(),
    "tolowerinvariant": lambda text: text.lower(),
    "startswith": lambda text, other: text.startswith(to_string(other)),
    "endswith": lambda text, other: text.endswith(to_string(other)),
    "contains": lambda text, other: to_string(other) in text,
    "indexof": lambda text, other: text.find(to_string(other)),
    "lastindexof": lambda text, other: text.rfind(to_string(other)),
    "replace": lambda text, old, new: text.replace(to_string(old), to_string(new)),
    "split": _split,
    "substring": _substring,
    "padleft": lambda text, width, fill=" ": text.rjust(to_int(width), fill),
    "padright": lambda text, width, fill=" ": text.ljust(to_int(width), fill),
    "tochararray": lambda text: list(text),
}


def _span(unit: str) -> t.Callable[[datetime.datetime, Value], datetime.datetime]:
    return lambda moment, amount: moment + datetime.timedelta(**{unit: float(to_number(amount))})


def _add_months(moment: datetime.datetime, amount: Value) -> datetime.datetime:
    total = moment.year * 12 + moment.month - 1 + to_int(amount)
    year, month = divmod(total, 12)
    day = min(moment.day, (datetime.date(year + month // 11, (month + 1) % 12 + 1, 1) - datetime.timedelta(1)).day)
    return moment.replace(year=year, month=month + 1, day=day)


_MOMENT: dict[str, t.Callable[..., Value]] = {
    "adddays": _span("days"),
    "addhours": _span("hours"),
    "addminutes": _span("minutes"),
    "addseconds": _span("seconds"),
    "addmonths": _add_months,
    "addyears": lambda moment, amount: _add_months(moment, to_int(amount) * 12),
    "tofiletime": to_file_time,
    "tofiletimeutc": to_file_time,
    "touniversaltime": lambda moment: moment.astimezone(datetime.UTC),
    "tolocaltime": lambda moment: moment,
    "tostring": lambda moment, pattern="": format_moment(moment, pattern) if pattern else to_string(moment),
}
_NUMBER: dict[str, t.Callable[..., Value]] = {"tostring": lambda value, pattern="": format_value(value, pattern)}


def _remove_key(table: HashTable, key: Value) -> None:
    table.pop(key)


def _add_key(table: HashTable, key: Value, value: Value) -> None:
    if key in table:
        raise MethodError(f"Item has already been added. Key in dictionary: '{key}'", "System.ArgumentException")
    table[key] = value


_HASH: dict[str, t.Callable[..., Value]] = {
    "containskey": lambda table, key: key in table,
    "contains": lambda table, key: key in table,
    "add": _add_key,
    "remove": _remove_key,
    "clone": lambda table: HashTable(table.items()),
}
_METHODS: tuple[tuple[type | tuple[type, ...], dict[str, t.Callable[..., Value]]], ...] = (
    (HashTable, _HASH),
    (str, _TEXT),
    (datetime.datetime, _MOMENT),
    ((int, float), _NUMBER),
    (list, {"contains": lambda items, item: item in items}),
    (SecureString, {"dispose": lambda secret: None}),
)

__all__ = ["call", "cast", "get", "index", "set_index", "set_property"]
