# SPDX-License-Identifier: GPL-3.0-or-later
"""String literals: quotes, backtick escapes, and what ``$`` brings in."""

from __future__ import annotations

import re
import typing as t

from lab.powershell.convert import to_string
from lab.powershell.errors import UnsupportedPowerShell
from lab.powershell.syntax import Node

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPED = re.compile(r'`(.)|""', re.DOTALL)
_INSERTS = frozenset({"variable", "braced_variable", "sub_expression"})


def verbatim(shell: Interpreter, node: Node) -> str:
    """``'…'``."""
    return node.text.strip()[1:-1].replace("''", "'")


def verbatim_here(shell: Interpreter, node: Node) -> str:
    """``@'…'@``."""
    return _here(node.text)


def _here(text: str) -> str:
    """The lines between the first and the last."""
    body = text.strip()[2:-2]
    return body.partition("\n")[2].removesuffix("\n")


def expandable(shell: Interpreter, node: Node) -> str:
    """``"…"``."""
    text = node.text
    lead = len(text) - len(text.lstrip())
    return _expand(shell, node, lead + 1, len(text.rstrip().encode()) - 1, _unescape)


def expandable_here(shell: Interpreter, node: Node) -> str:
    """``@"…"@``: quotes are ordinary characters inside."""
    raw = node.text.rstrip().encode()
    first, last = raw.index(b"\n") + 1, raw.rindex(b"\n")
    return _expand(shell, node, first, last, _unescape_here) if last >= first else ""


def _expand(shell: Interpreter, node: Node, start: int, end: int, unescape: t.Callable[[str], str]) -> str:
    """Literal text between two byte offsets, with the value of each insert in its place."""
    raw = node.text.encode()
    pieces: list[str] = []
    position = start
    for child in node.children:
        if child.kind not in _INSERTS:
            continue
        # A node may begin with the white space before it; that space belongs to the literal.
        blank = len(child.text) - len(child.text.lstrip())
        offset = child.start - node.start
        pieces.append(unescape(raw[position : offset + blank].decode()))
        pieces.append(to_string(shell.evaluate(child)))
        position = offset + len(child.text.encode())
    pieces.append(unescape(raw[position:end].decode()))
    return "".join(pieces)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: '"' if found[0] == '""' else _ESCAPES.get(found[1], found[1]), text)


def _unescape_here(text: str) -> str:
    return re.sub(r"`(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)


_WORD_VARIABLE = re.compile(r"\$(?:\{([^}]+)\}|((?:\w+:)?\w+))")


def expand_word(shell: Interpreter, text: str, line: int) -> str:
    """A bare word of a command, with its variables replaced.

    Raises:
        UnsupportedPowerShell: quotes or sub-expressions inside the word, which the grammar does not take apart.
    """
    if '"' in text or "'" in text or "$(" in text:
        raise UnsupportedPowerShell(f"quotes inside the bare word {text}; quote the whole argument", line)
    expanded = _WORD_VARIABLE.sub(lambda found: to_string(shell.get_variable(found[1] or found[2])), text)
    return re.sub(r"`(.)", r"\1", expanded)
