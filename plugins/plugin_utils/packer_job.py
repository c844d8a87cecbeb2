# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the action plugin hands to the supervisor process, and what it gets back. Both are files."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import typing as t

from .records import Build


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """All that one build needs. Holds secrets: lives in the private directory of the build only.

    ``build`` is the record as it begins. ``lease_seconds`` is how long the lease outlives a supervisor that was killed,
    ``patience`` how many seconds Packer's cleanup may take.
    """

    build: Build
    region: str
    aws: dict[str, str | None]
    catalogue: str
    holder: str
    argv: list[str]
    env: dict[str, str]
    cwd: str
    directory: str
    log: str
    outcome: str
    manifest: str
    run_file: str
    secrets: list[str] = dataclasses.field(default_factory=list)
    lease_seconds: float = 120
    patience: float = 900

    @property
    def pid_file(self) -> pathlib.Path:
        """Where the supervisor notes Packer's process id."""
        return pathlib.Path(self.directory) / "packer.pid"

    def save(self, path: pathlib.Path) -> None:
        """Write the job where only its owner reads it."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        write_private(path, json.dumps({**values, "build": self.build.to_dict()}))

    @classmethod
    def load(cls, path: pathlib.Path) -> Job:
        """Read what `save` wrote."""
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**values, "build": Build.from_dict(values["build"])})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a build ended.

    ``refused`` says why it never began; nothing is recorded then. ``packer_seconds`` is Packer's part of the wall time.
    ``problems`` are for the user: what could not be removed from EC2, or written to the catalogue.
    """

    build: Build
    refused: str | None = None
    packer_seconds: float = 0.0
    problems: list[str] = dataclasses.field(default_factory=list)

    def save(self, path: pathlib.Path) -> None:
        """Write the outcome beside its place and move it there: who finds it finds all of it."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        beside = path.with_name(f"{path.name}.new")
        beside.write_text(json.dumps({**values, "build": self.build.to_dict()}, indent=2), encoding="utf-8")
        beside.replace(path)

    @classmethod
    def load(cls, path: pathlib.Path) -> Outcome:
        """Read what `save` wrote."""
        values: dict[str, t.Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**values, "build": Build.from_dict(values["build"])})


def write_private(path: pathlib.Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
