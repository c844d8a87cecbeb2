# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened in a provisioning run: the time and changes of each role, what it installed, and what failed."""

from __future__ import annotations

import typing as t

from .records import RoleRun


class Failure(t.NamedTuple):
    """The task that ended the run."""

    role: str | None
    task: str
    message: str


class RunReport:
    """Adds up events. Times are seconds on any clock that only goes forward."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._current: str | None = None
        self._roles: dict[str, RoleRun] = {}
        self._seen: dict[str, set[str]] = {"tasks": set(), "changed": set()}
        self._contents: dict[str, t.Any] = {}
        self._failure: Failure | None = None
        self._last = started

    def begin(self, role: str | None, now: float) -> None:
        """Note that a task begins. The time until the next one belongs to its role (None: to no role)."""
        self._pass(now)
        self._current = role

    def end(self, role: str | None, task_id: str, changed: bool, now: float) -> None:
        """Note a result of a task that ran. A task counts once, however many hosts it ran on."""
        self._pass(now)
        if role is None:
            return
        run = self._run(role)
        tasks, changes = self._first("tasks", task_id), changed and self._first("changed", task_id)
        self._roles[role] = run._replace(tasks=run.tasks + tasks, changed=run.changed + changes)

    def fail(self, role: str | None, task: str, message: str) -> None:
        """Note a failed task. Only the last one can have ended the run: earlier ones were rescued."""
        self._failure = Failure(role, task, message)

    def recover(self) -> None:
        """Note that no host failed in the end."""
        self._failure = None

    def add_contents(self, contents: t.Mapping[str, t.Any]) -> None:
        """Note what was installed."""
        self._contents.update(contents)

    def to_dict(self) -> dict[str, t.Any]:
        """Return the report as JSON-safe values: roles (as in a build's record), contents, seconds, failure."""
        return {
            "roles": [{**run._asdict(), "seconds": round(run.seconds, 3)} for run in self._roles.values()],
            "contents": dict(self._contents),
            "seconds": round(self._last - self._started, 3),
            "failure": self._failure._asdict() if self._failure else None,
        }

    def _pass(self, now: float) -> None:
        if self._current is not None:
            run = self._run(self._current)
            self._roles[self._current] = run._replace(seconds=run.seconds + now - self._last)
        self._last = now

    def _run(self, role: str) -> RoleRun:
        return self._roles.setdefault(role, RoleRun(role, 0.0, 0, 0))

    def _first(self, kind: str, task_id: str) -> bool:
        first = task_id not in self._seen[kind]
        self._seen[kind].add(task_id)
        return first
