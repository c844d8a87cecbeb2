# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds, their AMIs and their events in an open sqlite catalogue. Transactions are the caller's."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import typing as t

from ..records import BUILDING, Build
from .changes import claimed, event_of
from .interface import Event, lease_name
from .schema import SchemaError

_UPSERT = """
    INSERT INTO builds (id, image, status, fingerprint, record) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET
        image = excluded.image, status = excluded.status, fingerprint = excluded.fingerprint, record = excluded.record
"""
_OWNER = "SELECT build_id FROM amis WHERE ami_id = ? AND build_id <> ? ORDER BY build_id DESC LIMIT 1"
# A build that was started without a lease lives as long as anybody holds the lease on its image.
_INTERRUPTED = """
    SELECT record FROM builds WHERE status = :building AND NOT EXISTS (
        SELECT 1 FROM leases
        WHERE name = :prefix || image AND expires > :now AND (lease_token IS NULL OR lease_token = token)
    )
"""
# DISTINCT would read the index of every build; this jumps from one image to the next.
_IMAGES = """
    WITH RECURSIVE names (image) AS (
        SELECT min(image) FROM builds
        UNION ALL
        SELECT (SELECT min(image) FROM builds WHERE image > names.image) FROM names WHERE image IS NOT NULL
    )
    SELECT image FROM names WHERE image IS NOT NULL
"""


class Wanted(t.NamedTuple):
    """Which builds to return, newest first; None restricts nothing."""

    image: str | None = None
    statuses: t.Collection[str] | None = None
    fingerprint: str | None = None
    region: str | None = None
    before: str | None = None
    limit: int | None = None


def find(db: sqlite3.Connection, build_id: str) -> Build | None:
    """Return a build by its id."""
    row = db.execute("SELECT record FROM builds WHERE id = ?", (build_id,)).fetchone()
    return parse(row[0]) if row else None


def select(db: sqlite3.Connection, wanted: Wanted) -> list[Build]:
    """Return builds, newest first. Reads as many rows as it returns, once for each status asked for."""
    query, values = _query(wanted)
    return [parse(record) for _id, record in db.execute(query, values)]


def by_ami(db: sqlite3.Connection, ami_id: str) -> Build | None:
    """Return the build that has an AMI."""
    query = """
        SELECT record FROM builds JOIN amis ON build_id = id WHERE ami_id = ? ORDER BY id DESC LIMIT 1
    """
    row = db.execute(query, (ami_id,)).fetchone()
    return parse(row[0]) if row else None


def images(db: sqlite3.Connection) -> list[str]:
    """Return the names of all images, sorted."""
    return [row[0] for row in db.execute(_IMAGES)]


def interrupted(db: sqlite3.Connection, now: dt.datetime) -> list[Build]:
    """Return the builds that nobody works on any more."""
    values = {"building": BUILDING, "now": now.timestamp(), "prefix": lease_name("")}
    return [parse(record) for (record,) in db.execute(_INTERRUPTED, values).fetchall()]


def put(db: sqlite3.Connection, build: Build) -> None:
    """Write a build over what is there of it; raise AmiClaimed when another build has one of its AMIs."""
    for ami_id in build.amis.values():
        if owner := db.execute(_OWNER, (ami_id, build.id)).fetchone():
            raise claimed(ami_id, owner[0], build)
    db.execute(_UPSERT, (build.id, build.image, build.status, build.fingerprint, json.dumps(build.to_dict())))
    db.execute("DELETE FROM amis WHERE build_id = ?", (build.id,))
    rows = [(build.id, region, ami_id, build.image, build.status) for region, ami_id in build.amis.items()]
    db.executemany("INSERT INTO amis (build_id, region, ami_id, image, status) VALUES (?, ?, ?, ?, ?)", rows)


def record(db: sqlite3.Connection, build: Build, stored: Build | None, at: str) -> None:
    """Write a build, and the event that its new status is."""
    put(db, build)
    event = event_of(build, stored, at)
    if event:
        add_event(db, event)


def events(db: sqlite3.Connection, build_id: str) -> dict[int, Event]:
    """Return the events of a build by their numbers, oldest first."""
    query = "SELECT number, build_id, at, status, author, reason FROM events WHERE build_id = ? ORDER BY number"
    return {number: Event(*values) for number, *values in db.execute(query, (build_id,))}


def add_event(db: sqlite3.Connection, event: Event, number: int | None = None) -> None:
    """Write an event, as the newest of its build unless its number is given."""
    query = """
        INSERT INTO events (number, build_id, at, status, author, reason)
        VALUES (coalesce(?, (SELECT coalesce(max(number), 0) + 1 FROM events WHERE build_id = ?)), ?, ?, ?, ?, ?)
    """
    db.execute(query, (number, event.build_id, *event))


def parse(text: str) -> Build:
    """Return a build from its JSON; raise SchemaError when it is none."""
    try:
        return Build.from_dict(json.loads(text))
    except ValueError as exc:
        raise SchemaError(f"it holds a record that cannot be read: {exc}") from exc


def _query(wanted: Wanted) -> tuple[str, dict[str, t.Any]]:
    """Return SQL and its values. Each status is asked for by itself: its builds stand in order in an index."""
    values: dict[str, t.Any] = {**wanted._asdict(), "limit": -1 if wanted.limit is None else wanted.limit}
    del values["statuses"]
    if wanted.statuses is None:
        return _one_walk(wanted, None), values
    walks = []
    for number, status in enumerate(sorted(set(wanted.statuses))):
        values[f"status{number}"] = status
        walks.append(f"SELECT id, record FROM ({_one_walk(wanted, f'status{number}')})")  # noqa: S608 - see there
    if not walks:
        return "SELECT id, record FROM builds WHERE 0", {}
    return f"{' UNION ALL '.join(walks)} ORDER BY id DESC LIMIT :limit", values


def _one_walk(wanted: Wanted, status: str | None) -> str:
    """Return SQL that walks along one index. Values go by name: the text holds nothing that a user wrote."""
    table, key = "builds", "id"
    if wanted.region is not None:
        # CROSS: sqlite must walk along the AMIs, whatever it guesses. They stand in the order that is asked for.
        table, key = "amis CROSS JOIN builds ON id = build_id", "build_id"
    conditions = ["1"]
    if wanted.image is not None:
        conditions.append("amis.image = :image" if wanted.region is not None else "image = :image")
    if wanted.region is not None:
        conditions.append("region = :region")
    if wanted.fingerprint is not None:
        conditions.append("fingerprint = :fingerprint")
    if wanted.before is not None:
        conditions.append(f"{key} < :before")
    if status is not None:
        conditions.append(f"{'amis.' if wanted.region is not None else ''}status = :{status}")
    where = " AND ".join(conditions)
    return f"SELECT id, record FROM {table} WHERE {where} ORDER BY {key} DESC LIMIT :limit"  # noqa: S608 - no user's values
