# SPDX-License-Identifier: GPL-3.0-or-later
"""Cmdlets that work on whatever comes through the pipeline."""

from __future__ import annotations

import functools
import re
import typing as t

from lab.powershell import functions, members, operators
from lab.powershell.convert import CASTS, cast, short_name, to_bool, to_number, to_string
from lab.powershell.errors import CmdletError, UnsupportedPowerShell
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import HashTable, PSObject, ScriptBlock, Value, collapse, listify

_INPUT = P("InputObject", "object", pipeline=True)


@cmdlet(
    "ForEach-Object",
    P("Process", "object", 0),
    P("Begin", "object"),
    P("End", "object"),
    P("MemberName"),
    P("ArgumentList", "object", aliases=("Args",)),
    _INPUT,
)
def for_each_object(call: Call) -> t.Iterable[Value]:
    """Run a block, or name a member, for every item."""
    action = call.get("Process", call.get("MemberName"))
    out: list[Value] = []
    if "Begin" in call:
        call.shell.call_block(call["Begin"], out, scope=False)
    for item in listify(call.get("InputObject")) if "InputObject" in call else [None]:
        if isinstance(action, ScriptBlock):
            call.shell.call_block(action, out, {"_": item, "PSItem": item}, scope=False)
        else:
            out.extend(listify(_member(call, item, to_string(action))))
    if "End" in call:
        call.shell.call_block(call["End"], out, scope=False)
    return out


def _member(call: Call, item: Value, name: str) -> Value:
    """A property, or a method without arguments."""
    properties = getattr(item, "properties", item if isinstance(item, HashTable) else {})
    if name in properties or name.casefold() in ("length", "count"):
        return members.get(call.shell, item, name)
    return members.call(call.shell, item, name, listify(call.get("ArgumentList")) if "ArgumentList" in call else [])


_COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le", "like", "notlike", "match", "notmatch", "in", "notin", "contains")


@cmdlet(
    "Where-Object",
    P("FilterScript", "object", 0),
    P("Value", "object", 1),
    P("Property"),
    *(P(name.capitalize(), "object") for name in _COMPARISONS),
    _INPUT,
)
def where_object(call: Call) -> t.Iterable[Value]:
    """Keep the items for which a block, or a comparison of a property, is true."""
    test = call.get("FilterScript", call.get("Property"))
    given = [name for name in _COMPARISONS if name in call]
    for item in listify(call.get("InputObject")) if "InputObject" in call else []:
        if isinstance(test, ScriptBlock):
            keep = functions.output_of(call.shell, test, item)
        else:
            left = members.get(call.shell, item, to_string(test))
            keep = operators.apply(f"-{given[0]}", left, call[given[0]], lambda groups: None) if given else left
        if to_bool(keep):
            yield item


@cmdlet(
    "Select-Object",
    P("Property", "object", 0),
    P("ExpandProperty"),
    P("First", "int"),
    P("Last", "int"),
    P("Skip", "int"),
    P("Unique", SWITCH),
    _INPUT,
)
def select_object(call: Call) -> t.Iterable[Value]:
    """Choose items, properties, or one property's values."""
    items = listify(call.get("InputObject")) if "InputObject" in call else []
    items = items[call.get("Skip", 0) :]
    if "First" in call:
        items = items[: call["First"]]
    if "Last" in call:
        items = items[-call["Last"] :]
    chosen = [_select(call, item) for item in items]
    if "ExpandProperty" in call:
        chosen = [value for item in chosen for value in listify(item)]
    if call.flag("Unique"):
        chosen = [
            item for place, item in enumerate(chosen) if not any(operators.equal(item, o, True) for o in chosen[:place])
        ]
    return chosen


def _select(call: Call, item: Value) -> Value:
    if "ExpandProperty" in call:
        return members.get(call.shell, item, call.text("ExpandProperty"))
    if "Property" not in call:
        return item
    view = PSObject("Selected.System.Management.Automation.PSCustomObject")
    for wanted in listify(call["Property"]):
        name, value = _calculated(call, item, wanted)
        if name == "*":
            for key, content in getattr(item, "properties", {}).items():
                view.properties[key] = content
        else:
            view.properties[name] = value
    return view


def _calculated(call: Call, item: Value, wanted: Value) -> tuple[str, Value]:
    if isinstance(wanted, HashTable):
        name = wanted.get("Name", wanted.get("n", wanted.get("Label", wanted.get("l"))))
        block = wanted.get("Expression", wanted.get("e"))
        return to_string(name), functions.output_of(call.shell, block, item)
    name = to_string(wanted)
    return name, None if name == "*" else members.get(call.shell, item, name)


