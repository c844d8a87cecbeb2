# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit as people read it in a terminal. Calls nothing."""

from __future__ import annotations

import typing as t

from .image_audit import Audit, Finding
from .image_audit_rules import NOTE, RULES
from .text_table import table

_HEADINGS = ("SEVERITY", "WHERE", "WHAT", "RULE", "AMI")
# More than this is for a program to read.
_ROWS = 200
_NOTES = 20


def lines(audit: Audit) -> list[str]:
    """Return a table of what was found, what to do about it, and the sum."""
    counted = [one for one in audit.findings if one.accepted is None]
    serious = [one for one in counted if one.severity != NOTE]
    shown = [*serious[:_ROWS], *[one for one in counted if one.severity == NOTE][:_NOTES]]
    hidden = len(counted) - len(shown)
    left = [f"… and {hidden} more: -e json=FILE has all"] if hidden else []
    many = len({place.account for place in audit.places}) > 1
    return [*_table(shown, many), *left, *_advice(counted), *_accepted(audit), summary(audit)]


def summary(audit: Audit) -> str:
    """Return one line: how much was looked at where, and how much is not well."""
    counts = ", ".join(_number(count, severity) for severity, count in audit.counts.items())
    asked = f"{audit.asked:%Y-%m-%d %H:%M} UTC"
    accounts = len({place.account for place in audit.places})
    where = f"{_number(len(audit.places), 'region')} of {_number(accounts, 'account')}"
    return f"{_number(len(audit.things), 'thing')} that may launch in {where}, {asked}: {counts}"


def faults(audit: Audit, severities: t.Collection[str]) -> list[str]:
    """Return a line for each finding of some severities, for the message of a failure."""
    return [
        f"{one.severity}: {one.place} {one.label}: {one.message} [{one.rule}]"
        for one in audit.findings
        if one.severity in severities and one.accepted is None
    ]


def _table(shown: t.Sequence[Finding], many: bool) -> t.Iterator[str]:
    """Yield two lines for each finding: the row of a table, and what was found."""
    rows = [
        (one.severity, str(one.place) if many else one.place.region, one.label, one.rule, one.ami or "-")
        for one in shown
    ]
    headings, *rest = table(_HEADINGS, rows)
    yield from [headings] if rest else []
    for one, line in zip(shown, rest, strict=True):
        yield line
        yield f"    {one.message}{f' ({one.via})' if one.via else ''}"


def _advice(shown: t.Sequence[Finding]) -> list[str]:
    rules = dict.fromkeys(one.rule for one in shown)
    width = max(map(len, rules), default=0)
    found = [f"  {rule.ljust(width)}  {RULES[rule].advice}" for rule in rules]
    return ["", "What to do:", *found, ""] if found else []


def _accepted(audit: Audit) -> list[str]:
    found = [one for one in audit.findings if one.accepted is not None][:_ROWS]
    return [f"Accepted: {one.place} {one.label} {one.rule}: {one.accepted}" for one in found]


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
