# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions and script blocks: definition, parameters, and calling them."""

from __future__ import annotations

import typing as t

from lab.powershell.convert import cast
from lab.powershell.errors import MethodError, PSError, Returned, UnsupportedPowerShell
from lab.powershell.syntax import Node
from lab.powershell.values import ScriptBlock, Value, collapse

if t.TYPE_CHECKING:
    from lab.powershell.arguments import Argument
    from lab.powershell.interpreter import Interpreter

_SWITCHES = ("switch", "management.automation.switchparameter", "system.management.automation.switchparameter")
_IGNORED_ATTRIBUTES = ("cmdletbinding", "allowemptystring", "allownull", "allowemptycollection", "outputtype")


class Parameter(t.NamedTuple):
    """A parameter of a function."""

    name: str
    type_name: str = ""
    default: Node | None = None
    mandatory: bool = False

    @property
    def is_switch(self) -> bool:
        """Say whether the parameter takes no value."""
        return self.type_name.casefold() in _SWITCHES


def define(shell: Interpreter, node: Node, out: list[Value]) -> None:
    """``function name { … }``."""
    if node.children[0].text.strip().casefold() != "function":
        raise UnsupportedPowerShell(f"'{node.children[0].text.strip()}'", node.line)
    name = node.find("function_name")
    if name is None:
        raise UnsupportedPowerShell("a function without a name", node.line)
    bare = name.text.strip().rpartition(":")[2]
    shell.functions[bare] = ScriptBlock(node, bare, node.find("function_parameter_declaration"))


def parameters(block: ScriptBlock) -> list[Parameter] | None:
    """The declared parameters, or None when there is no declaration (then everything is in $args)."""
    declaration = block.parameters or _param_block(block.node)
    if declaration is None:
        return None
    inner = declaration.find("parameter_list")
    found = (inner or declaration).all("script_parameter", "variable")
    return [_parameter(node) for node in found]


def _param_block(node: Node) -> Node | None:
    found = node.find("param_block")
    inner = node.find("script_block")
    return found or (inner.find("param_block") if inner else None)


def _parameter(node: Node) -> Parameter:
    if node.kind == "variable":
        return Parameter(node.text.strip()[1:])
    variable = node.find("variable", "braced_variable")
    if variable is None:
        raise UnsupportedPowerShell(f"the parameter '{node.text}'", node.line)
    type_name, mandatory = "", False
    for attribute in _attributes(node):
        literal = attribute.find("type_literal")
        if literal:
            type_name = literal.text.strip()[1:-1]
            continue
        mandatory = _check_attribute(attribute) or mandatory
    default = node.find("script_parameter_default")
    value = default.all()[-1] if default else None
    return Parameter(variable.text.strip().strip("${}"), type_name, value, mandatory)


def _attributes(node: Node) -> list[Node]:
    attributes = node.find("attribute_list")
    return attributes.all("attribute") if attributes else []


def _check_attribute(attribute: Node) -> bool:
    """Understand ``[Parameter(Mandatory)]``; say whether it makes the parameter mandatory."""
    text = "".join(attribute.text.split())[1:-1].casefold()
    name, _, rest = text.partition("(")
    if name == "parameter":
        options = [option for option in rest.rstrip(")").split(",") if option]
        for option in options:
            if option.partition("=")[0] not in ("mandatory", "position"):
                raise UnsupportedPowerShell(f"the attribute {attribute.text}", attribute.line)
        return any(option in ("mandatory", "mandatory=$true") for option in options)
    if name not in _IGNORED_ATTRIBUTES:
        raise UnsupportedPowerShell(f"the attribute {attribute.text}", attribute.line)
    return False


def invoke(
    shell: Interpreter,
    block: ScriptBlock,
    arguments: list[Argument],
    piped: list[Value] | None,
    out: list[Value],
    variables: t.Mapping[str, Value] | None = None,
    new_scope: bool = True,
) -> None:
    """Call a function or script block; ``new_scope`` is false for dot-sourcing and for ForEach-Object."""
    given: dict[str, Value] = dict(variables or {})
    declared = parameters(block)
    if declared is None:
        given.setdefault("args", [argument.value for argument in arguments if argument.value is not None])
        if any(argument.name for argument in arguments):
            raise UnsupportedPowerShell(
                f"a named argument for '{block.name or 'a script block'}', which has no param()"
            )
    else:
        given.update(_bind(shell, block, declared, arguments))
    if new_scope:
        shell.scopes.push(given)
    else:
        kept = {name: shell.scopes.get(name) for name in given if shell.scopes.exists(name)}
        for name, value in given.items():
            shell.scopes.set(name, value)
    try:
        _run_body(shell, block, piped, out)
    except Returned:
        pass
    finally:
        if new_scope:
            shell.scopes.pop()
        else:
            for name in given:
                shell.scopes.set(name, kept.get(name))


