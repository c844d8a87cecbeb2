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
# Someone's script, and one program with arguments, which no shell has to read.
SCRIPTS = frozenset({"shell", "raw", "script", "win_shell", "win_powershell"})
PROGRAMS = frozenset({"command", "expect", "win_command"})
SHELLS = SCRIPTS | PROGRAMS
BLOCKS = ("block", "rescue", "always")


def measure(place: Workshop) -> t.Iterator[Row]:
    total, scripts, programs = 0, 0, 0
    roles: dict[str, collections.Counter[str]] = {}
    for role, task in role_tasks(place.root / "roles"):
        names = {key.rpartition(".")[2] for key in task}
        total += 1
        scripts += bool(SCRIPTS & names)
        programs += bool(PROGRAMS & names)
        roles.setdefault(role, collections.Counter()).update(["tasks", *(["shells"] if SHELLS & names else [])])
    yield Row("tasks in roles", "", total)
    yield Row("tasks in roles that run a shell", "", scripts, goal=0)
    yield Row("tasks in roles that run a program", "", programs)
    for role, counts in roles.items():
        yield Row(f"  {role}, of {counts['tasks']} tasks", "", counts["shells"])


def role_tasks(folder: pathlib.Path) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Yield every task and handler of the roles in a folder, with the name of its role."""
    for path in sorted([*folder.glob("*/tasks/**/*.yml"), *folder.glob("*/handlers/**/*.yml")]):
        for task in tasks_of(path):
            yield path.relative_to(folder).parts[0], task


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
