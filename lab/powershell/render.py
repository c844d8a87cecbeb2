# SPDX-License-Identifier: GPL-3.0-or-later
"""How values look on the console. Objects are always shown as a list: the lab has no format files."""

from __future__ import annotations

import datetime

from lab.powershell.convert import to_string
from lab.powershell.dotnet_format import format_moment
from lab.powershell.values import ErrorRecord, HashTable, PSObject, Value


def lines(value: Value) -> str:
    """The text for one value in the default output, with its line end; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return f"\n{format_moment(value, 'F')}\n\n"
    if isinstance(value, ErrorRecord):
        return value.report()
    if isinstance(value, HashTable):
        return _pairs(["Name", "Value"], [(name, to_string(item)) for name, item in value.items()])
    if isinstance(value, PSObject) and value.text is None and value.properties:
        return property_list(value)
    if isinstance(value, (list, bytes)):
        return "".join(lines(item) for item in value)
    return to_string(value) + "\n"


def property_list(value: PSObject) -> str:
    """``Format-List`` of one object."""
    shown = {name: item for name, item in value.properties.items() if not name.startswith("PS")}
    width = max((len(name) for name in shown), default=0)
    return "\n" + "".join(f"{name.ljust(width)} : {_cell(item)}\n" for name, item in shown.items()) + "\n"


def _cell(value: Value) -> str:
    return "{" + ", ".join(map(to_string, value)) + "}" if isinstance(value, list) else to_string(value)


def _pairs(heads: list[str], rows: list[tuple[str, str]]) -> str:
    width = max(len(text) for text in [heads[0], *(name for name, _ in rows)])
    table = [(heads[0], heads[1]), ("-" * len(heads[0]), "-" * len(heads[1])), *rows]
    return "\n" + "".join(f"{name.ljust(width)} {text}\n" for name, text in table) + "\n"
