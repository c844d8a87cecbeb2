# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalogue in one sqlite file, for one machine."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import itertools
import pathlib
import sqlite3
import time
import typing as t

from ..records import USABLE, Build, timestamp
from . import changes, exchange, sqlite_builds, sqlite_channels, sqlite_leases
from .files import connect, connect_to_read, explained
from .interface import Anything, CatalogueError, ChannelMove, Event, Lease

# So many entries are loaded in one transaction: enough that the disk is not the limit, few enough for others to write.
_BATCH = 500


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
                sqlite_leases.require_held(db, lease)
            if sqlite_builds.find(db, build.id):
                raise CatalogueError(f"Build {build.id} is in the catalogue {self._path} already")
            sqlite_builds.record(db, build, None, build.started)
            db.execute("UPDATE builds SET lease_token = ? WHERE id = ?", (lease and lease.token, build.id))

    def finish(self, build: Build, lease: Lease | None = None) -> Build:
        with self._write() as db:
            if lease:
                sqlite_leases.require_held(db, lease)
            stored = sqlite_builds.find(db, build.id)
            kept = changes.ended(stored, build)
            sqlite_builds.record(db, kept, stored, kept.finished or self._now())
        return kept

    def set_status(
        self,
        build_id: str,
        status: str,
        expected: t.Collection[str],
        author: str | None,
        reason: str | None,
        now: dt.datetime,
    ) -> Build:
        with self._write() as db:
            stored = self._require(db, build_id)
            kept = changes.with_status(stored, status, expected)
            if kept.status != stored.status:
                sqlite_builds.put(db, kept)
                sqlite_builds.add_event(db, Event(build_id, timestamp(now), status, author, reason))
        return kept

    def add_amis(
        self, build_id: str, amis: t.Mapping[str, str], snapshots: t.Mapping[str, t.Sequence[str]] | None = None
    ) -> Build:
        with self._write() as db:
            kept = changes.with_amis(self._require(db, build_id), amis, snapshots)
            sqlite_builds.put(db, kept)
        return kept

    def get(self, build_id: str) -> Build | None:
        with self._read() as db:
            return sqlite_builds.find(db, build_id)

    def events(self, build_id: str) -> list[Event]:
        with self._read() as db:
            return list(sqlite_builds.events(db, build_id).values())

    def newest(self, image: str, region: str | None = None, statuses: t.Collection[str] = USABLE) -> Build | None:
        found = self._select(sqlite_builds.Wanted(image=image, region=region, statuses=statuses, limit=1))
        return next(iter(found), None)

    def builds(
        self,
        image: str | None = None,
        statuses: t.Collection[str] | None = None,
        limit: int | None = None,
        before: str | None = None,
    ) -> list[Build]:
        return self._select(sqlite_builds.Wanted(image=image, statuses=statuses, limit=limit, before=before))

    def by_ami(self, ami_id: str) -> Build | None:
        with self._read() as db:
            return sqlite_builds.by_ami(db, ami_id)

    def by_fingerprint(self, image: str, fingerprint: str, statuses: t.Collection[str] = USABLE) -> list[Build]:
        return self._select(sqlite_builds.Wanted(image=image, fingerprint=fingerprint, statuses=statuses))

    def images(self) -> list[str]:
        with self._read() as db:
            return sqlite_builds.images(db)

    def channel(self, image: str, channel: str) -> ChannelMove | None:
        with self._read() as db:
            return sqlite_channels.current(db, image, channel)

    def channels(self, image: str | None = None) -> list[ChannelMove]:
        with self._read() as db:
            return sqlite_channels.all_current(db, image)

    def channel_history(self, image: str, channel: str, limit: int | None = None) -> list[ChannelMove]:
        with self._read() as db:
            return sqlite_channels.history(db, image, channel, limit)

    def move_channel(
        self,
        image: str,
        channel: str,
        build_id: str,
        author: str | None,
        reason: str | None,
        now: dt.datetime,
        expected: str | Anything | None,
    ) -> ChannelMove:
        wanted = ChannelMove(image, channel, build_id, None, timestamp(now), author, reason, 0)
        with self._write() as db:
            current, build = sqlite_channels.current(db, image, channel), sqlite_builds.find(db, build_id)
            move = changes.next_move(current, wanted, build, expected)
            sqlite_channels.put(db, move)
        return move

    def acquire_lease(self, name: str, holder: str, seconds: float) -> Lease:
        with self._write() as db:
            return sqlite_leases.acquire(db, name, holder, self._clock(), seconds)

    def lease(self, name: str) -> Lease | None:
        with self._read() as db:
            return sqlite_leases.alive(db, name, self._clock())

    def renew(self, lease: Lease, seconds: float) -> Lease:
        with self._write() as db:
            return sqlite_leases.renew(db, lease, self._clock() + seconds)

    def release(self, lease: Lease) -> None:
        with self._write() as db:
            sqlite_leases.release(db, lease)

    def reap(self, now: dt.datetime) -> list[Build]:
        given_up = []
        with self._write() as db:
            for build in sqlite_builds.interrupted(db, now):
                given_up.append(changes.interrupted(build, now))
                sqlite_builds.record(db, given_up[-1], build, timestamp(now))
        return given_up

    def dump(self) -> t.Iterator[dict[str, t.Any]]:
        """Yield what is here at the moment of the first entry, whatever others write meanwhile."""
        with self._read() as db:
            db.execute("BEGIN")
            for (record,) in db.execute("SELECT record FROM builds ORDER BY id"):
                build = sqlite_builds.parse(record)
                yield exchange.build_entry(build)
                for number, event in sqlite_builds.events(db, build.id).items():
                    yield exchange.event_entry(number, event)
            for move in sqlite_channels.everything(db):
                yield exchange.channel_entry(move)

    def load(self, entries: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, int]:
        counts: collections.Counter[str] = collections.Counter(dict.fromkeys(exchange.KINDS, 0))
        waiting = iter(entries)
        while batch := list(itertools.islice(waiting, _BATCH)):
            parsed = [exchange.parse(entry) for entry in batch]
            with self._write() as db:
                counts.update(entry for thing in parsed if (entry := self._take_in(db, thing)))
        return dict(counts)

    def _take_in(self, db: sqlite3.Connection, thing: Build | exchange.Numbered | ChannelMove) -> str | None:
        """Write what another catalogue had; return its kind when that changed anything."""
        if isinstance(thing, Build):
            stored = sqlite_builds.find(db, thing.id)
            kept = changes.merged(stored, thing)
            if kept == stored:
                return None
            sqlite_builds.put(db, kept)
            return exchange.BUILD
        if isinstance(thing, exchange.Numbered):
            self._require(db, thing.event.build_id)
            known = sqlite_builds.events(db, thing.event.build_id)
            if exchange.have(known, thing):
                return None
            sqlite_builds.add_event(db, thing.event, exchange.free_number(known, thing.number))
            return exchange.EVENT
        self._require(db, thing.build_id)
        move = sqlite_channels.find(db, thing.image, thing.channel, thing.number)
        if move == thing:
            return None
        if move:
            raise exchange.contradiction(move, thing)
        sqlite_channels.put(db, thing)
        return exchange.CHANNEL

    def _now(self) -> str:
        return timestamp(dt.datetime.fromtimestamp(self._clock(), dt.UTC))

    def _require(self, db: sqlite3.Connection, build_id: str) -> Build:
        build = sqlite_builds.find(db, build_id)
        if build is None:
            raise changes.unknown_build(self.url, build_id)
        return build

    def _select(self, wanted: sqlite_builds.Wanted) -> list[Build]:
        with self._read() as db:
            return sqlite_builds.select(db, wanted)

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