@cmdlet("Sort-Object", P("Property", "object", 0), P("Descending", SWITCH), P("Unique", SWITCH), _INPUT)
def sort_object(call: Call) -> t.Iterable[Value]:
    """Order items by themselves, a property or a block."""

    def key(item: Value) -> Value:
        wanted = call.get("Property")
        if isinstance(wanted, ScriptBlock):
            return functions.output_of(call.shell, wanted, item)
        return item if wanted is None else members.get(call.shell, item, to_string(wanted))

    def order(a: Value, b: Value) -> int:
        return operators.compare(key(a), key(b))

    items = listify(call.get("InputObject")) if "InputObject" in call else []
    ordered = sorted(items, key=functools.cmp_to_key(order), reverse=call.flag("Descending"))
    if call.flag("Unique"):
        ordered = [item for place, item in enumerate(ordered) if not place or order(ordered[place - 1], item)]
    return ordered


@cmdlet(
    "Measure-Object",
    P("Property", "string", 0),
    P("Sum", SWITCH),
    P("Maximum", SWITCH),
    P("Minimum", SWITCH),
    P("Line", SWITCH),
    _INPUT,
)
def measure_object(call: Call) -> t.Iterable[Value]:
    """Count, and add up when asked."""
    items = listify(call.get("InputObject")) if "InputObject" in call else []
    values = [members.get(call.shell, item, call.text("Property")) if "Property" in call else item for item in items]
    result: dict[str, Value] = {"Count": len(items)}
    if call.flag("Line"):
        result["Lines"] = sum(to_string(value).count("\n") + 1 for value in values)
    for flag, function in (("Sum", sum), ("Maximum", max), ("Minimum", min)):
        if call.flag(flag):
            result[flag] = function([to_number(value) for value in values]) if values else None
    return [PSObject("Microsoft.PowerShell.Commands.GenericMeasureInfo", result)]


@cmdlet(
    "Select-String",
    P("Pattern", "string[]", 0, required=True),
    P("SimpleMatch", SWITCH),
    P("Quiet", SWITCH),
    P("CaseSensitive", SWITCH),
    P("Path", "string[]", 1),
    _INPUT,
)
def select_string(call: Call) -> t.Iterable[Value]:
    """Find lines."""
    lines = [to_string(item) for item in listify(call.get("InputObject"))] if "InputObject" in call else []
    for path in call.texts("Path"):
        lines += call.machine.files.read_text(path).splitlines()
    patterns = [re.escape(one) if call.flag("SimpleMatch") else one for one in call.texts("Pattern")]
    regex = re.compile("|".join(patterns), 0 if call.flag("CaseSensitive") else re.IGNORECASE)
    found = [
        PSObject("Microsoft.PowerShell.Commands.MatchInfo", {"Line": line, "LineNumber": number}, text=line)
        for number, line in enumerate(lines, 1)
        if regex.search(line)
    ]
    return [bool(found)] if call.flag("Quiet") else found


@cmdlet(
    "New-Object",
    P("TypeName", "string", 0, required=True),
    P("ArgumentList", "object", 1, aliases=("Args",)),
    P("Property", "hashtable"),
)
def new_object(call: Call) -> t.Iterable[Value]:
    """An object of the few types that scripts make."""
    name = short_name(call.text("TypeName"))
    if name in ("psobject", "pscustomobject", "management.automation.psobject", "management.automation.pscustomobject"):
        return [PSObject("System.Management.Automation.PSCustomObject", call.get("Property", HashTable()))]
    if name in ("collections.arraylist", "collections.generic.list[string]", "collections.generic.list[object]"):
        raise UnsupportedPowerShell(
            "New-Object of a list (use @() or [System.Collections.ArrayList]::new())", call.shell.line
        )
    if name in ("object", "hashtable", "collections.hashtable"):
        return [HashTable()]
    if name in CASTS and "ArgumentList" in call:
        return [cast(name, collapse(listify(call["ArgumentList"])))]
    raise UnsupportedPowerShell(f"New-Object {call.text('TypeName')}", call.shell.line)


@cmdlet(
    "Add-Member",
    P("NotePropertyName"),
    P("NotePropertyValue", "object"),
    P("MemberType", "string", 0, choices=("NoteProperty",)),
    P("Name", "string", 1),
    P("Value", "object", 2),
    P("PassThru", SWITCH),
    P("Force", SWITCH),
    _INPUT,
)
def add_member(call: Call) -> t.Iterable[Value]:
    """Give an object another property."""
    name = call.text("NotePropertyName") or call.text("Name")
    value = call.get("NotePropertyValue", call.get("Value"))
    for item in listify(call.get("InputObject")):
        if not isinstance(item, PSObject):
            raise CmdletError("Cannot add a member to this object", "InvalidOperation")
        item.properties[name] = value
        if call.flag("PassThru"):
            yield item


@cmdlet("Get-Member", P("Name", "string[]", 0), P("MemberType"), _INPUT)
def get_member(call: Call) -> t.Iterable[Value]:
    """The names of an object's properties."""
    names = [name.casefold() for name in call.texts("Name")]
    seen: set[str] = set()
    for item in listify(call.get("InputObject")):
        for name in getattr(item, "properties", {}):
            if name not in seen and (not names or name.casefold() in names):
                seen.add(name)
                yield PSObject(
                    "Microsoft.PowerShell.Commands.MemberDefinition", {"Name": name, "MemberType": "Property"}
                )
