# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements: one small function per kind of node, in one table."""

from __future__ import annotations

import typing as t

from lab.powershell import assignment, expressions, functions, operators, pipeline
from lab.powershell.convert import is_type, to_bool, to_int, to_string
from lab.powershell.errors import (
    Exited,
    LoopBreak,
    LoopContinue,
    PSError,
    Returned,
    UnsupportedPowerShell,
)
from lab.powershell.syntax import Node
from lab.powershell.values import ErrorRecord, ScriptBlock, Value, listify

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter

MAX_ITERATIONS = 100_000  # a loop that waits for something the lab never does must end, and say so


def execute(shell: Interpreter, node: Node, out: list[Value]) -> None:
    """Execute a statement; its output goes to ``out``.

    Raises:
        UnsupportedPowerShell: a kind of statement outside the subset.
    """
    handler = _TABLE.get(node.kind)
    if handler:
        handler(shell, node, out)
    elif expressions.is_expression(node):
        write_expression(shell, node, out)
    else:
        raise UnsupportedPowerShell(f"the statement '{node.text.strip().splitlines()[0]}' ({node.kind})", node.line)


def write_expression(shell: Interpreter, node: Node, out: list[Value]) -> None:
    """Write the value of an expression; methods and casts that give nothing write nothing."""
    value = shell.evaluate(node)
    if value is None and node.kind in ("invokation_expression", "cast_expression"):
        return
    shell.success = True
    out.extend(listify(value))


# --- branches and loops --------------------------------------------------------------------------------------------


def _if(shell: Interpreter, node: Node, out: list[Value]) -> None:
    condition, block = node.all()[:2]
    if to_bool(shell.evaluate(condition)):
        shell.run(block, out)
        return
    clauses = node.find("elseif_clauses", "elseif_clause")
    for clause in (clauses.all("elseif_clause") if clauses else ()) or ():
        condition, block = clause.all()[:2]
        if to_bool(shell.evaluate(condition)):
            shell.run(block, out)
            return
    otherwise = node.find("else_clause")
    if otherwise:
        shell.run(otherwise.all()[0], out)


def _loop_body(shell: Interpreter, block: Node, out: list[Value]) -> bool:
    """Run one iteration; false when it said ``break``."""
    try:
        shell.run(block, out)
    except LoopContinue:
        return True
    except LoopBreak:
        return False
    return True


def _foreach(shell: Interpreter, node: Node, out: list[Value]) -> None:
    variable, collection, block = node.all()
    value = shell.evaluate(collection)
    for item in [] if value is None else listify(value):
        shell.set_variable(expressions.variable_name(variable), item)
        if not _loop_body(shell, block, out):
            break


def _repeat(
    shell: Interpreter, node: Node, block: Node, out: list[Value], test: t.Callable[[], bool], first: bool = False
) -> None:
    for _ in range(MAX_ITERATIONS):
        if not first and not test():
            return
        first = False
        if not _loop_body(shell, block, out):
            return
    raise UnsupportedPowerShell(f"a loop of more than {MAX_ITERATIONS} rounds", node.line)


def _while(shell: Interpreter, node: Node, out: list[Value]) -> None:
    condition, block = node.all()
    _repeat(shell, node, block, out, lambda: to_bool(shell.evaluate(condition)))


def _do(shell: Interpreter, node: Node, out: list[Value]) -> None:
    block, condition = node.all()
    until = any(child.text.strip().casefold() == "until" for child in node.children)
    _repeat(shell, node, block, out, lambda: to_bool(shell.evaluate(condition)) != until, first=True)


def _for(shell: Interpreter, node: Node, out: list[Value]) -> None:
    parts: list[list[Node]] = [[]]
    for child in node.children[2:-2]:
        if child.text.strip() == ";":
            parts.append([])
        else:
            parts[-1].append(child)
    if len(parts) != 3 or not all(len(part) == 1 for part in parts):
        raise UnsupportedPowerShell("a for statement without its three parts", node.line)
    (start,), (condition,), (step,) = parts
    execute(shell, start, [])
    ran = False

    def test() -> bool:
        nonlocal ran
        if ran:
            execute(shell, step, [])
        ran = True
        return to_bool(shell.evaluate(condition))

    _repeat(shell, node, node.children[-1], out, test)


