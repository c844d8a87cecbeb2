# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of the roles that run a shell or a program, where a module would say what it changes and work in check mode."""

from __future__ import annotations

import collections
import pathlib
import typing as t

import yaml

from tests.bench.table import Row
from tests.bench.workshop import Workshop

ORDER = 80
SHELLS = frozenset({"command", "shell", "raw", "script", "expect", "win_command", "win_shell", "win_powershell"})
BLOCKS = ("block", "rescue", "always")


def measure(place: Workshop) -> t.Iterator[Row]:
    folder = place.root / "roles"
    shells: collections.Counter[str] = collections.Counter()
    total = 0
    for path in sorted([*folder.glob("*/tasks/**/*.yml"), *folder.glob("*/handlers/**/*.yml")]):
        for task in tasks_of(path):
            total += 1
            shells[str(path.relative_to(place.root))] += bool(SHELLS & {key.rpartition(".")[2] for key in task})
    yield Row("tasks in roles", "", total)
    yield Row("tasks in roles that run a shell", "", shells.total())
    for name, count in shells.items():
        if count:
            yield Row(f"  {name}", "", count)


def tasks_of(path: pathlib.Path) -> t.Iterator[dict[str, t.Any]]:
    """Yield the tasks of a file, those in blocks too; a block itself is none."""
    yield from _flatten(yaml.safe_load(path.read_text(encoding="utf-8")) or [])


def _flatten(tasks: list[dict[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    for task in tasks:
        inner = [item for key in BLOCKS for item in task.get(key, ())]
        if inner:
            yield from _flatten(inner)
        else:
            yield task
