# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's tables. Pure."""

from __future__ import annotations

import collections.abc as c

from .. import estate, records
from ..catalogue import ChannelMove
from ..estate import Use
from ..image_audit import Finding
from ..image_audit_rules import RULES, SEVERITIES
from ..records import Build
from ..text_table import first_line
from .model import Cell, Facts, Table, count

# A page must stay readable, and small enough to mail; what is left out is said, and audit.yml lists everything.
MOST_ROWS = 3000
_LONG = 300
_TONES = {
    records.VERIFIED: "good",
    records.BUILT: "note",
    records.BUILDING: "note",
    records.FAILED: "error",
    records.REVOKED: "error",
    records.DEPRECATED: "warning",
    records.DISABLED: "warning",
}


def findings(facts: Facts) -> Table:
    """Return what the audit found, worst first."""
    columns = ("Severity", "What", "Thing", "Where", "What to do")
    rows, note = _some([_finding(one) for one in facts.audit.findings])
    empty = f"Nothing. {count(len(facts.audit.things), 'thing')} that may launch an instance were looked at."
    return Table("findings", "Audit findings", columns, rows, empty, note)


def channels(facts: Facts) -> Table:
    """Return where channels point now."""
    columns = ("Image", "Channel", "Build", "Status", "Since", "By", "Reason")
    rows = [
        (*move[:3], _status(facts.known.get(one.build_id)), *move[3:]) for one in facts.moves if (move := _move(one))
    ]
    return Table("channels", "Channels", columns, tuple(rows), "No channel points at a build yet.")


def history(facts: Facts) -> Table:
    """Return the moves of all channels."""
    columns = ("Image", "Channel", "Build", "Before", "Since", "By", "Reason")
    rows, note = _some(
        [
            (*cells[:3], Cell(move.previous or "-", build=_here(facts, move.previous)), *cells[3:])
            for move in sorted(facts.history, key=lambda move: move.at, reverse=True)
            if (cells := _move(move))
        ]
    )
    return Table("history", "History of the channels", columns, rows, "No channel was ever moved.", note)


def running(facts: Facts) -> Table:
    """Return what runs, or would be launched, from which build."""
    columns = ("Kind", "Thing", "Where", "Runs", "AMI", "How")
    rows, note = _some([_use(facts, uses) for uses in _together(facts.estate.uses)])
    return Table("running", "What runs on what", columns, rows, "There is nothing that launches an instance.", note)


def builds(facts: Facts) -> Table:
    """Return all builds."""
    columns = ("Image", "Build", "Status", "Started", "Minutes", "AMIs", "Channels", "Made from", "By", "Error")
    note = f"The newest {count(len(facts.builds), 'build')}; there are older ones." if facts.older else ""
    rows = tuple(_build(facts, one) for one in facts.builds)
    ids = tuple(one.id for one in facts.builds)
    return Table("builds", "Builds", columns, rows, "Nothing was built yet.", note, ids)


def missing(facts: Facts) -> Table:
    """Return the answers that are missing."""
    columns = ("Where", "Question", "Why there is no answer")
    rows = tuple((Cell(str(gap.place)), Cell(gap.question), Cell(gap.reason)) for gap in sorted(facts.estate.gaps))
    return Table("missing", "Missing answers", columns, rows, "Every question was answered.")


def _some(rows: list[tuple[Cell, ...]]) -> tuple[tuple[tuple[Cell, ...], ...], str]:
    left = len(rows) - MOST_ROWS
    return tuple(rows[:MOST_ROWS]), f"{count(left, 'more row')} left out." if left > 0 else ""


def _finding(one: Finding) -> tuple[Cell, ...]:
    accepted = f"accepted: {one.accepted}" if one.accepted is not None else ""
    tone = "" if accepted else one.severity
    return (
        Cell(
            one.severity,
            SEVERITIES.index(one.severity) + (len(SEVERITIES) if accepted else 0),
            tone=tone,
            more=accepted,
        ),
        Cell(RULES[one.rule].title, more=one.message),
        Cell(one.name or one.id, more=" ".join(filter(None, (one.kind.replace("_", " "), one.id, one.via)))),
        Cell(str(one.place)),
        Cell(one.advice),
    )