def _switch(shell: Interpreter, node: Node, out: list[Value]) -> None:
    if node.find("switch_parameters"):
        raise UnsupportedPowerShell("a switch statement with parameters", node.line)
    condition, body = node.find("switch_condition"), node.find("switch_body")
    if condition is None or body is None:
        raise UnsupportedPowerShell(f"the switch statement '{node.text}'", node.line)
    value = shell.evaluate(condition.all()[0])
    clauses = body.find("switch_clauses") or body
    matched = False
    for clause in clauses.all("switch_clause"):
        label, block = clause.all()[0], clause.all()[-1]
        name = label.text.strip()
        default = name.casefold() == "default" and label.kind not in ("verbatim_string_characters",)
        wanted = name if not expressions.is_expression(label) else shell.evaluate(label)
        if isinstance(wanted, ScriptBlock):
            raise UnsupportedPowerShell("a switch clause with a script block", clause.line)
        if (default and not matched) or (not default and operators.equal(value, wanted)):
            matched = True
            if not _loop_body(shell, block, out):
                return


# --- flow ----------------------------------------------------------------------------------------------------------


def _flow(shell: Interpreter, node: Node, out: list[Value]) -> None:
    word = node.children[0].text.strip().casefold()
    operands = node.all()
    if word == "return":
        if operands:
            execute(shell, operands[0], out)
        raise Returned
    if word == "exit":
        code = to_int(shell.evaluate(operands[0])) if operands else to_int(shell.get_variable("LASTEXITCODE") or 0)
        raise Exited(code)
    if word == "throw":
        raise PSError(_thrown(shell, shell.evaluate(operands[0]) if operands else "ScriptHalted"), fatal=True)
    if word in ("break", "continue") and not operands:
        raise LoopBreak if word == "break" else LoopContinue
    raise UnsupportedPowerShell(f"'{node.text.strip()}'", node.line)


def _thrown(shell: Interpreter, value: Value) -> ErrorRecord:
    if isinstance(value, ErrorRecord):
        return value
    text = to_string(value)
    kind = getattr(value, "type_name", "System.Management.Automation.RuntimeException")
    message = value.properties["Message"] if hasattr(value, "properties") and "Message" in value.properties else text
    return shell.record(to_string(message), kind, category="OperationStopped", identity=to_string(message), target=text)


def _try(shell: Interpreter, node: Node, out: list[Value]) -> None:
    block = node.all("statement_block")[0]
    clauses = node.find("catch_clauses")
    catches = clauses.all("catch_clause") if clauses else node.all("catch_clause")
    last = node.find("finally_clause")
    try:
        shell.protected += 1
        try:
            shell.run(block, out)
        finally:
            shell.protected -= 1
    except PSError as exc:
        handler = next((clause for clause in catches if _catches(clause, exc.record)), None)
        if handler is None:
            raise
        shell.error_records.insert(0, exc.record)
        _catch(shell, handler, exc.record, out)
    finally:
        if last:
            shell.run(last.all()[0], out)


def _catches(clause: Node, record: ErrorRecord) -> bool:
    types = clause.find("catch_type_list")
    if types is None:
        return True
    names = [literal.text.strip()[1:-1] for literal in types.all("type_literal")]
    everything = {"system.exception", "exception", "system.management.automation.runtimeexception"}
    return any(name.casefold() in everything or is_type(record.properties["Exception"], name) for name in names)


def _catch(shell: Interpreter, clause: Node, record: ErrorRecord, out: list[Value]) -> None:
    before = shell.get_variable("_") if shell.scopes.exists("_") else None
    shell.scopes.set("_", record)
    try:
        shell.run(clause.all("statement_block")[0], out)
    except PSError as exc:
        # A bare throw rethrows what was caught.
        if exc.record.message == "ScriptHalted":
            raise PSError(record, fatal=True) from exc
        raise
    finally:
        shell.scopes.set("_", before)


def _nothing(shell: Interpreter, node: Node, out: list[Value]) -> None:
    return


def _block(shell: Interpreter, node: Node, out: list[Value]) -> None:
    shell.run(node, out)


_TABLE: dict[str, t.Callable[[t.Any, Node, list[Value]], None]] = {
    "assignment_expression": assignment.statement,
    "post_increment_expression": assignment.step_by(1),
    "pre_increment_expression": assignment.step_by(1),
    "post_decrement_expression": assignment.step_by(-1),
    "pre_decrement_expression": assignment.step_by(-1),
    "if_statement": _if,
    "foreach_statement": _foreach,
    "while_statement": _while,
    "do_statement": _do,
    "for_statement": _for,
    "switch_statement": _switch,
    "flow_control_statement": _flow,
    "try_statement": _try,
    "function_statement": functions.define,
    "empty_statement": _nothing,
    "statement_list": _block,
    "statement_block": _block,
    "command": pipeline.execute,
    "command_name": pipeline.execute,
    "pipeline": pipeline.execute,
    "pipeline_chain": pipeline.execute,
}
