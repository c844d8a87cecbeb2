# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds, their AMIs and their events in a DynamoDB table."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import typing as t

from ..records import BUILDING, Build, timestamp
from . import changes
from . import dynamodb_items as items
from .dynamodb_calls import Step, Table
from .dynamodb_items import ItemError, Stored
from .interface import CatalogueError, Event, lease_name

# How many records to ask for at once: a record has some KB, an answer 16 MB at most.
_CHUNK = 100

Decide = t.Callable[[Stored | None], Stored]


def find(table: Table, build_id: str) -> Stored | None:
    """Return a build and its events."""
    values = table.get(items.build_key(build_id))
    return items.unpack(values, build_id) if values else None


def change(table: Table, build_id: str, decide: Decide, checks: t.Sequence[Step] = ()) -> Build:
    """Write what ``decide`` makes of what is stored, and return the build; it decides anew when somebody else writes.

    ``checks`` must hold at that moment too.
    """

    def attempt() -> Build:
        stored = find(table, build_id)
        wanted = decide(stored)
        if wanted != stored or checks:
            table.write([*checks, *_steps(table, stored, wanted)])
        return wanted.build

    return table.repeat(attempt, f"build {build_id}")


def with_build(stored: Stored | None, build: Build, at: str, lease_token: int | None = None) -> Stored:
    """Return what to store of a build, with the event that its status is when that is new."""
    events = stored.events if stored else {}
    event = changes.event_of(build, stored.build if stored else None, at)
    if event:
        events = with_event(events, event)
    return stored._replace(build=build, events=events) if stored else Stored(build, events, lease_token)


def with_event(events: t.Mapping[int, Event], event: Event) -> dict[int, Event]:
    """Return events and a newer one."""
    return {**events, max(events, default=0) + 1: event}


def select(
    table: Table,
    partitions: t.Sequence[str],
    statuses: t.Collection[str] | None,
    limit: int | None = None,
    before: str | None = None,
) -> list[Build]:
    """Return the builds that partitions list, newest first."""
    walks = [table.query(partition, limit=limit, before=before) for partition in partitions]
    listed = (build_id for build_id, _values in heapq.merge(*walks, reverse=True, key=lambda row: row[0]))
    found: list[Build] = []
    while limit is None or len(found) < limit:
        wanted = list(itertools.islice(listed, min(_CHUNK, _CHUNK if limit is None else limit - len(found))))
        if not wanted:
            break
        # One may have got another status after it was listed.
        found += [
            stored.build for stored in records(table, wanted) if statuses is None or stored.build.status in statuses
        ]
    return found


def everything(table: Table) -> t.Iterator[Stored]:
    """Yield all builds, oldest first."""
    (partition,) = items.lists(None, None)
    rows = table.query(partition, newest_first=False)
    while wanted := [build_id for build_id, _values in itertools.islice(rows, _CHUNK)]:
        yield from records(table, wanted)


def records(table: Table, build_ids: t.Sequence[str]) -> list[Stored]:
    """Return builds that are listed, in the order of their ids; raise ItemError when one is not there."""
    found = table.get_many([items.build_key(build_id) for build_id in build_ids])
    stored = []
    for build_id in build_ids:
        key = items.build_key(build_id)
        if key not in found:
            raise ItemError(
                f"it lists build {build_id}, but has no item {key[0]}. Somebody deleted it by hand: restore it from a "
                "backup, or record the build again from its AMI's tags"
            )
        stored.append(items.unpack(found[key], build_id))
    return stored


def by_ami(table: Table, ami_id: str) -> Build | None:
    """Return the build that has an AMI."""
    values = table.get(items.ami_key(ami_id))
    return records(table, [_owner(values)])[0].build if values else None


def reap(table: Table, now: dt.datetime) -> list[Build]:
    """Give up the builds that nobody works on any more, and return them."""
    (partition,) = items.lists(None, [BUILDING])
    building = [build_id for build_id, _values in table.query(partition)]
    return [build for build_id in building if (build := _reap(table, build_id, now))]


def _reap(table: Table, build_id: str, now: dt.datetime) -> Build | None:
    def attempt() -> Build | None:
        stored = find(table, build_id)
        if stored is None or stored.build.status != BUILDING:
            return None
        key = items.lease_key(lease_name(stored.build.image))
        lease = table.get(key)
        if lease and float(lease["expires"]) > now.timestamp() and stored.lease_token in (None, lease["token"]):
            return None
        given_up = changes.interrupted(stored.build, now)
        # The holder may wake up and renew it at this moment.
        seen = unchanged_lease(key, lease)
        table.write([seen, *_steps(table, stored, with_build(stored, given_up, timestamp(now)))])
        return given_up

    return table.repeat(attempt, f"build {build_id}")


def unchanged_lease(key: items.Key, lease: items.Values | None) -> Step:
    """Return a look at a lease that holds when nobody changed it since it was read."""
    if lease is None:
        return Step(key, only_look=True, condition="attribute_not_exists(pk)")
    given = {":token": lease["token"], ":expires": lease["expires"]}
    return Step(key, only_look=True, condition="#token = :token AND expires = :expires", names=TOKEN, given=given)


# DynamoDB has a word "token" of its own.
TOKEN = {"#token": "token"}


def _steps(table: Table, stored: Stored | None, wanted: Stored) -> list[Step]:
    """Return the transaction that turns one record of a build into another."""
    build, key = wanted.build, items.build_key(wanted.build.id)
    values = items.pack(wanted._replace(revision=(stored.revision if stored else 0) + 1))
    if stored is None:
        steps = [Step(key, values, condition="attribute_not_exists(pk)")]
    else:
        steps = [Step(key, values, condition="revision = :seen", given={":seen": stored.revision})]
    old_amis = set(stored.build.amis.values()) if stored else set()
    steps += [_claim(ami_id, build) for ami_id in sorted(set(build.amis.values()) - old_amis)]
    old_rows = items.rows(stored.build) if stored else set()
    new_rows = items.rows(build)
    steps += [Step(row) for row in sorted(old_rows - new_rows)]
    steps += [Step(row, {}) for row in sorted(new_rows - old_rows)]
    if stored is None and table.get(items.image_key(build.image)) is None:
        steps.append(Step(items.image_key(build.image), {}))
    return steps


def _claim(ami_id: str, build: Build) -> Step:
    def refused(owned: items.Values) -> Exception:
        return changes.claimed(ami_id, _owner(owned), build)

    condition = "attribute_not_exists(pk) OR build_id = :build"
    return Step(
        items.ami_key(ami_id), {"build_id": build.id}, condition=condition, given={":build": build.id}, refused=refused
    )


def _owner(values: items.Values) -> str:
    owner = values.get("build_id")
    if not isinstance(owner, str):
        raise ItemError(f"the item of an AMI names no build: {values}. Somebody changed it by hand")
    return owner


def must_be_new(stored: Stored | None, build: Build, url: str) -> None:
    """Raise CatalogueError for a build that is there already."""
    if stored:
        raise CatalogueError(f"Build {build.id} is in the catalogue {url} already")
