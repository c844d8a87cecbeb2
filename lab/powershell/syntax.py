# SPDX-License-Identifier: GPL-3.0-or-later
"""From text to a syntax tree, with tree-sitter's PowerShell grammar."""

from __future__ import annotations

import functools
import re

import tree_sitter
import tree_sitter_powershell

_COMMENTS = frozenset({"comment"})
_BLOCK_NAME = re.compile(r"\b(?:begin|process|end|dynamicparam)\s*\{", re.IGNORECASE)


class ScriptSyntaxError(Exception):
    """The text is not PowerShell, as far as the grammar can tell."""


class Node:
    """A syntax node with its text, without comments, and without the grammar's single-child layers."""

    __slots__ = ("children", "kind", "line", "named", "start", "text")

    def __init__(self, kind: str, text: str, start: int, line: int, named: bool, children: tuple[Node, ...]) -> None:
        self.kind = kind
        self.text = text
        self.start = start  # offset in the script, in bytes of UTF-8
        self.line = line
        self.named = named
        self.children = children

    def find(self, *kinds: str) -> Node | None:
        """The first child of one of these kinds."""
        return next((child for child in self.children if child.kind in kinds), None)

    def all(self, *kinds: str) -> list[Node]:
        """Every child of these kinds; every named child when no kind is given."""
        return [child for child in self.children if (child.kind in kinds if kinds else child.named)]

    def __repr__(self) -> str:
        return f"<{self.kind} {self.text!r}>"


# Nodes that stay even when they have one child: the child alone would lose their meaning.
_KEEP = frozenset(
    {
        "assignement_operator",
        "catch_type_list",
        "command",
        "command_elements",
        "argument_list",
        "elseif_clauses",
        "else_clause",
        "empty_statement",
        "file_redirection_operator",
        "finally_clause",
        "flow_control_statement",
        "param_block",
        "program",
        "redirection",
        "script_block",
        "statement_block",
        "statement_list",
        "attribute_list",
        "attribute",
        "type_literal",
        "script_parameter",
        "parameter_list",
        "hash_entry",
        "hash_literal_body",
        "expandable_string_literal",
        "expandable_here_string_literal",
        "command_argument_sep",
    }
)


@functools.cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Node:
    """The tree of a script.

    Raises:
        ScriptSyntaxError: naming the first line that does not parse.
    """
    source = text.replace("\r\n", "\n").encode()
    root = _parser().parse(source).root_node
    if _is_blank(root):
        return Node("program", "", 0, 1, True, ())
    bad = _broken(root)
    # The grammar has blocks and a param() alone only between braces.
    tree = _between_braces(source) if bad is not None or _BLOCK_NAME.search(text) else None
    if tree is not None:
        return tree
    if bad is not None:
        line = bad.start_point[0] + 1
        shown = source.decode().splitlines()[line - 1].strip()
        raise ScriptSyntaxError(
            f"At line:{line} char:{bad.start_point[1] + 1}\n+ {shown}\nParserError: Unexpected token."
        )
    return _convert(root, source)


def _is_blank(root: tree_sitter.Node) -> bool:
    """Say whether there is nothing but comments; the grammar takes that for an error."""
    text = root.text or b""
    for comment in reversed([child for child in root.children if child.type in _COMMENTS]):
        text = text[: comment.start_byte - root.start_byte] + text[comment.end_byte - root.start_byte :]
    return not text.strip()


def _between_braces(source: bytes) -> Node | None:
    """Give the tree of a script of begin, process and end, or of a param() alone; None when it is another."""
    wrapped = b"{" + source + b"\n}"
    root = _parser().parse(wrapped).root_node
    if _broken(root) is not None:
        return None
    found = statements(_convert(root, wrapped))
    if [one.kind for one in found] != ["script_block_expression"]:
        return None
    children = [child for block in found[0].all("script_block") for child in block.children if child.named]
    kinds = {child.kind for child in children}
    if kinds != {"param_block"} and not kinds & {"named_block", "named_block_list"}:
        return None
    return Node("program", source.decode(), 0, 1, True, tuple(children))


def _broken(root: tree_sitter.Node) -> tree_sitter.Node | None:
    """Give the place of the first error, or None."""
    return _first_error(root) or (root if root.is_error else None)


def _first_error(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Give the deepest first node that carries the error."""
    for child in node.children:
        if node.type == "empty_statement" and child.is_missing:
            continue  # between the braces of an empty script block, where the grammar wants a statement
        found = (_first_error(child) or child) if child.is_error or child.is_missing else None
        if found is None and child.has_error:
            found = _first_error(child)
        if found is not None:
            return found
    return None


def _convert(node: tree_sitter.Node, source: bytes) -> Node:
    # Descend through layers such as logical -> bitwise -> … -> variable in a loop: they are ten deep for every word.
    while node.type not in _KEEP and node.child_count == 1 and _same_span(node, node.children[0]):
        node = node.children[0]
    children = tuple(_convert(child, source) for child in node.children if child.type not in _COMMENTS)
    text = source[node.start_byte : node.end_byte].decode()
    # A node may begin with the white space (and line ends) before it; its line is that of its first word.
    blank = text[: len(text) - len(text.lstrip())]
    line = node.start_point[0] + 1 + blank.count("\n")
    return Node(node.type, text, node.start_byte, line, node.is_named, children)


def _same_span(outer: tree_sitter.Node, inner: tree_sitter.Node) -> bool:
    return inner.is_named and (outer.start_byte, outer.end_byte) == (inner.start_byte, inner.end_byte)


def statements(node: Node) -> list[Node]:
    """The statements in a block, a list or a script, in order."""
    if node.kind in ("program", "script_block", "script_block_body", "statement_block", "statement_list"):
        found: list[Node] = []
        for child in node.children:
            if child.kind == "param_block" or not child.named:
                continue
            found.extend(statements(child) if child.kind in _BLOCKS else [child])
        return found
    return [node]


_BLOCKS = frozenset({"script_block", "script_block_body", "statement_block", "statement_list"})
