# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks: definitions and their last run. Running one is the machine's business."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

NEVER_RUN = 267011  # SCHED_S_TASK_HAS_NOT_RUN


class Action(t.NamedTuple):
    """What a task starts."""

    path: str
    arguments: str = ""
    working_directory: str = ""


@dataclasses.dataclass
class Task:
    """A task; ``triggers`` and ``settings`` keep the names of the Task Scheduler API in snake case."""

    name: str
    folder: str = "\\"
    actions: list[Action] = dataclasses.field(default_factory=list)
    triggers: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    user: str = "NT AUTHORITY\\SYSTEM"
    group: str = ""
    display_name: str = ""
    logon_type: str = "service_account"
    run_level: str = "limited"
    enabled: bool = True
    description: str = ""
    author: str = ""
    settings: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    registration: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    running: bool = False
    last_run: datetime.datetime | None = None
    last_result: int = NEVER_RUN

    @property
    def path(self) -> str:
        """Give folder and name, ``\\Folder\\Name``."""
        return self.folder.rstrip("\\") + "\\" + self.name


class ScheduledTasks:
    """The Task Scheduler's library."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._folders: dict[str, str] = {"\\": "\\"}

    def find(self, name: str, folder: str = "\\") -> Task | None:
        """Give a task by name and folder (or by its full path as name), or None."""
        path = name if name.startswith("\\") else _folder(folder).rstrip("\\") + "\\" + name
        return self._tasks.get(path.lower())

    def all(self) -> list[Task]:
        """Give every task, by path."""
        return sorted(self._tasks.values(), key=lambda task: task.path.lower())

    def folders(self) -> list[str]:
        """Give every folder."""
        return sorted(self._folders.values(), key=str.lower)

    def in_folder(self, folder: str) -> list[Task]:
        """Give the tasks directly in a folder."""
        return [task for task in self.all() if task.folder.lower() == _folder(folder).lower()]

    def folder_exists(self, folder: str) -> bool:
        """Say whether a folder is there."""
        return _folder(folder).lower() in self._folders

    def put(self, task: Task) -> Task:
        """Add or replace a task; its folder is made."""
        task.folder = _folder(task.folder)
        parts = [part for part in task.folder.split("\\") if part]
        for end in range(1, len(parts) + 1):
            path = "\\" + "\\".join(parts[:end])
            self._folders.setdefault(path.lower(), path)
        self._tasks[task.path.lower()] = task
        return task

    def remove(self, name: str, folder: str = "\\") -> bool:
        """Delete a task, and its folder when that is empty now; says whether the task was there."""
        task = self.find(name, folder)
        if task is None:
            return False
        del self._tasks[task.path.lower()]
        if task.folder != "\\" and not self.in_folder(task.folder):
            self._folders.pop(task.folder.lower(), None)
        return True

    def due(self, event: str) -> list[Task]:
        """Give the enabled tasks with a trigger of a kind: ``boot``, ``logon``, ``registration``."""
        return [
            task
            for task in self.all()
            if task.enabled
            and any(trigger["type"] == event and trigger.get("enabled", True) for trigger in task.triggers)
        ]


def _folder(folder: str) -> str:
    return "\\" + folder.replace("/", "\\").strip("\\")
