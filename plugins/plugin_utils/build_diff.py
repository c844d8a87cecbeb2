# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is different between two builds of an image. Decides; calls nothing."""

from __future__ import annotations

import typing as t

from .records import Build

_MADE_BY = ("author", "controller", "commit", "dirty", "source_ami", "source_ami_name", "parent_build")


class Difference(t.NamedTuple):
    """One thing that is not the same. ``before`` or ``after`` is None where it is not there at all."""

    section: str
    name: str
    before: str | None
    after: str | None


def differences(older: Build, newer: Build) -> list[Difference]:
    """Return what changed from one build to another: origin, inputs, versions, and what is in the image."""
    found = _compare("origin", _origin(older), _origin(newer))
    found += _compare("input", older.inputs, newer.inputs)
    found += _compare("version", older.versions, newer.versions)
    found += _compare("role", _roles(older), _roles(newer))
    before, after = _contents(older), _contents(newer)
    for section in sorted({*before, *after}):
        found += _compare(section, flat(before.get(section)), flat(after.get(section)))
    return found


def flat(value: t.Any) -> dict[str, str]:
    """Return a value of `contents` as names with texts: what two builds are compared by.

    A list is taken as a set. Its members that are dictionaries with a ``name`` are told apart by that.
    """
    if value is None:
        return {}
    if isinstance(value, dict):
        parts = [(key, name, text) for key, item in value.items() for name, text in flat(item).items()]
        return {f"{key} {name}" if name else str(key): text for key, name, text in parts}
    if isinstance(value, list | tuple):
        return dict(pair for item in value for pair in _member(item))
    return {"": _text(value)}


def _member(item: t.Any) -> list[tuple[str, str]]:
    if isinstance(item, dict) and item.get("name"):
        rest = {key: value for key, value in item.items() if key != "name" and value not in (None, "")}
        text = rest["version"] if set(rest) == {"version"} else ", ".join(f"{key} {rest[key]}" for key in sorted(rest))
        return [(str(item["name"]), str(text) or "yes")]
    return [(_text(item), "yes")]


def _text(value: t.Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {value[key]}" for key in sorted(value))
    return str(value)


def _contents(build: Build) -> dict[str, t.Any]:
    """Return what is in an image, without what its build remembers of its proof, its retirement, and its builder."""
    seal = {key: value for key, value in build.contents.get("seal_check", {}).items() if key != "removed_by_sealing"}
    memories = ("proof", "retirement", "seal_check")
    kept = {section: value for section, value in build.contents.items() if section not in memories}
    return {**kept, "seal_check": seal}


def _origin(build: Build) -> dict[str, str]:
    return {name: _text(value) for name in _MADE_BY if (value := getattr(build, name)) is not None}


def _roles(build: Build) -> dict[str, str]:
    return {role.name: "yes" for role in build.roles}


def _compare(section: str, before: t.Mapping[str, str], after: t.Mapping[str, str]) -> list[Difference]:
    return [
        Difference(section, name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
