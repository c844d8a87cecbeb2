# SPDX-License-Identifier: GPL-3.0-or-later
"""The argument specification in a module's source: what its documentation does not say (exclusions, secrets)."""

from __future__ import annotations

import functools
import re
import typing as t

# What a literal cannot tell: a variable, a type, a call.
OPAQUE = object()

_TOKEN = re.compile(
    r"""
    (?P<space>(?:\s|`\r?\n|\#[^\n]*)+)
  | (?P<string>'(?:[^']|'')*' | "(?:[^"`]|`.|"")*")
  | (?P<open>@\{ | @\( | \( | \{ | \$\( | \[ )
  | (?P<close>[)}\]])
  | (?P<mark>[=;,])
  | (?P<word>[^\s=;,(){}\[\]'"]+)
    """,
    re.VERBOSE,
)


class _Reader:
    """Reads literals from PowerShell text; what is none becomes OPAQUE."""

    def __init__(self, text: str) -> None:
        self._tokens = [(str(m.lastgroup), m[0]) for m in _TOKEN.finditer(text)]
        self._at = 0

    def _skip(self, lines: bool = True) -> None:
        while self._at < len(self._tokens) and self._tokens[self._at][0] == "space":
            if not lines and "\n" in self._tokens[self._at][1]:
                return
            self._at += 1

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[str, str]:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")
        self._at += 1
        return token

    def table(self) -> dict[str, t.Any]:
        """Read the inside of ``@{ … }``; the opening is behind."""
        result: dict[str, t.Any] = {}
        while True:
            self._skip()
            kind, text = self._take()
            if kind in ("close", "end"):
                return result
            if text == ";":
                continue
            self._skip()
            if self._take()[1] != "=":
                continue
            result[_unquote(text)] = self._expression()

    def _expression(self) -> t.Any:
        items = [self._item()]
        self._skip(lines=False)
        while self._peek() == ",":
            self._take()
            items.append(self._item())
            self._skip(lines=False)
        extra = False
        while self._peek() and self._peek() not in (";", ")", "}") and "\n" not in self._peek():
            self._item()  # an operator and its operand: not a literal any more
            self._skip(lines=False)
            extra = True
        if extra:
            return OPAQUE
        return items[0] if len(items) == 1 else [item for item in items if item is not None]

    def _item(self) -> t.Any:
        self._skip()
        kind, text = self._take()
        if text == ",":  # ``, 'x'`` is an array of one
            return [self._item()]
        if text == "@{":
            return self.table()
        if text in ("@(", "("):
            return self._array(text == "@(")
        if kind == "open":
            self._block()
            if text == "[":  # a cast: the value follows
                return self._item()
            return OPAQUE
        if kind == "string":
            return _unquote(text)
        return {"$true": True, "$false": False, "$null": None}.get(text.lower(), _number(text))

    def _array(self, always: bool) -> t.Any:
        items: list[t.Any] = []
        while True:
            self._skip()
            if self._peek() in (")", ""):
                self._take()
                break
            if self._peek() == ";":
                self._take()
                continue
            value = self._expression()
            items += value if isinstance(value, list) else [value]
        return items if always or len(items) != 1 else items[0]

    def _block(self) -> None:
        depth = 1
        while depth and self._at < len(self._tokens):
            kind, _ = self._take()
            depth += {"open": 1, "close": -1}.get(kind, 0)


def _unquote(text: str) -> str:
    if text[:1] == "'":
        return text[1:-1].replace("''", "'")
    return text[1:-1] if text[:1] == '"' else text


def _number(text: str) -> t.Any:
    return int(text) if re.fullmatch(r"-?\d+", text) else OPAQUE


@functools.lru_cache(maxsize=64)
def read_spec(source: str) -> dict[str, t.Any] | None:
    """Give the hashtable assigned to ``$spec`` in a module's source; None for modules without one."""
    match = re.search(r"^\$spec\s*=\s*@\{", source, re.MULTILINE | re.IGNORECASE)
    return _Reader(source[match.end() :]).table() if match else None


def supports_check_mode(source: str) -> bool:
    """Say whether a module's source says that it supports check mode."""
    spec = read_spec(source)
    if spec is not None and isinstance(spec.get("supports_check_mode"), bool):
        return bool(spec["supports_check_mode"])
    return bool(re.search(r"supports_check_mode\s*=?\s*\$true", source, re.IGNORECASE))
