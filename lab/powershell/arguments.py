# SPDX-License-Identifier: GPL-3.0-or-later
"""A command's words, taken apart: arguments, splats and redirections."""

from __future__ import annotations

import re
import typing as t

from lab.powershell import expressions, members
from lab.powershell.convert import to_string
from lab.powershell.errors import UnsupportedPowerShell
from lab.powershell.strings import expand_word
from lab.powershell.syntax import Node
from lab.powershell.values import HashTable, Value, listify

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter

_LITERALS = ("decimal_integer_literal", "hexadecimal_integer_literal", "real_literal")
_WORD_REDIRECTION = re.compile(r"^(\d|\*)?(>>?)(.+)$")
_MERGE = re.compile(r"^(\d|\*)>&(\d)$")


class Argument(t.NamedTuple):
    """One argument. ``word`` is what a program gets for it; ``name`` is set when it was ``-name``."""

    name: str = ""
    value: Value = None
    word: str = ""
    has_value: bool = True  # false: a bare -name, a switch or the name of the argument that follows


class Redirection(t.NamedTuple):
    """``2>&1`` (target None, merge 1), ``2>$null`` (target None, merge 0), ``> path``."""

    stream: str
    target: str | None = None
    append: bool = False
    merge: bool = False


class Words(t.NamedTuple):
    """All that follows a command's name."""

    arguments: list[Argument]
    redirections: list[Redirection]


def read(shell: Interpreter, elements: Node | None) -> Words:
    """Evaluate the words after a command's name, in order."""
    words = Words([], [])
    children = list(elements.children) if elements else []
    position = 0
    while position < len(children):
        position = _one(shell, children, position, words)
    return words


def _one(shell: Interpreter, children: list[Node], position: int, words: Words) -> int:
    """Read one argument or redirection; gives the position after it."""
    node = children[position]
    following = children[position + 1] if position + 1 < len(children) else None
    if node.kind == "command_argument_sep":
        return position + 1
    if node.kind == "command_parameter":
        if following is not None and following.kind == "command_argument_sep" and following.text.strip() == ":":
            value, position = _value(shell, children, position + 2)
            words.arguments.append(Argument(node.text.strip()[1:], value, f"{node.text.strip()}:{to_string(value)}"))
            return position
        words.arguments.append(Argument(node.text.strip()[1:], None, node.text.strip(), has_value=False))
        return position + 1
    if node.kind == "merging_redirection_operator" or node.kind.endswith("redirection_operator"):
        words.redirections.append(_merge(node))
        return position + 1
    if node.kind == "redirection":
        words.redirections.append(redirection(shell, node))
        return position + 1
    if node.kind == "stop_parsing":
        words.arguments.extend(Argument(value=word, word=word) for word in node.text.partition("--%")[2].split())
        return position + 1
    if node.kind == "generic_token" and _is_redirection(node.text.strip()):
        words.redirections.append(_word_redirection(shell, node))
        return position + 1
    if node.kind == "variable" and node.text.strip().startswith("@"):
        words.arguments.extend(_splat(shell, node))
        return position + 1
    word = node.text.strip() if node.kind in _LITERALS else None
    value, position = _value(shell, children, position)
    words.arguments.append(Argument(value=value, word=to_string(value) if word is None else word))
    return position


def _value(shell: Interpreter, children: list[Node], position: int) -> tuple[Value, int]:
    """The value of the word at a position; ``$x.Foo`` followed by ``(…)`` is a call."""
    node = children[position]
    following = children[position + 1] if position + 1 < len(children) else None
    if node.kind == "member_access" and following is not None and following.kind == "argument_list":
        owner, name = node.children[0], expressions.member_name(shell, node.children[-1])
        values = expressions.argument_values(shell, following)
        return members.call(shell, shell.evaluate(owner), name, values), position + 2
    if node.kind in ("generic_token", "command_name"):
        return expand_word(shell, node.text.strip(), node.line), position + 1
    if not expressions.is_expression(node):
        raise UnsupportedPowerShell(f"the argument '{node.text.strip()}' ({node.kind})", node.line)
    return shell.evaluate(node), position + 1


def _splat(shell: Interpreter, node: Node) -> list[Argument]:
    value = shell.get_variable(node.text.strip()[1:])
    if isinstance(value, HashTable):
        return [Argument(name, item, f"-{name}:{to_string(item)}") for name, item in value.items()]
    return [Argument(value=item, word=to_string(item)) for item in listify(value)]


def _is_redirection(text: str) -> bool:
    return bool(_WORD_REDIRECTION.match(text) or _MERGE.match(text))


def _merge(node: Node) -> Redirection:
    found = _MERGE.match(node.text.strip())
    if not found or found[2] != "1":
        raise UnsupportedPowerShell(f"the redirection {node.text.strip()}", node.line)
    return Redirection(found[1] or "1", merge=True)


def _word_redirection(shell: Interpreter, node: Node) -> Redirection:
    text = node.text.strip()
    if _MERGE.match(text):
        return _merge(node)
    found = _WORD_REDIRECTION.match(text)
    if not found:
        raise UnsupportedPowerShell(f"the redirection {text}", node.line)
    target = None if found[3].casefold() == "$null" else expand_word(shell, found[3], node.line)
    return Redirection(found[1] or "1", target, found[2] == ">>")


def redirection(shell: Interpreter, node: Node) -> Redirection:
    """``> path``, ``2>> path``, ``*> $null``, ``2>&1``."""
    operator = node.find("file_redirection_operator")
    name = node.find("redirected_file_name")
    if operator is None or name is None:
        merging = node.find("merging_redirection_operator")
        return _merge(merging or node)
    sign = operator.text.strip()
    stream = sign.rstrip(">") or "1"
    value, _ = _value(shell, name.all()[-1:], 0) if name.all() else (name.text.strip(), 0)
    return Redirection(stream, None if value is None else to_string(value), sign.endswith(">>"))
