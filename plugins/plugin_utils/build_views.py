# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds as people read them in a terminal. Calls nothing."""

from __future__ import annotations

import typing as t

from .build_diff import Difference, flat
from .catalogue import ChannelMove, Event
from .records import Build, RoleRun
from .text_table import first_line, table

_HEADINGS = ("IMAGE", "BUILD ID", "STATUS", "AMI", "CHANNELS", "STARTED", "SECONDS")
_CHANNEL_HEADINGS = ("IMAGE", "CHANNEL", "BUILD ID", "SINCE", "BY", "REASON")
# A long list is for a machine to read; RV(build.contents) has all of it.
_LINES = 40


def list_lines(builds: t.Sequence[Build], channels: t.Iterable[ChannelMove], more: bool) -> list[str]:
    """Return a table of builds; ``more`` says that there are older ones."""
    if not builds:
        return ["No builds."]
    pointing = _pointing(channels)
    rows = [_row(build, ami, pointing) for build in builds for ami in _places(build)]
    return [*table(_HEADINGS, rows), *([f"Older ones: -e before={builds[-1].id}"] if more else [])]


def channel_lines(moves: t.Sequence[ChannelMove]) -> list[str]:
    """Return a table of channels, or of the history of one."""
    if not moves:
        return ["No channel points at a build. promote.yml moves one."]
    return table(_CHANNEL_HEADINGS, [_move(move) for move in moves])


def show_lines(build: Build, channels: t.Iterable[ChannelMove], events: t.Iterable[Event]) -> list[str]:
    """Return all that is known of a build, as a page of text."""
    lines = [f"{build.image}  {build.id}  {build.status}", ""]
    lines += _pairs(_facts(build, channels))
    lines += _section("roles", [_role(role) for role in build.roles])
    for section, value in sorted(build.contents.items()):
        lines += _section(section, [_named(name, text) for name, text in sorted(flat(value).items())])
    lines += _section("versions", [f"{name} {version}" for name, version in sorted(build.versions.items())])
    lines += _section("history", [_event(event) for event in events])
    if build.error:
        lines += _section("error", build.error.splitlines())
    return lines


def diff_lines(older: Build, newer: Build, found: t.Sequence[Difference]) -> list[str]:
    """Return the differences of two builds as text, a line for each."""
    lines = [f"{newer.image}: from build {older.id} ({older.status}) to {newer.id} ({newer.status})", ""]
    if not found:
        return [*lines, "No difference: they were made from the same inputs, and the same things are in them."]
    width = max(len(one.section) for one in found)
    return lines + [f"{one.section.ljust(width)}  {_change(one)}" for one in found]


def _move(move: ChannelMove) -> tuple[str, ...]:
    reason = first_line(move.reason) if move.reason else "-"
    return move.image, move.channel, move.build_id, move.at, move.author or "-", reason


def _change(one: Difference) -> str:
    if one.before is None:
        return f"+ {_named(one.name, str(one.after))}"
    if one.after is None:
        return f"- {_named(one.name, one.before)}"
    if _is_digest(one.before) and _is_digest(one.after):
        return f"~ {one.name}"
    return f"~ {one.name or 'value'}: {one.before} -> {one.after}"


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)


def _row(build: Build, ami: str, pointing: t.Mapping[str, list[str]]) -> tuple[str, ...]:
    names = ", ".join(pointing.get(build.id, ())) or "-"
    seconds = "-" if build.seconds is None else f"{build.seconds:.0f}"
    return build.image, build.id, build.status, ami, names, build.started, seconds


def _places(build: Build) -> list[str]:
    return [f"{ami} {region}" for region, ami in sorted(build.amis.items())] or ["-"]


def _pointing(channels: t.Iterable[ChannelMove]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for move in channels:
        found.setdefault(move.build_id, []).append(move.channel)
    return found


def _facts(build: Build, channels: t.Iterable[ChannelMove]) -> list[tuple[str, str | None]]:
    commit = build.commit and f"{build.commit}{' with local changes' if build.dirty else ''}"
    source = build.source_ami and " ".join(filter(None, (build.source_ami, build.source_ami_name)))
    return [
        *(("AMI", place) for place in _places(build)),
        ("AMI name", build.ami_name),
        *(("channel", f"{move.channel} since {move.at}") for move in channels if move.build_id == build.id),
        ("made from", source),
        ("parent build", build.parent_build),
        ("commit", commit),
        ("by", " on ".join(filter(None, (build.author, build.controller))) or None),
        ("started", build.started),
        ("took", None if build.seconds is None else f"{build.seconds:.0f} s"),
        ("fingerprint", build.fingerprint),
        ("log", build.log),
    ]


def _pairs(facts: t.Iterable[tuple[str, str | None]]) -> list[str]:
    return [f"  {name:<14}{value}" for name, value in facts if value]


def _section(title: str, texts: t.Sequence[str]) -> list[str]:
    shown = [f"  {text}" for text in texts[:_LINES]]
    rest = [f"  … and {len(texts) - _LINES} more"] if len(texts) > _LINES else []
    return ["", title, *shown, *rest] if texts else []


def _named(name: str, text: str) -> str:
    return name if text == "yes" and name else f"{name} {text}".strip()


def _role(role: RoleRun) -> str:
    return f"{role.name}  {role.seconds:.0f} s, {role.tasks} tasks, {role.changed} changed"


def _event(event: Event) -> str:
    by = f" by {event.author}" if event.author else ""
    return f"{event.at}  {event.status}{by}{f': {event.reason}' if event.reason else ''}"
