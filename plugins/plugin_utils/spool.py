# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where records wait that the catalogue could not take: a directory with one small JSON file for each."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import pathlib
import typing as t

from .recording import Note


class SpoolError(Exception):
    """A record could not be kept, or one that was kept could not be delivered."""


class Spool:
    """Notes on disk. They are private to the user: what they hold is no secret, but nobody else's to change."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory

    def put(self, note: Note) -> pathlib.Path:
        """Keep a note until `deliver` has delivered it; the same note is kept once. Raises SpoolError."""
        text = json.dumps(dataclasses.asdict(note), indent=1, sort_keys=True, default=str)
        # The build's id comes first, so that notes are delivered in the order of the builds.
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        path = self.directory / f"{note.build.get('id', 'build')}-{digest}.json"
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(path, text, mode=0o600)
        except OSError as exc:
            raise SpoolError(f"Cannot keep a record in {self.directory}: {exc.strerror}") from exc
        return path

    def deliver(self, send: t.Callable[[Note], None]) -> tuple[int, list[str]]:
        """Hand each note to ``send`` and remove it when that returns; what SpoolError it raises is kept for next time.

        Returns how many were delivered, and what kept the others. Only one process delivers at a time; another one
        that comes meanwhile leaves everything to it. A crash between sending and removing repeats the note, which the
        catalogue takes as one.
        """
        delivered, problems = 0, []
        with self._alone() as alone:
            for path in sorted(self.directory.glob("*.json")) if alone else ():
                try:
                    send(_read(path))
                    path.unlink()
                    delivered += 1
                except SpoolError as exc:
                    problems.append(f"{path}: {exc}")
                except OSError as exc:
                    problems.append(f"{path}: {exc.strerror}")
        return delivered, problems

    @contextlib.contextmanager
    def _alone(self) -> t.Iterator[bool]:
        if not any(self.directory.glob("*.json")):
            yield False
            return
        handle = os.open(self.directory, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(handle)


def write_whole(path: pathlib.Path, text: str, mode: int = 0o644, sync: bool = True) -> None:
    """Write a file so that no reader ever sees half of it, and a crash leaves the old one. Raises OSError.

    Without ``sync`` that holds for a crash of this process, and not for one of the machine; it is much faster.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if sync:
                os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _read(path: pathlib.Path) -> Note:
    try:
        return Note(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as exc:
        raise SpoolError(f"this is no record, remove it if you know what it was ({exc})") from exc
