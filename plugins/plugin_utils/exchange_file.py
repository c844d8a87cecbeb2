# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalogue's entries in a file: JSON Lines, one entry a line (https://jsonlines.org)."""

from __future__ import annotations

import collections
import json
import os
import pathlib
import typing as t

Entry = t.Mapping[str, t.Any]


class ExchangeError(Exception):
    """The file cannot be read or written; the text says which one, in which line, and why."""


class Written(t.NamedTuple):
    """How many entries of each kind there are, and whether the file was another one before."""

    counts: dict[str, int]
    changed: bool


def read_entries(path: pathlib.Path) -> t.Iterator[Entry]:
    """Yield the entries of a file. Raises ExchangeError."""
    try:
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _parse(path, number, line)
    except OSError as exc:
        raise ExchangeError(f"Cannot read {path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ExchangeError(f"Cannot read {path}: it is no text in UTF-8, so it is no export of a catalogue") from exc


def write_entries(path: pathlib.Path, entries: t.Iterable[Entry], keep: bool) -> Written:
    """Write entries to a file, whole or not at all; with ``keep`` only say what would be. Raises ExchangeError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    counts: collections.Counter[str] = collections.Counter()
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            for entry in entries:
                counts[str(entry["kind"])] += 1
                stream.write(json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        changed = not path.exists() or path.read_bytes() != beside.read_bytes()
        if changed and not keep:
            beside.replace(path)
    except OSError as exc:
        raise ExchangeError(f"Cannot write {path}: {exc.strerror}") from exc
    finally:
        beside.unlink(missing_ok=True)
    return Written(dict(counts), changed)


def _parse(path: pathlib.Path, number: int, line: str) -> Entry:
    try:
        entry = json.loads(line)
    except ValueError as exc:
        raise ExchangeError(f"Cannot read {path}: line {number} is not JSON ({exc})") from exc
    if not isinstance(entry, dict):
        raise ExchangeError(f"Cannot read {path}: line {number} is no entry of a catalogue")
    return entry
