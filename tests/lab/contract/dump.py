# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a machine remembers, flat, so that two moments can be compared."""

from __future__ import annotations

import typing as t

from lab.windows.machine import Machine

Dump = dict[str, t.Any]

# What is no state of Windows: the way out of the model, and numbers that only count.
_APART = ("attached", "clock", "_now", "_next_pid")
_PLAIN = frozenset({str, int, bool, bytes, float, type(None)})


def dump(machine: Machine) -> Dump:
    """Give every value of a machine by its path."""
    found: Dump = {}
    _walk(machine, "", found, set())
    return found


def difference(before: Dump, after: Dump) -> dict[str, tuple[t.Any, t.Any]]:
    """Give what was made, changed or removed: the path with both values."""
    keys = before.keys() | after.keys()
    return {key: (before.get(key), after.get(key)) for key in sorted(keys) if before.get(key) != after.get(key)}


def _walk(value: t.Any, where: str, found: Dump, seen: set[int]) -> None:
    if type(value) in _PLAIN:  # most are, and this is asked a million times
        found[where] = value
        return
    if callable(value):
        return
    fields = _fields(value)
    if fields is None:
        found[where] = frozenset(value) if isinstance(value, set) else value
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    known = len(found)
    for name, one in fields:
        if name not in _APART:
            _walk(one, f"{where}/{name}", found, seen)
    if len(found) > known or not isinstance(value, dict):  # else a store that was only looked into
        found[where] = type(value).__name__


def _fields(value: t.Any) -> t.Iterable[tuple[str, t.Any]] | None:
    if isinstance(value, dict):
        return [(str(key), one) for key, one in value.items()]
    if isinstance(value, list) or (isinstance(value, tuple) and not hasattr(value, "_fields")):
        return [(str(index), one) for index, one in enumerate(value)]
    if hasattr(value, "__dict__") and type(value).__module__.startswith("lab."):
        return list(vars(value).items())
    return None
