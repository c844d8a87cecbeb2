# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a lab keeps its files, and what it is told on the command line."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import typing as t

ACCOUNT = "123456789012"
REGION = "eu-west-1"
BUILDER_CIDR = "127.0.0.1/32"


@dataclasses.dataclass(frozen=True)
class Settings:
    """One lab. Its directory holds all it writes."""

    directory: pathlib.Path
    port: int = 0
    idle_hours: float = 8.0

    @property
    def state_file(self) -> pathlib.Path:
        return self.directory / "lab.json"

    @property
    def log_file(self) -> pathlib.Path:
        return self.directory / "lab.log"

    @property
    def aws_config(self) -> pathlib.Path:
        return self.directory / "aws" / "config"

    @property
    def lock_file(self) -> pathlib.Path:
        """Locked by the lab's process for as long as it lives, so that a stale lab.json fools nobody."""
        return self.directory / "lab.lock"

    def read_state(self) -> dict[str, t.Any] | None:
        """Return what lab.json says, or nothing when there is none or it is not whole."""
        try:
            return t.cast("dict[str, t.Any]", json.loads(self.state_file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            return None

    def write_state(self, state: dict[str, t.Any]) -> None:
        """Write lab.json so that no reader sees half of it."""
        beside = self.state_file.with_suffix(".new")
        beside.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
        beside.replace(self.state_file)

    def running(self) -> bool:
        """Say whether a lab's process holds this directory."""
        with contextlib.suppress(FileNotFoundError), self.lock_file.open() as lock:
            return not _try_lock(lock)
        return False

    def hold(self) -> t.IO[str] | None:
        """Take the directory for this process until the file returned is closed; nothing when it is taken."""
        lock = self.lock_file.open("a")
        if _try_lock(lock):
            return lock
        lock.close()
        return None


def isolate_environment() -> None:
    """Make sure that nothing in this process can reach a real account or a proxy of the machine's."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID="lab",
        AWS_SECRET_ACCESS_KEY="lab",  # noqa: S106 - moto takes any
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION="true",
    )


def _try_lock(file: t.IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
