# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords and keys in the text of a file. What was found is named, never shown."""

from __future__ import annotations

import re
import typing as t

_NAMES = r"(?:password|passwd|passphrase|secret|secret_access_key|api[_-]?key|bearer[_-]?token|token)"
# A variable, an expression, a placeholder of a template or another option is not the secret itself.
_LITERAL = r"(?![-$%({<*/]|null\b|none\b|true\b|false\b)"
# A value in quotes, or one without any up to the next space.
_QUOTED = rf"([\"']){_LITERAL}[^\"'\r\n]+\1"
_BARE = rf"(?![\"']){_LITERAL}\S+"
_PATTERNS: tuple[tuple[str, t.Pattern[str]], ...] = tuple(
    (what, re.compile(pattern, re.MULTILINE))
    for what, pattern in (
        ("an Octopus API key", r"\bAPI-[A-Z0-9]{16,}\b"),
        ("an AWS access key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
        ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})"),
        ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
        # $password = 'x'   "password": "x"
        ("a password", rf"(?i){_NAMES}[\"']?\]?\s*[:=]\s*{_QUOTED}"),
        # PASSWORD=x   password: x
        ("a password", rf"(?i)^\s*(?:set\s+|export\s+)?\w*{_NAMES}\s*[:=]\s*{_BARE}"),
        # -Password x   --apiKey=x
        ("a password", rf"(?i)(?:^|\s)[-/]{{1,2}}{_NAMES}(?:\s+|[=:])(?:{_QUOTED}|{_BARE})"),
        ("a password", r"(?i)\bConvertTo-SecureString\s+(?:-String\s+)?([\"'])(?!\$)[^\"'\r\n]+\1.*-AsPlainText"),
        ("a password", rf"(?i)\bnet1?(?:\.exe)?\s+user\s+\S+\s+{_LITERAL}\S+"),
    )
)
# An answer file: <Password><Value>…</Value>, <AdministratorPassword>…
_ANSWER = re.compile(r"<(?:\w+:)?\w*Password\b[^>/]*>\s*(?:<(?:\w+:)?Value\b[^>]*>)?\s*([^<\s][^<]*)", re.IGNORECASE)
# What Windows Setup writes over a password once it has used it.
_DELETED = "*SENSITIVE*DATA*DELETED*"


def decode(content: bytes) -> str:
    """Return the text of a file of Windows: UTF-16 by its mark, or whatever it is byte by byte."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    return content.decode("utf-8-sig", errors="replace").replace("\0", "")


def secrets_in(text: str) -> list[str]:
    """Return what kinds of secrets a text holds, with the line of the first of each kind."""
    found: dict[str, int] = {}
    for what, pattern in _PATTERNS:
        match = pattern.search(text)
        if match:
            line = _line(text, match)
            found[what] = min(line, found.get(what, line))
    for match in _ANSWER.finditer(text):
        if match[1].strip() != _DELETED:
            found.setdefault("a password", _line(text, match))
            break
    return [f"{what} (line {line})" for what, line in found.items()]


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.end()) + 1
