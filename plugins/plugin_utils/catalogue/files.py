# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open the file of the sqlite catalogue, and say in plain words what is wrong with it."""

from __future__ import annotations

import contextlib
import pathlib
import sqlite3
import time
import typing as t
import urllib.parse

from .interface import CatalogueError
from .schema import SchemaError, is_current, migrate

# By the first words of sqlite's error name (its extended codes only add to the end).
_HINTS = {
    "SQLITE_BUSY": "another process has kept it locked for too long; see who has it open with fuser",
    "SQLITE_CANTOPEN": "the directory is missing, or does not let this user in",
    "SQLITE_CORRUPT": "the file is damaged; restore a copy, or move it away to begin a new catalogue",
    "SQLITE_FULL": "the disk is full; free some space and run again",
    "SQLITE_IOERR": "the disk failed to read or write; check its space and health",
    "SQLITE_NOTADB": "the file is no sqlite database; restore a copy, or move it away to begin a new catalogue",
    "SQLITE_PERM": "this user may not open it",
    "SQLITE_READONLY": "this user may not write to the file or its directory (sqlite keeps two more files beside it)",
}


@contextlib.contextmanager
def explained(path: pathlib.Path, action: str) -> t.Iterator[None]:
    """Turn any failure into a CatalogueError that says what was tried on which file, and what to do."""
    try:
        yield
    except sqlite3.Error as exc:
        name = str(getattr(exc, "sqlite_errorname", ""))
        hint = next((f"; {text}" for start, text in _HINTS.items() if name.startswith(start)), "")
        raise CatalogueError(f"Cannot {action} the catalogue {path}: {exc}{hint}") from exc
    except OSError as exc:
        where = f" ({exc.filename})" if exc.filename else ""
        raise CatalogueError(f"Cannot {action} the catalogue {path}: {exc.strerror}{where}") from exc
    except SchemaError as exc:
        raise CatalogueError(f"Cannot {action} the catalogue {path}: {exc}") from exc


def connect(path: pathlib.Path, wait: float) -> sqlite3.Connection:
    """Open a file for reading and writing, make or migrate it if need be; wait so many seconds for locks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _closed_on_failure(sqlite3.connect(path, timeout=wait, isolation_level=None)) as db:
        _use_write_ahead_log(db, wait)
        # A record must survive a power cut: it may be the only trace of an AMI.
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        migrate(db)
    return db


def connect_to_read(path: pathlib.Path, wait: float) -> sqlite3.Connection:
    """Open a file without making it: one that is not there seems empty."""
    if not path.exists():
        db = sqlite3.connect(":memory:", isolation_level=None)
        migrate(db)
        return db
    try:
        # Even a reader of a write-ahead log writes a little, to the index beside the file.
        return connect(path, wait)
    except sqlite3.OperationalError as exc:
        if not exc.sqlite_errorname.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")) or _has_log(path):
            raise
        return _connect_to_frozen(path)


def _connect_to_frozen(path: pathlib.Path) -> sqlite3.Connection:
    """Open a file that this user may only read. Nothing waits in a log beside it, so the file is all there is."""
    address = f"file:{urllib.parse.quote(str(path))}?immutable=1"
    with _closed_on_failure(sqlite3.connect(address, uri=True, isolation_level=None)) as db:
        if not is_current(db):
            raise SchemaError("it has an older schema; a user who may write to it must run a play first")
    return db


def _use_write_ahead_log(db: sqlite3.Connection, wait: float) -> None:
    """Let readers and a writer work at the same time. sqlite does not wait for locks here by itself."""
    deadline = time.monotonic() + wait
    while db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _has_log(path: pathlib.Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


@contextlib.contextmanager
def _closed_on_failure(db: sqlite3.Connection) -> t.Iterator[sqlite3.Connection]:
    try:
        yield db
    except BaseException:
        db.close()
        raise
