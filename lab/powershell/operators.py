# SPDX-License-Identifier: GPL-3.0-or-later
"""Binary operators as tables of functions. Comparisons ignore case unless the name begins with c."""

from __future__ import annotations

import datetime
import fnmatch
import re
import typing as t

from lab.powershell import dotnet_format
from lab.powershell.convert import is_type, to_bool, to_int, to_number, to_string
from lab.powershell.errors import MethodError, UnsupportedPowerShell
from lab.powershell.values import HashTable, PSObject, ScriptBlock, TypeRef, Value, listify

Matches = dict[t.Any, str]  # what $Matches becomes


def add(left: Value, right: Value) -> Value:
    """``+``: the left side decides."""
    if isinstance(left, list):
        return [*left, *listify(right)] if right is not None or isinstance(right, list) else [*left, None]
    if isinstance(left, HashTable) and isinstance(right, HashTable):
        return HashTable([*left.items(), *right.items()])
    if isinstance(left, str):
        return left + to_string(right)
    if isinstance(left, datetime.datetime) and isinstance(right, datetime.timedelta):
        return left + right
    return right if left is None else to_number(left) + to_number(right)


def subtract(left: Value, right: Value) -> Value:
    """``-``: also between moments."""
    if isinstance(left, datetime.datetime) and isinstance(right, (datetime.datetime, datetime.timedelta)):
        return left - right
    return to_number(left) - to_number(right)


def multiply(left: Value, right: Value) -> Value:
    """``*``: repeats text and arrays."""
    if isinstance(left, (str, list)):
        return left * to_int(right)
    return to_number(left) * to_number(right)


def divide(left: Value, right: Value) -> Value:
    """``/``: an integer when nothing is lost."""
    divisor = to_number(right)
    if divisor == 0:
        raise MethodError("Attempted to divide by zero.")
    result = to_number(left) / divisor
    return int(result) if result == int(result) else result


def remainder(left: Value, right: Value) -> Value:
    """``%``: the sign of the left side."""
    import math

    divisor = to_number(right)
    if divisor == 0:
        raise MethodError("Attempted to divide by zero.")
    result = math.fmod(to_number(left), divisor)
    return int(result) if result == int(result) else result


ARITHMETIC: dict[str, t.Callable[[Value, Value], Value]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "-band": lambda a, b: to_int(a) & to_int(b),
    "-bor": lambda a, b: to_int(a) | to_int(b),
    "-bxor": lambda a, b: to_int(a) ^ to_int(b),
    "-shl": lambda a, b: to_int(a) << to_int(b),
    "-shr": lambda a, b: to_int(a) >> to_int(b),
}


def equal(left: Value, right: Value, exact: bool = False) -> bool:
    """``-eq`` between two single values: the right side is converted to the left side's type."""
    if left is None or right is None:
        return left is right
    if isinstance(left, str):
        text = to_string(right)
        return left == text if exact else left.casefold() == text.casefold()
    if isinstance(left, bool):
        return left == to_bool(right)
    if isinstance(left, (int, float)):
        try:
            return left == to_number(right)
        except MethodError:
            return False
    if isinstance(left, PSObject) and isinstance(right, (str, PSObject)) and left is not right:
        return to_string(left).casefold() == to_string(right).casefold()
    return bool(left == right)


def compare(left: Value, right: Value, exact: bool = False) -> int:
    """-1, 0 or 1 for ordering."""
    if isinstance(left, str):
        a, b = left, to_string(right)
        a, b = (a, b) if exact else (a.casefold(), b.casefold())
        return (a > b) - (a < b)
    if isinstance(left, (datetime.datetime, datetime.timedelta)):
        return (left > right) - (left < right)
    if isinstance(left, PSObject) and left.type_name == "System.Version":
        from lab.powershell.convert import cast

        other = right if isinstance(right, PSObject) else cast("version", right)
        first, second = list(left.properties.values()), list(other.properties.values())
        return (first > second) - (first < second)
    x, y = to_number(left), to_number(right)
    return (x > y) - (x < y)


def like(left: Value, right: Value, exact: bool = False) -> bool:
    """``-like``: wildcards."""
    text, pattern = to_string(left), to_string(right)
    return fnmatch.fnmatchcase(text, pattern) if exact else fnmatch.fnmatchcase(text.casefold(), pattern.casefold())


_PREDICATES: dict[str, t.Callable[[Value, Value, bool], bool]] = {
    "eq": lambda a, b, exact: equal(a, b, exact),
    "ne": lambda a, b, exact: not equal(a, b, exact),
    "gt": lambda a, b, exact: compare(a, b, exact) > 0,
    "ge": lambda a, b, exact: compare(a, b, exact) >= 0,
    "lt": lambda a, b, exact: compare(a, b, exact) < 0,
    "le": lambda a, b, exact: compare(a, b, exact) <= 0,
    "like": like,
    "notlike": lambda a, b, exact: not like(a, b, exact),
}


