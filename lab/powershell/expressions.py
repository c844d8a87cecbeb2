# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions: one small function per kind of node, in one table."""

from __future__ import annotations

import re
import typing as t

from lab.powershell import members, operators, statics, strings
from lab.powershell.convert import cast, to_bool, to_int, to_number, to_string
from lab.powershell.errors import PSError, UnsupportedPowerShell
from lab.powershell.syntax import Node
from lab.powershell.values import HashTable, ScriptBlock, TypeRef, Value, listify

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter

_MULTIPLIERS = {"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40}
_NUMBER = re.compile(r"^(-?(?:0x[0-9a-f]+|\d+(?:\.\d+)?))(l|d)?(kb|mb|gb|tb)?$", re.IGNORECASE)
_RANGE = re.compile(r"^(-?\d+)\.\.(-?\d+)$")


def is_expression(node: Node) -> bool:
    """Say whether a node has a value without running a command or a statement."""
    return node.kind in _TABLE


def evaluate(shell: Interpreter, node: Node) -> Value:
    """The value of an expression node."""
    return _TABLE[node.kind](shell, node)


def number(text: str) -> int | float | None:
    """The value of a number or None: ``5``, ``0x10``, ``1.5``, ``2GB``."""
    found = _NUMBER.match(text)
    if not found:
        return None
    return to_number(found[1]) * _MULTIPLIERS.get((found[3] or "").lower(), 1)


def word_value(text: str) -> Value:
    """What the grammar takes for a command name though it is a number (``2GB``) or a range (``1..3``); else None."""
    bounds = _RANGE.match(text)
    return _count(int(bounds[1]), int(bounds[2])) if bounds else number(text)


def _count(first: int, last: int) -> list[Value]:
    return list(range(first, last + 1)) if first <= last else list(range(first, last - 1, -1))


def _number(shell: Interpreter, node: Node) -> Value:
    value = number(node.text.strip())
    if value is None:
        raise UnsupportedPowerShell(f"the number '{node.text}'", node.line)
    return value


def _variable(shell: Interpreter, node: Node) -> Value:
    return shell.get_variable(variable_name(node))


def variable_name(node: Node) -> str:
    """The name in ``$name`` and ``${name}``."""
    text = node.text.strip()
    if text.startswith("@"):
        raise UnsupportedPowerShell(f"splatting {text} outside a command", node.line)
    return text[2:-1] if text.startswith("${") else text[1:]


def _array_literal(shell: Interpreter, node: Node) -> Value:
    return [shell.evaluate(child) for child in node.all()]


def _array_expression(shell: Interpreter, node: Node) -> Value:
    return [item for child in node.all() for item in shell.collect(child)]


def _sub_expression(shell: Interpreter, node: Node) -> Value:
    from lab.powershell.values import collapse

    return collapse(_array_expression(shell, node))


def _parenthesized(shell: Interpreter, node: Node) -> Value:
    inner = node.all()
    if len(inner) != 1:
        raise UnsupportedPowerShell("more than one statement in parentheses", node.line)
    if inner[0].kind == "assignment_expression":
        from lab.powershell.assignment import assign

        return assign(shell, inner[0])
    return shell.evaluate(inner[0])


def _hash_literal(shell: Interpreter, node: Node) -> Value:
    body = node.find("hash_literal_body")
    table = HashTable()
    for entry in (body or node).all("hash_entry"):
        key, value = entry.all()[0], entry.all()[-1]
        name = key.text.strip() if key.kind == "simple_name" else shell.evaluate(key)
        if name in table:
            raise PSError(shell.record(f"Duplicate keys '{name}' are not allowed in hash literals."), fatal=True)
        table[name] = shell.evaluate(value)
    return table


def _script_block(shell: Interpreter, node: Node) -> Value:
    return ScriptBlock(node)


def _type_literal(shell: Interpreter, node: Node) -> Value:
    return TypeRef(node.text.strip()[1:-1])


def _cast(shell: Interpreter, node: Node) -> Value:
    kind, operand = node.all()
    name = kind.text.strip()[1:-1]
    value = shell.evaluate(operand)
    return None if name.casefold() == "void" else cast(name, value)


def _unary(shell: Interpreter, node: Node) -> Value:
    operator = node.children[0].text.strip().casefold()
    value = shell.evaluate(node.children[-1])
    if operator in ("!", "-not"):
        return not to_bool(value)
    if operator == "-":
        return -to_number(value)
    if operator == "+":
        return to_number(value)
    if operator == ",":
        return [value]
    if operator == "-bnot":
        return ~to_int(value)
    if operator == "-join":
        return "".join(to_string(item) for item in listify(value))
    if operator in ("-split", "-isplit", "-csplit"):
        return [part for item in listify(value) for part in to_string(item).split()]
    raise UnsupportedPowerShell(f"the operator {operator}", node.line)


def _logical(shell: Interpreter, node: Node) -> Value:
    left, right = node.children[0], node.children[-1]
    operator = node.children[1].text.strip().casefold()
    first = to_bool(shell.evaluate(left))
    if operator == "-and":
        return first and to_bool(shell.evaluate(right))
    if operator == "-or":
        return first or to_bool(shell.evaluate(right))
    if operator == "-xor":
        return first != to_bool(shell.evaluate(right))
    raise UnsupportedPowerShell(f"the operator {operator}", node.line)


def _arithmetic(shell: Interpreter, node: Node) -> Value:
    left, operator, right = node.children[0], node.children[1].text.strip().casefold(), node.children[-1]
    if operator not in operators.ARITHMETIC:
        raise UnsupportedPowerShell(f"the operator {operator}", node.line)
    return operators.ARITHMETIC[operator](shell.evaluate(left), shell.evaluate(right))


def _comparison(shell: Interpreter, node: Node) -> Value:
    left, operator, right = node.children[0], node.children[1].text.strip(), node.children[-1]

    def remember(groups: operators.Matches) -> None:
        shell.scopes.set("Matches", HashTable(groups.items()))

    return operators.apply(operator, shell.evaluate(left), shell.evaluate(right), remember)


def _format(shell: Interpreter, node: Node) -> Value:
    return operators.format_string(shell.evaluate(node.children[0]), shell.evaluate(node.children[-1]))


def _range(shell: Interpreter, node: Node) -> Value:
    first, last = (to_int(shell.evaluate(child)) for child in (node.children[0], node.children[-1]))
    return _count(first, last)


def _member(shell: Interpreter, node: Node) -> Value:
    target, name = node.children[0], member_name(shell, node.children[-1])
    if node.children[1].text.strip() == "::":
        return statics.get(shell, type_of(shell, target), name)
    return members.get(shell, shell.evaluate(target), name)


def type_of(shell: Interpreter, node: Node) -> str:
    """The type name left of ``::``."""
    value = shell.evaluate(node)
    if not isinstance(value, TypeRef):
        raise UnsupportedPowerShell(f"'::' after {node.text}", node.line)
    return value.name


def member_name(shell: Interpreter, node: Node) -> str:
    """The name right of a dot: a word, or an expression."""
    if node.kind in ("simple_name", "member_name", "type_identifier"):
        return node.text.strip()
    return to_string(shell.evaluate(node))


def _invocation(shell: Interpreter, node: Node) -> Value:
    target, name = node.children[0], member_name(shell, node.children[2])
    arguments = argument_values(shell, node.find("argument_list"))
    if node.children[1].text.strip() == "::":
        return statics.call(shell, type_of(shell, target), name, arguments)
    return members.call(shell, shell.evaluate(target), name, arguments)


def argument_values(shell: Interpreter, node: Node | None) -> list[Value]:
    """What stands between the parentheses of a method call."""
    inner = node.all() if node else []
    if len(inner) == 1 and inner[0].kind == "argument_expression_list":
        inner = inner[0].all()
    return [shell.evaluate(child) for child in inner]


def _element(shell: Interpreter, node: Node) -> Value:
    return members.index(shell, shell.evaluate(node.children[0]), shell.evaluate(node.children[2]))


_TABLE: dict[str, t.Callable[[t.Any, Node], Value]] = {
    "decimal_integer_literal": _number,
    "hexadecimal_integer_literal": _number,
    "integer_literal": _number,
    "real_literal": _number,
    "variable": _variable,
    "braced_variable": _variable,
    "verbatim_string_characters": strings.verbatim,
    "verbatim_here_string_characters": strings.verbatim_here,
    "expandable_string_literal": strings.expandable,
    "expandable_here_string_literal": strings.expandable_here,
    "array_literal_expression": _array_literal,
    "array_expression": _array_expression,
    "sub_expression": _sub_expression,
    "parenthesized_expression": _parenthesized,
    "hash_literal_expression": _hash_literal,
    "script_block_expression": _script_block,
    "type_literal": _type_literal,
    "cast_expression": _cast,
    "expression_with_unary_operator": _unary,
    "logical_expression": _logical,
    "logical_argument_expression": _logical,
    "bitwise_expression": _arithmetic,
    "bitwise_argument_expression": _arithmetic,
    "additive_expression": _arithmetic,
    "additive_argument_expression": _arithmetic,
    "multiplicative_expression": _arithmetic,
    "multiplicative_argument_expression": _arithmetic,
    "comparison_expression": _comparison,
    "comparison_argument_expression": _comparison,
    "format_expression": _format,
    "format_argument_expression": _format,
    "range_expression": _range,
    "range_argument_expression": _range,
    "member_access": _member,
    "invokation_expression": _invocation,
    "element_access": _element,
}