def _move(move: ChannelMove) -> tuple[Cell, ...]:
    reason = first_line(move.reason) if move.reason else "-"
    return (
        Cell(move.image),
        Cell(move.channel),
        Cell(move.build_id, build=move.build_id),
        Cell(move.at),
        Cell(move.author or "-"),
        Cell(reason),
    )


def _status(build: Build | None) -> Cell:
    return (
        Cell(build.status, tone=_TONES.get(build.status, "")) if build else Cell("not in the catalogue", tone="error")
    )


def _here(facts: Facts, build_id: str | None) -> str | None:
    return build_id if build_id in facts.known else None


def _together(uses: c.Iterable[Use]) -> list[list[Use]]:
    """Return uses in a stable order; instances of one AMI in one place are one row."""
    grouped: dict[tuple[str, ...], list[Use]] = {}
    for use in sorted(uses, key=lambda use: (use.place, use.kind, use.name, use.id, use.ami or "", use.via)):
        one = use.kind != estate.INSTANCE
        key = (*use.place, use.kind, use.ami or "", *((use.id, use.via, use.problem or "") if one else ()))
        grouped.setdefault(key, []).append(use)
    return list(grouped.values())


def _use(facts: Facts, uses: list[Use]) -> tuple[Cell, ...]:
    first = uses[0]
    names = [use.name or use.id for use in uses]
    thing = names[0] if len(uses) == 1 else f"{names[0]} and {len(uses) - 1} more"
    stopped = sum(1 for use in uses if not use.running)
    state = f"{stopped} not running" if stopped else ""
    return (
        Cell(first.kind.replace("_", " ")),
        Cell(thing, more=" ".join(filter(None, (first.id if names[0] != first.id else "", state)))),
        Cell(str(first.place)),
        _image(facts, first),
        Cell(first.ami or "-", more=_state(facts, first)),
        Cell(first.via or "-"),
    )


def _image(facts: Facts, use: Use) -> Cell:
    """Return what a thing runs: our image, somebody's AMI, or why nobody knows."""
    if use.ami is None:
        return Cell(use.problem or "not known", tone="error")
    build = facts.by_ami.get(use.ami)
    if build:
        channels = ", ".join(facts.channels_of.get(build.id, ()))
        return Cell(build.image, build=build.id, more=" ".join(filter(None, (build.id, channels))))
    ami = facts.names.get(use.ami)
    return Cell(ami.name if ami and ami.name else "not known", tone="warning", more="not one of our builds")


def _state(facts: Facts, use: Use) -> str:
    if use.ami is None:
        return ""
    ami = facts.estate.ami(use.place, use.ami)
    return ami.state if ami else "nobody answered"


def _build(facts: Facts, build: Build) -> tuple[Cell, ...]:
    amis = sorted(build.amis.items())
    error = first_line(build.error)[:_LONG] if build.error else ""
    return (
        Cell(build.image),
        Cell(build.id),
        _status(build),
        Cell(build.started),
        Cell("-", -1) if build.seconds is None else Cell(f"{build.seconds / 60:.1f}", round(build.seconds, 1)),
        Cell(", ".join(ami for _region, ami in amis) or "-", more=", ".join(region for region, _ami in amis)),
        Cell(", ".join(facts.channels_of.get(build.id, ())) or "-"),
        _parent(facts, build),
        Cell(build.author or "-"),
        Cell(error),
    )


def _parent(facts: Facts, build: Build) -> Cell:
    if not build.parent_build:
        return Cell(build.source_ami_name or build.source_ami or "-")
    parent = facts.known.get(build.parent_build)
    return Cell(
        parent.image if parent else "not in the catalogue",
        build=_here(facts, build.parent_build),
        more=build.parent_build,
    )
