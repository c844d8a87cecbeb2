# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalogue in one sqlite file, for one machine."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import pathlib
import sqlite3
import time
import typing as t

from ..records import BUILDING, FAILED, STATUSES, USABLE, Build, later, timestamp
from .files import connect, connect_to_read, explained
from .interface import CatalogueError, Lease, LeaseHeld, LeaseLost, lease_name

_SELECT = """
    SELECT record FROM builds
    WHERE (:image IS NULL OR image = :image)
      AND (:fingerprint IS NULL OR fingerprint = :fingerprint)
      AND (:ami_id IS NULL OR id IN (SELECT build_id FROM amis WHERE ami_id = :ami_id))
      AND (:region IS NULL OR id IN (SELECT build_id FROM amis WHERE region = :region))
      AND status IN (SELECT value FROM json_each(:statuses))
    ORDER BY id DESC LIMIT :limit
"""
_UPSERT = """
    INSERT INTO builds (id, image, status, fingerprint, record) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET
        image = excluded.image, status = excluded.status, fingerprint = excluded.fingerprint, record = excluded.record
"""
# A build that was started without a lease lives as long as anybody holds the lease on its image.
_INTERRUPTED = """
    SELECT record FROM builds WHERE status = :building AND NOT EXISTS (
        SELECT 1 FROM leases
        WHERE name = :prefix || image AND expires > :now AND (lease_token IS NULL OR lease_token = token)
    )
"""


