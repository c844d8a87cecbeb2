# SPDX-License-Identifier: GPL-3.0-or-later
"""Pipelines: stages run one after the other, each with all that the one before it wrote."""

from __future__ import annotations

import contextlib
import typing as t

from lab.powershell import arguments, commands, expressions
from lab.powershell.arguments import Redirection
from lab.powershell.convert import to_string
from lab.powershell.errors import MethodError, PSError, UnsupportedPowerShell
from lab.powershell.strings import expand_word
from lab.powershell.syntax import Node
from lab.powershell.values import ErrorRecord, ScriptBlock, Value, listify

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter


def execute(shell: Interpreter, node: Node, out: list[Value]) -> None:
    """Run a pipeline, or a single command."""
    if node.kind in ("command", "command_name"):
        run_command(shell, node, None, out)
        return
    stages = [child for child in node.children if child.named]
    if node.kind == "pipeline" and any(child.kind == "pipeline_chain_tail" for child in stages):
        raise UnsupportedPowerShell("'&&' and '||'", node.line)
    if stages and stages[-1].kind == "redirection":
        redirect = arguments.redirection(shell, stages.pop())
        with _redirected(shell, [redirect], out) as (target, _sink):
            _stages(shell, stages, target)
        return
    _stages(shell, stages, out)


def _stages(shell: Interpreter, stages: list[Node], out: list[Value]) -> None:
    piped: list[Value] | None = None
    for position, stage in enumerate(stages):
        last = position == len(stages) - 1
        written: list[Value] = out if last else []
        if stage.kind in ("command", "command_name"):
            run_command(shell, stage, piped, written)
        elif position == 0 and expressions.is_expression(stage):
            shell.success = True
            written.extend(listify(shell.evaluate(stage)))
        else:
            raise UnsupportedPowerShell(f"the pipeline stage '{stage.text.strip()}' ({stage.kind})", stage.line)
        piped = written


def run_command(shell: Interpreter, node: Node, piped: list[Value] | None, out: list[Value]) -> None:
    """Run one command with its redirections."""
    shell.line = node.line
    operator, name, elements = _parts(node)
    if not operator and elements is None and name.kind == "command_name":
        value = expressions.word_value(name.text.strip())
        if value is not None:
            out.extend(listify(value))
            return
    try:
        words = arguments.read(shell, elements)
        with _redirected(shell, words.redirections, out) as (target, sink), shell.errors_to(sink):
            command = _command(shell, operator, name)
            shell.success = True
            commands.run(shell, command, words.arguments, piped, target, dot=operator == ".")
    except MethodError as exc:
        raise PSError(shell.record(str(exc), exc.exception_type, identity=exc.exception_type)) from exc


def _parts(node: Node) -> tuple[str, Node, Node | None]:
    """Operator (``&``, ``.`` or nothing), the node that names the command, the words after it."""
    if node.kind == "command_name":
        return "", node, None
    children = [child for child in node.children if child.kind != "command_argument_sep"]
    operator = ""
    if children[0].kind == "command_invokation_operator" or children[0].text.strip() in ("&", "."):
        operator = children.pop(0).text.strip()
    elements = next((child for child in children[1:] if child.kind == "command_elements"), None)
    if len(children) > (2 if elements else 1):
        raise UnsupportedPowerShell(f"the command '{node.text.strip()}'", node.line)
    return operator, children[0], elements


def _command(shell: Interpreter, operator: str, node: Node) -> str | ScriptBlock:
    if node.kind == "command_name":
        return expand_word(shell, node.text.strip(), node.line)
    value = shell.evaluate(node)
    if isinstance(value, ScriptBlock):
        return value
    if not operator:
        raise UnsupportedPowerShell(f"the command '{node.text.strip()}'", node.line)
    return to_string(value)


@contextlib.contextmanager
def _redirected(
    shell: Interpreter, redirections: list[Redirection], out: list[Value]
) -> t.Iterator[tuple[list[Value], t.Callable[[ErrorRecord], None] | None]]:
    """Where output and errors of one command go."""
    output: list[Value] = out
    sink: t.Callable[[ErrorRecord], None] | None = None
    files: list[tuple[Redirection, list[Value]]] = []
    for one in redirections:
        if one.stream not in ("1", "2", "*"):
            # Verbose, warning and information streams: nothing the lab runs writes there when it matters.
            raise UnsupportedPowerShell(f"a redirection of stream {one.stream}", shell.line)
        if one.merge:
            sink = output.append
            continue
        bucket: list[Value] = []
        files.append((one, bucket))
        if one.stream in ("1", "*"):
            output = bucket
        if one.stream in ("2", "*"):
            sink = bucket.append
    yield output, sink
    for one, bucket in files:
        if one.target is not None:
            commands.write_file(shell, one.target, bucket, append=one.append)
