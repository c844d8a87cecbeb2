# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalogue in one DynamoDB table, for teams and for runners that keep no files."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import functools
import itertools
import typing as t

from ..ec2 import Aws
from ..records import USABLE, Build, timestamp
from . import changes, dynamodb_builds, dynamodb_channels, dynamodb_leases, exchange
from . import dynamodb_items as items
from .dynamodb_calls import ServerClock, Table
from .dynamodb_items import ItemError, Stored
from .interface import Anything, CatalogueError, ChannelMove, Event, Lease

P = t.ParamSpec("P")
T = t.TypeVar("T")


def _reading(method: t.Callable[P, T]) -> t.Callable[P, T]:
    """Let a method name the catalogue when an item in it cannot be used."""

    @functools.wraps(method)
    def explained(*args: P.args, **kwargs: P.kwargs) -> T:
        with t.cast("DynamoCatalogue", args[0]).explained():
            return method(*args, **kwargs)

    return explained


def _writing(method: t.Callable[P, T]) -> t.Callable[P, T]:
    """The same for a method that writes, which a catalogue that is only read refuses."""

    @functools.wraps(method)
    def explained(*args: P.args, **kwargs: P.kwargs) -> T:
        catalogue = t.cast("DynamoCatalogue", args[0])
        if catalogue.readonly:
            raise CatalogueError(f"The catalogue {catalogue.url} was opened only to be read")
        with catalogue.explained():
            return method(*args, **kwargs)

    return explained