def _bind(
    shell: Interpreter, block: ScriptBlock, declared: list[Parameter], arguments: list[Argument]
) -> dict[str, Value]:
    left = list(declared)
    bound: dict[str, Value] = {}
    for argument in (one for one in arguments if one.name):
        parameter = _named(shell, block, declared, argument)
        bound[parameter.name] = _convert(shell, block, parameter, argument.value)
        left = [one for one in left if one.name != parameter.name]
    for argument in (one for one in arguments if not one.name):
        takers = [one for one in left if not one.is_switch]
        if not takers:
            raise _binding_error(
                shell, block, f"A positional parameter cannot be found that accepts argument '{argument.value}'."
            )
        bound[takers[0].name] = _convert(shell, block, takers[0], argument.value)
        left = [one for one in left if one.name != takers[0].name]
    missing = [one.name for one in left if one.mandatory]
    if missing:
        raise _binding_error(
            shell,
            block,
            f"Cannot process command because of one or more missing mandatory parameters: {' '.join(missing)}.",
        )
    bound["PSBoundParameters"] = _bound_table(bound)
    for parameter in left:
        bound[parameter.name] = _default(shell, block, parameter)
    return bound


def _bound_table(bound: dict[str, Value]) -> Value:
    from lab.powershell.values import HashTable

    return HashTable(bound.items())


def _default(shell: Interpreter, block: ScriptBlock, parameter: Parameter) -> Value:
    if parameter.default is not None:
        return _convert(shell, block, parameter, shell.evaluate(parameter.default))
    if parameter.is_switch:
        return False
    plain = {"string": "", "int": 0, "bool": False}
    return plain.get(parameter.type_name.casefold())


def _named(shell: Interpreter, block: ScriptBlock, declared: list[Parameter], argument: Argument) -> Parameter:
    wanted = argument.name.casefold()
    exact = [one for one in declared if one.name.casefold() == wanted]
    found = exact or [one for one in declared if one.name.casefold().startswith(wanted)]
    if len(found) != 1:
        raise _binding_error(
            shell, block, f"A parameter cannot be found that matches parameter name '{argument.name}'."
        )
    return found[0]


def _convert(shell: Interpreter, block: ScriptBlock, parameter: Parameter, value: Value) -> Value:
    if not parameter.type_name:
        return value
    try:
        return cast(parameter.type_name, value)
    except MethodError as exc:
        raise _binding_error(
            shell, block, f"Cannot process argument transformation on parameter '{parameter.name}'. {exc}"
        ) from exc


def _binding_error(shell: Interpreter, block: ScriptBlock, message: str) -> PSError:
    return PSError(
        shell.record(
            message,
            "System.Management.Automation.ParameterBindingException",
            category="InvalidArgument",
            identity="ParameterBinding",
            command=block.name,
        )
    )


def _run_body(shell: Interpreter, block: ScriptBlock, piped: list[Value] | None, out: list[Value]) -> None:
    body = _body(block)
    phases = _named_blocks(body)
    if not phases:
        if piped is not None:
            shell.scopes.set("input", piped)
        for node in body:
            shell.run(node, out)
        return
    if set(phases) - {"begin", "process", "end"}:
        raise UnsupportedPowerShell(f"the blocks {', '.join(phases)}", block.node.line)
    for name in ("begin", "process", "end"):
        if name not in phases:
            continue
        items: list[Value] = (piped if piped is not None else [None]) if name == "process" else [None]
        for item in items:
            if name == "process":
                shell.scopes.set("_", item)
            shell.run(phases[name], out)


def _body(block: ScriptBlock) -> list[Node]:
    """The nodes to run: what stands between the braces, without the parameters."""
    node = block.node
    if node.kind not in ("function_statement", "script_block_expression"):
        return [node]
    skip = ("function_name", "function_parameter_declaration", "param_block")
    return [child for child in node.children if child.named and child.kind not in skip]


def _named_blocks(body: list[Node]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    queue = list(body)
    while queue:
        node = queue.pop(0)
        if node.kind == "named_block":
            name = node.find("block_name")
            block = node.find("statement_block")
            if name is not None and block is not None:
                found[name.text.strip().casefold()] = block
        elif node.kind in ("program", "script_block", "script_block_body", "named_block_list"):
            queue.extend(node.all())
    return found


def output_of(shell: Interpreter, block: ScriptBlock, item: Value) -> Value:
    """What a script block writes with ``$_`` set to an item, as one value."""
    out: list[Value] = []
    invoke(shell, block, [], None, out, variables={"_": item, "PSItem": item}, new_scope=False)
    return collapse(out)