def _regex(pattern: Value, exact: bool) -> re.Pattern[str]:
    # .NET spells named groups (?<name>…), Python (?P<name>…).
    text = re.sub(r"\(\?<(?![=!])", "(?P<", to_string(pattern))
    try:
        return re.compile(text, 0 if exact else re.IGNORECASE)
    except re.error as exc:
        raise UnsupportedPowerShell(f"the regular expression '{text}' ({exc})") from exc


def match(left: Value, right: Value, exact: bool, matches: t.Callable[[Matches], None]) -> Value:
    """``-match``; a single value that matches also sets $Matches."""
    regex = _regex(right, exact)
    if isinstance(left, list):
        return [item for item in left if regex.search(to_string(item))]
    found = regex.search(to_string(left))
    if found:
        groups: Matches = {i: text for i, text in enumerate([found[0], *found.groups()]) if text is not None}
        groups.update({name: text for name, text in found.groupdict().items() if text is not None})
        matches(groups)
    return found is not None


def replace(left: Value, right: Value, exact: bool) -> Value:
    """``-replace``: a pattern and, optionally, what takes its place."""
    pattern, substitute = (*listify(right), "")[:2]
    if isinstance(substitute, ScriptBlock):
        raise UnsupportedPowerShell("-replace with a script block")
    regex = _regex(pattern, exact)
    template = to_string(substitute)

    def expand(found: re.Match[str]) -> str:
        def group(reference: re.Match[str]) -> str:
            name = reference[1] or reference[2]
            if reference[0] == "$$":
                return "$"
            key: int | str = int(name) if name.isdigit() else name
            return found[key] or "" if key in found.groupdict() or isinstance(key, int) else reference[0]

        return re.sub(r"\$(?:\$|\{(\w+)\}|(\d+))", group, template)

    if isinstance(left, list):
        return [regex.sub(expand, to_string(item)) for item in left]
    return regex.sub(expand, to_string(left))


def split(left: Value, right: Value, exact: bool) -> list[Value]:
    """``-split``: a pattern and, optionally, how many parts at most."""
    pattern, limit = (*listify(right), 0)[:2]
    regex = _regex(pattern, exact)
    return [part for item in listify(left) for part in regex.split(to_string(item), maxsplit=max(to_int(limit) - 1, 0))]


def contains(collection: Value, item: Value, exact: bool) -> bool:
    """``-contains``."""
    return any(equal(member, item, exact) for member in listify(collection))


def apply(operator: str, left: Value, right: Value, matches: t.Callable[[Matches], None]) -> Value:
    """The value of ``left operator right`` for every comparison operator.

    Raises:
        UnsupportedPowerShell: an operator outside the tables.
    """
    name = operator.casefold().removeprefix("-")
    exact = name.startswith("c") and name != "contains"
    base = name[1:] if name != "contains" and name not in _PLAIN and name[0] in "ci" and name[1:] in _PLAIN else name
    if base in _PREDICATES:
        predicate = _PREDICATES[base]
        if isinstance(left, list):
            return [item for item in left if predicate(item, right, exact)]
        return predicate(left, right, exact)
    if base == "match":
        return match(left, right, exact, matches)
    if base == "notmatch":
        regex = _regex(right, exact)
        if isinstance(left, list):
            return [item for item in left if not regex.search(to_string(item))]
        return not regex.search(to_string(left))
    if base in _SIMPLE:
        return _SIMPLE[base](left, right, exact)
    raise UnsupportedPowerShell(f"the operator {operator}")


def _is(left: Value, right: Value, exact: bool) -> bool:
    return is_type(left, right.name if isinstance(right, TypeRef) else to_string(right))


def _as(left: Value, right: Value, exact: bool) -> Value:
    from lab.powershell.convert import cast

    try:
        return cast(right.name if isinstance(right, TypeRef) else to_string(right), left)
    except MethodError:
        return None


_SIMPLE: dict[str, t.Callable[[Value, Value, bool], Value]] = {
    "replace": replace,
    "split": split,
    "join": lambda a, b, exact: to_string(b).join(to_string(item) for item in listify(a)),
    "contains": contains,
    "notcontains": lambda a, b, exact: not contains(a, b, exact),
    "in": lambda a, b, exact: contains(b, a, exact),
    "notin": lambda a, b, exact: not contains(b, a, exact),
    "is": _is,
    "isnot": lambda a, b, exact: not _is(a, b, exact),
    "as": _as,
}
_PLAIN = frozenset({*_PREDICATES, *_SIMPLE, "match", "notmatch"})


def format_string(template: Value, arguments: Value) -> str:
    """``-f``."""
    return dotnet_format.compose(to_string(template), listify(arguments))