class SqliteCatalogue:
    """The `Catalogue` interface over sqlite.

    Each call opens the file anew. That costs well below a millisecond, and Ansible forks: a connection that was opened
    before a fork must not be used after it.
    """

    def __init__(
        self, path: pathlib.Path, readonly: bool = False, clock: t.Callable[[], float] = time.time, wait: float = 30
    ) -> None:
        """Open ``path``; ``wait`` is how many seconds to wait for other writers."""
        self.url = f"sqlite:{path}"
        self._path = path
        self._readonly = readonly
        self._clock = clock
        self._wait = wait
        with self._read():
            pass

    def start(self, build: Build, lease: Lease | None = None) -> None:
        with self._write() as db:
            if lease:
                self._require_held(db, lease)
            if self._find(db, build.id):
                raise CatalogueError(f"Build {build.id} is in the catalogue {self._path} already")
            _put(db, build)
            db.execute("UPDATE builds SET lease_token = ? WHERE id = ?", (lease and lease.token, build.id))

    def finish(self, build: Build) -> Build:
        if build.status == BUILDING:
            raise CatalogueError(f"Build {build.id} cannot end as {BUILDING!r}")
        with self._write() as db:
            stored = self._find(db, build.id)
            kept = later(stored, build) if stored else build
            _put(db, kept)
        return kept

    def get(self, build_id: str) -> Build | None:
        with self._read() as db:
            return self._find(db, build_id)

    def newest(self, image: str, region: str | None = None, statuses: t.Collection[str] = USABLE) -> Build | None:
        return next(iter(self._select(statuses, image=image, region=region, limit=1)), None)

    def builds(
        self, image: str | None = None, statuses: t.Collection[str] | None = None, limit: int | None = None
    ) -> list[Build]:
        return self._select(statuses, image=image, limit=limit)

    def by_ami(self, ami_id: str) -> Build | None:
        return next(iter(self._select(None, ami_id=ami_id, limit=1)), None)

    def by_fingerprint(self, image: str, fingerprint: str, statuses: t.Collection[str] = USABLE) -> list[Build]:
        return self._select(statuses, image=image, fingerprint=fingerprint)

    def images(self) -> list[str]:
        with self._read() as db:
            return [row[0] for row in db.execute("SELECT DISTINCT image FROM builds ORDER BY image")]

    def acquire_lease(self, name: str, holder: str, seconds: float) -> Lease:
        with self._write() as db:
            row = db.execute("SELECT holder, token, expires FROM leases WHERE name = ?", (name,)).fetchone()
            if row and self._alive(row[2]):
                raise LeaseHeld(_lease(name, *row))
            token = row[1] + 1 if row else 1
            expires = self._clock() + seconds
            db.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)", (name, holder, token, expires))
        return _lease(name, holder, token, expires)

    def lease(self, name: str) -> Lease | None:
        with self._read() as db:
            row = db.execute("SELECT holder, token, expires FROM leases WHERE name = ?", (name,)).fetchone()
        return _lease(name, *row) if row and self._alive(row[2]) else None

    def renew(self, lease: Lease, seconds: float) -> Lease:
        expires = self._clock() + seconds
        with self._write() as db:
            # An expired lease that nobody took is still this holder's: a laptop that slept may go on.
            self._require_held(db, lease)
            db.execute("UPDATE leases SET expires = ? WHERE name = ?", (expires, lease.name))
        return _lease(lease.name, lease.holder, lease.token, expires)

    def release(self, lease: Lease) -> None:
        with self._write() as db:
            db.execute("UPDATE leases SET expires = NULL WHERE name = ? AND token = ?", (lease.name, lease.token))

    def reap(self, now: dt.datetime) -> list[Build]:
        given_up = []
        with self._write() as db:
            values = {"building": BUILDING, "now": now.timestamp(), "prefix": lease_name("")}
            for (record,) in db.execute(_INTERRUPTED, values).fetchall():
                build = dataclasses.replace(
                    self._build(record),
                    status=FAILED,
                    finished=timestamp(now),
                    error="Interrupted: whoever built it stopped without saying how it ended",
                )
                _put(db, build)
                given_up.append(build)
        return given_up

    def _alive(self, expires: float | None) -> bool:
        return expires is not None and expires > self._clock()

    def _require_held(self, db: sqlite3.Connection, lease: Lease) -> None:
        held = "SELECT 1 FROM leases WHERE name = ? AND token = ? AND expires IS NOT NULL"
        if not db.execute(held, (lease.name, lease.token)).fetchone():
            raise LeaseLost(lease)

    def _select(
        self, statuses: t.Collection[str] | None, limit: int | None = None, **wanted: str | None
    ) -> list[Build]:
        values = {"image": None, "fingerprint": None, "ami_id": None, "region": None, **wanted}
        values["statuses"] = json.dumps(list(STATUSES if statuses is None else statuses))
        with self._read() as db:
            rows = db.execute(_SELECT, {**values, "limit": -1 if limit is None else limit}).fetchall()
        return [self._build(record) for (record,) in rows]

    def _find(self, db: sqlite3.Connection, build_id: str) -> Build | None:
        row = db.execute("SELECT record FROM builds WHERE id = ?", (build_id,)).fetchone()
        return self._build(row[0]) if row else None

    def _build(self, record: str) -> Build:
        try:
            return Build.from_dict(json.loads(record))
        except ValueError as exc:
            raise CatalogueError(f"The catalogue {self._path} holds a record that cannot be read: {exc}") from exc

    @contextlib.contextmanager
    def _read(self) -> t.Iterator[sqlite3.Connection]:
        with explained(self._path, "read"):
            db = connect_to_read(self._path, self._wait) if self._readonly else connect(self._path, self._wait)
            with contextlib.closing(db):
                yield db

    @contextlib.contextmanager
    def _write(self) -> t.Iterator[sqlite3.Connection]:
        """Open a transaction that has the only right to write, and commit it unless the caller fails."""
        if self._readonly:
            raise CatalogueError(f"The catalogue {self._path} was opened only to be read")
        with explained(self._path, "write to"), contextlib.closing(connect(self._path, self._wait)) as db:
            db.execute("BEGIN IMMEDIATE")
            with db:
                yield db


def _put(db: sqlite3.Connection, build: Build) -> None:
    db.execute(_UPSERT, (build.id, build.image, build.status, build.fingerprint, json.dumps(build.to_dict())))
    db.execute("DELETE FROM amis WHERE build_id = ?", (build.id,))
    db.executemany("INSERT INTO amis VALUES (?, ?, ?)", [(build.id, region, ami) for region, ami in build.amis.items()])


def _lease(name: str, holder: str, token: int, expires: float) -> Lease:
    return Lease(name, holder, token, dt.datetime.fromtimestamp(expires, dt.UTC))
