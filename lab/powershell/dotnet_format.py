# SPDX-License-Identifier: GPL-3.0-or-later
""".NET's composite format strings: ``{0}``, ``{1,-8}``, ``{0:yyyy-MM-dd}``, ``{0:X8}``."""

from __future__ import annotations

import datetime
import re

from lab.powershell.convert import to_int, to_number, to_string
from lab.powershell.errors import MethodError, UnsupportedPowerShell
from lab.powershell.values import Value

_HOLE = re.compile(r"\{\{|\}\}|\{(\d+)(?:,(-?\d+))?(?::([^}]*))?\}|[{}]")
_MOMENT = re.compile(
    r"yyyy|yy|MMMM|MMM|MM|M|dddd|ddd|dd|d|HH|H|hh|h|mm|m|ss|s|f{1,7}|tt|zzz|K|'[^']*'|\\.|.", re.DOTALL
)
_STANDARD = {
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ssZ",
    "d": "M/d/yyyy",
    "g": "M/d/yyyy h:mm tt",
    "G": "M/d/yyyy h:mm:ss tt",
    "T": "h:mm:ss tt",
    "F": "dddd, MMMM d, yyyy h:mm:ss tt",
}


def compose(template: str, arguments: list[Value]) -> str:
    """Fill the holes of a template.

    Raises:
        MethodError: a hole without argument, or a brace that is no hole (FormatException in .NET).
    """

    def fill(hole: re.Match[str]) -> str:
        if hole[0] in ("{{", "}}"):
            return hole[0][0]
        if hole[1] is None or int(hole[1]) >= len(arguments):
            raise MethodError(
                "Error formatting a string: Index (zero based) must be greater than or equal to zero and less than the "
                "size of the argument list.",
                "System.FormatException",
            )
        text = format_value(arguments[int(hole[1])], hole[3] or "")
        width = int(hole[2] or 0)
        return text.ljust(-width) if width < 0 else text.rjust(width)

    return _HOLE.sub(fill, template)


def format_value(value: Value, pattern: str) -> str:
    """One value by one .NET format."""
    if isinstance(value, datetime.datetime):
        return format_moment(value, pattern) if pattern else format_moment(value, "G")
    if not pattern:
        return to_string(value)
    if isinstance(value, (int, float)):
        return _format_number(value, pattern)
    return to_string(value)


def _format_number(value: int | float, pattern: str) -> str:
    kind, digits = pattern[0], pattern[1:]
    if digits and not digits.isdigit():
        kind = ""
    if kind in "dD":
        return f"{to_int(value):0{digits or 1}d}"
    if kind in "xX":
        return f"{to_int(value):0{digits or 1}{kind}}"
    if kind in "nN":
        return f"{to_number(value):,.{digits or 2}f}"
    if kind in "fF":
        return f"{to_number(value):.{digits or 2}f}"
    if pattern.strip("0") == "":
        return f"{to_int(value):0{len(pattern)}d}"
    raise UnsupportedPowerShell(f"the number format '{pattern}'")


def format_moment(moment: datetime.datetime, pattern: str) -> str:
    """A date and time by a standard (one letter) or custom pattern."""
    if len(pattern) == 1:
        if pattern not in _STANDARD:
            raise UnsupportedPowerShell(f"the date format '{pattern}'")
        pattern = _STANDARD[pattern]
    return "".join(_part(moment, part) for part in _MOMENT.findall(pattern))


def _part(moment: datetime.datetime, part: str) -> str:
    hour12 = moment.hour % 12 or 12
    table = {
        "yyyy": f"{moment.year:04}",
        "yy": f"{moment.year % 100:02}",
        "MMMM": moment.strftime("%B"),
        "MMM": moment.strftime("%b"),
        "MM": f"{moment.month:02}",
        "M": str(moment.month),
        "dddd": moment.strftime("%A"),
        "ddd": moment.strftime("%a"),
        "dd": f"{moment.day:02}",
        "d": str(moment.day),
        "HH": f"{moment.hour:02}",
        "H": str(moment.hour),
        "hh": f"{hour12:02}",
        "h": str(hour12),
        "mm": f"{moment.minute:02}",
        "m": str(moment.minute),
        "ss": f"{moment.second:02}",
        "s": str(moment.second),
        "tt": "AM" if moment.hour < 12 else "PM",
        "zzz": "+00:00",
        "K": "Z" if moment.tzinfo else "",
    }
    if part in table:
        return table[part]
    if set(part) == {"f"}:
        return f"{moment.microsecond:06}0"[: len(part)]
    return part.strip("'") if part.startswith("'") else part.removeprefix("\\")