class DynamoCatalogue:
    """The `Catalogue` interface over DynamoDB. All writes are conditional: there is no lock."""

    def __init__(
        self, aws: Aws, table: str, url: str, readonly: bool = False, clock: t.Callable[[], float] | None = None
    ) -> None:
        """Open a table that `dynamodb_table.create` made. ``clock`` returns seconds since 1970, AWS's if not given."""
        server = clock if isinstance(clock, ServerClock) else ServerClock()
        self.url = url
        self.readonly = readonly
        self._clock = clock or server
        self._table = Table(aws, table, url, server.hear)
        self._require_catalogue(table, aws.region)

    @_writing
    def start(self, build: Build, lease: Lease | None = None) -> None:
        def decide(stored: Stored | None) -> Stored:
            dynamodb_builds.must_be_new(stored, build, self.url)
            return dynamodb_builds.with_build(None, build, build.started, lease and lease.token)

        dynamodb_builds.change(self._table, build.id, decide, [dynamodb_leases.must_hold(lease)] if lease else [])

    @_writing
    def finish(self, build: Build, lease: Lease | None = None) -> Build:
        def decide(stored: Stored | None) -> Stored:
            kept = changes.ended(stored.build if stored else None, build)
            return dynamodb_builds.with_build(stored, kept, kept.finished or self._now())

        checks = [dynamodb_leases.must_hold(lease)] if lease else []
        return dynamodb_builds.change(self._table, build.id, decide, checks)

    @_writing
    def set_status(
        self,
        build_id: str,
        status: str,
        expected: t.Collection[str],
        author: str | None,
        reason: str | None,
        now: dt.datetime,
    ) -> Build:
        def decide(stored: Stored | None) -> Stored:
            known = self._require(stored, build_id)
            kept = changes.with_status(known.build, status, expected)
            if kept.status == known.build.status:
                return known
            event = Event(build_id, timestamp(now), status, author, reason)
            return known._replace(build=kept, events=dynamodb_builds.with_event(known.events, event))

        return dynamodb_builds.change(self._table, build_id, decide)

    @_writing
    def add_amis(
        self, build_id: str, amis: t.Mapping[str, str], snapshots: t.Mapping[str, t.Sequence[str]] | None = None
    ) -> Build:
        def decide(stored: Stored | None) -> Stored:
            known = self._require(stored, build_id)
            return known._replace(build=changes.with_amis(known.build, amis, snapshots))

        return dynamodb_builds.change(self._table, build_id, decide)

    @_reading
    def get(self, build_id: str) -> Build | None:
        stored = dynamodb_builds.find(self._table, build_id)
        return stored.build if stored else None

    @_reading
    def events(self, build_id: str) -> list[Event]:
        stored = dynamodb_builds.find(self._table, build_id)
        return [event for _at, event in sorted(stored.events.items())] if stored else []

    @_reading
    def newest(self, image: str, region: str | None = None, statuses: t.Collection[str] = USABLE) -> Build | None:
        partitions = items.lists(image, statuses, region=region)
        return next(iter(dynamodb_builds.select(self._table, partitions, statuses, limit=1)), None)

    @_reading
    def builds(
        self,
        image: str | None = None,
        statuses: t.Collection[str] | None = None,
        limit: int | None = None,
        before: str | None = None,
    ) -> list[Build]:
        return dynamodb_builds.select(self._table, items.lists(image, statuses), statuses, limit, before)

    @_reading
    def by_ami(self, ami_id: str) -> Build | None:
        return dynamodb_builds.by_ami(self._table, ami_id)

    @_reading
    def by_fingerprint(self, image: str, fingerprint: str, statuses: t.Collection[str] = USABLE) -> list[Build]:
        partitions = items.lists(image, statuses, fingerprint=fingerprint)
        return dynamodb_builds.select(self._table, partitions, statuses)

    @_reading
    def images(self) -> list[str]:
        partition = items.image_key("")[0]
        return sorted(image for image, _values in self._table.query(partition))

    @_reading
    def channel(self, image: str, channel: str) -> ChannelMove | None:
        return dynamodb_channels.current(self._table, image, channel)

    @_reading
    def channels(self, image: str | None = None) -> list[ChannelMove]:
        return dynamodb_channels.all_current(self._table, image)

    @_reading
    def channel_history(self, image: str, channel: str, limit: int | None = None) -> list[ChannelMove]:
        return list(dynamodb_channels.history(self._table, image, channel, limit))

    @_writing
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
        return dynamodb_channels.move(self._table, wanted, expected)

    @_writing
    def acquire_lease(self, name: str, holder: str, seconds: float) -> Lease:
        return dynamodb_leases.acquire(self._table, name, holder, self._clock, seconds)

    @_reading
    def lease(self, name: str) -> Lease | None:
        return dynamodb_leases.alive(self._table, name, self._clock)

    @_writing
    def renew(self, lease: Lease, seconds: float) -> Lease:
        return dynamodb_leases.renew(self._table, lease, self._clock() + seconds)

    @_writing
    def release(self, lease: Lease) -> None:
        dynamodb_leases.release(self._table, lease)

    @_writing
    def reap(self, now: dt.datetime) -> list[Build]:
        return dynamodb_builds.reap(self._table, now)

    def dump(self) -> t.Iterator[dict[str, t.Any]]:
        """Yield what is here; a build that somebody changes meanwhile comes as it was or as it is."""
        with self.explained():
            for stored in dynamodb_builds.everything(self._table):
                yield exchange.build_entry(stored.build)
                for number, event in sorted(stored.events.items()):
                    yield exchange.event_entry(number, event)
            for latest in dynamodb_channels.all_current(self._table, None):
                for move in dynamodb_channels.history(self._table, latest.image, latest.channel, newest_first=False):
                    yield exchange.channel_entry(move)

    @_writing
    def load(self, entries: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, int]:
        counts: collections.Counter[str] = collections.Counter(dict.fromkeys(exchange.KINDS, 0))
        # The events of a build come after it: they are written with it.
        for build_id, things in itertools.groupby(map(exchange.parse, entries), key=exchange.build_of):
            if build_id is None:
                moves = [t.cast("ChannelMove", thing) for thing in things]
                counts[exchange.CHANNEL] += sum(self._take_in_move(move) for move in moves)
            else:
                counts.update(self._take_in(build_id, list(things)))
        return dict(counts)

    def _take_in_move(self, move: ChannelMove) -> bool:
        self._require(dynamodb_builds.find(self._table, move.build_id), move.build_id)
        return dynamodb_channels.take_in(self._table, move)

    def _take_in(self, build_id: str, things: list[t.Any]) -> list[str]:
        """Write what another catalogue has of a build; return the kinds of what was new."""
        changed: list[str] = []

        def decide(stored: Stored | None) -> Stored:
            changed.clear()
            known = stored
            for thing in things:
                if isinstance(thing, Build):
                    kept = changes.merged(known.build if known else None, thing)
                    changed.extend([exchange.BUILD] if known is None or kept != known.build else [])
                    known = known._replace(build=kept) if known else Stored(kept, {}, None)
                    continue
                known = self._require(known, build_id)
                if not exchange.have(known.events, thing):
                    number = exchange.free_number(known.events, thing.number)
                    known = known._replace(events={**known.events, number: thing.event})
                    changed.append(exchange.EVENT)
            return self._require(known, build_id)

        dynamodb_builds.change(self._table, build_id, decide)
        return changed

    @contextlib.contextmanager
    def explained(self) -> t.Iterator[None]:
        """Name the catalogue in the error of an item that cannot be used."""
        try:
            yield
        except ItemError as exc:
            raise CatalogueError(f"Cannot use the catalogue {self.url}: {exc}") from exc

    def _require_catalogue(self, table: str, region: str) -> None:
        marker = self._table.get(items.CATALOGUE_KEY)
        if marker is None:
            raise CatalogueError(
                f"Cannot read the catalogue {self.url}: table {table} in {region} is not a catalogue. Name another "
                "table, or make it one with: ansible-playbook playbooks/catalogue.yml -e verb=create"
            )
        version = marker.get("version")
        if not isinstance(version, int) or version > items.SCHEMA:
            raise CatalogueError(f"Cannot read the catalogue {self.url}: {items.newer(version, 'it')}")

    def _require(self, stored: Stored | None, build_id: str) -> Stored:
        if stored is None:
            raise changes.unknown_build(self.url, build_id)
        return stored

    def _now(self) -> str:
        return timestamp(dt.datetime.fromtimestamp(self._clock(), dt.UTC))
