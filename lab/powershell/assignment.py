# SPDX-License-Identifier: GPL-3.0-or-later
"""Assignments: ``=``, ``+=`` and their relatives, ``++`` and ``--``, to variables, properties, elements and lists."""

from __future__ import annotations

import typing as t

from lab.powershell import expressions, members, operators, statics
from lab.powershell.convert import cast, to_number
from lab.powershell.errors import MethodError, PSError, UnsupportedPowerShell
from lab.powershell.syntax import Node
from lab.powershell.values import Value, collapse, listify

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter


def statement(shell: Interpreter, node: Node, out: list[Value]) -> None:
    """An assignment writes nothing."""
    assign(shell, node)


def assign(shell: Interpreter, node: Node) -> Value:
    """``target = value`` and its relatives; gives the value."""
    target, operator, source = node.all()
    sign = operator.text.strip()
    value = assign(shell, source) if source.kind == "assignment_expression" else shell.evaluate(source)
    if sign != "=":
        arithmetic = operators.ARITHMETIC.get(sign[0])
        if arithmetic is None or len(sign) != 2:
            raise UnsupportedPowerShell(f"the operator {sign}", node.line)
        value = _guarded(shell, lambda: arithmetic(shell.evaluate(target), value))
    store(shell, target, value)
    if expressions.is_expression(source):
        shell.success = True
    return value


def _guarded(shell: Interpreter, action: t.Callable[[], Value]) -> Value:
    try:
        return action()
    except MethodError as exc:
        raise PSError(shell.record(str(exc), exc.exception_type)) from exc


def store(shell: Interpreter, target: Node, value: Value) -> None:
    """Put a value where the left side of an assignment says."""
    if target.kind in ("variable", "braced_variable"):
        shell.set_variable(expressions.variable_name(target), value)
    elif target.kind == "cast_expression":
        kind, variable = target.all()
        store(shell, variable, _guarded(shell, lambda: cast(kind.text.strip()[1:-1], value)))
    elif target.kind == "member_access":
        name = expressions.member_name(shell, target.children[-1])
        if target.children[1].text.strip() == "::":
            statics.set_property(shell, expressions.type_of(shell, target.children[0]), name, value)
        else:
            owner = shell.evaluate(target.children[0])
            _guarded(shell, lambda: members.set_property(shell, owner, name, value))
    elif target.kind == "element_access":
        owner, key = shell.evaluate(target.children[0]), shell.evaluate(target.children[2])
        _guarded(shell, lambda: members.set_index(shell, owner, key, value))
    elif target.kind == "array_literal_expression":
        targets, values = target.all(), listify(value)
        for position, one in enumerate(targets):
            last = position == len(targets) - 1
            rest = collapse(values[position:]) if last else (values[position] if position < len(values) else None)
            store(shell, one, rest)
    else:
        raise UnsupportedPowerShell(f"an assignment to {target.text}", target.line)


def step_by(amount: int) -> t.Callable[[Interpreter, Node, list[Value]], None]:
    def step(shell: Interpreter, node: Node, out: list[Value]) -> None:
        target = node.all()[0]
        store(shell, target, to_number(shell.evaluate(target)) + amount)

    return step
