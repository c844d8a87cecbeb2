# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the sqlite catalogue, and how an older file becomes a current one."""

from __future__ import annotations

import sqlite3
import typing as t

# "GOLD" in the file's header: says that a database is a catalogue, and not some other program's.
APPLICATION_ID = 0x474F4C44

# One tuple of statements for each schema version. Published ones are never edited; a change is a new entry.
#
# The record is kept whole, as JSON; columns repeat what is searched for. The AMIs have a table of their own because
# one build has an AMI in each region. A lease's row outlives the lease: its token must go on growing. "amis"
# and "channels" repeat what other tables hold, so that each question is one walk along an index.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE builds (
            id TEXT PRIMARY KEY,
            image TEXT NOT NULL,
            status TEXT NOT NULL,
            fingerprint TEXT,
            lease_token INTEGER,
            record TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX builds_by_image ON builds (image, id DESC)",
        "CREATE INDEX builds_by_status ON builds (status)",
        """CREATE TABLE amis (
            build_id TEXT NOT NULL REFERENCES builds (id),
            region TEXT NOT NULL,
            ami_id TEXT NOT NULL,
            PRIMARY KEY (build_id, region)
        ) STRICT""",
        "CREATE INDEX amis_by_id ON amis (ami_id)",
        """CREATE TABLE leases (
            name TEXT PRIMARY KEY,
            holder TEXT NOT NULL,
            token INTEGER NOT NULL,
            expires REAL
        ) STRICT""",
    ),
    (
        "DROP INDEX builds_by_status",
        "CREATE INDEX builds_by_status ON builds (status, id DESC)",
        "CREATE INDEX builds_by_image_and_status ON builds (image, status, id DESC)",
        "CREATE INDEX builds_by_fingerprint ON builds (image, fingerprint, status, id DESC)",
        "ALTER TABLE amis ADD COLUMN image TEXT",
        "UPDATE amis SET image = (SELECT image FROM builds WHERE id = build_id)",
        "CREATE INDEX amis_by_region ON amis (image, region, build_id DESC)",
        """CREATE TABLE events (
            build_id TEXT NOT NULL REFERENCES builds (id),
            number INTEGER NOT NULL,
            at TEXT NOT NULL,
            status TEXT NOT NULL,
            author TEXT,
            reason TEXT,
            PRIMARY KEY (build_id, number)
        ) STRICT, WITHOUT ROWID""",
        """INSERT INTO events
            SELECT id, 1, coalesce(json_extract(record, '$.finished'), json_extract(record, '$.started')), status,
                json_extract(record, '$.author'), 'recorded before the catalogue kept events'
            FROM builds""",
        """CREATE TABLE channel_moves (
            image TEXT NOT NULL,
            channel TEXT NOT NULL,
            build_id TEXT NOT NULL REFERENCES builds (id),
            previous TEXT,
            at TEXT NOT NULL,
            author TEXT,
            reason TEXT,
            number INTEGER NOT NULL,
            PRIMARY KEY (image, channel, number)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE channels (
            image TEXT NOT NULL,
            channel TEXT NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (image, channel),
            FOREIGN KEY (image, channel, number) REFERENCES channel_moves (image, channel, number)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        "ALTER TABLE amis ADD COLUMN status TEXT",
        "UPDATE amis SET status = (SELECT status FROM builds WHERE id = build_id)",
        "DROP INDEX amis_by_region",
        "CREATE INDEX amis_by_region ON amis (image, region, status, build_id DESC)",
    ),
)


class SchemaError(Exception):
    """A file is not a catalogue that this code can use; the text goes on after "Cannot open ...:"."""


def version(db: sqlite3.Connection) -> int:
    """Return the schema version of an open file, 0 for an empty one; raise SchemaError for what is no catalogue."""
    application, found = (_pragma(db, name) for name in ("application_id", "user_version"))
    if application == APPLICATION_ID:
        return found
    if found or db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise SchemaError("it is a database of something else, not a catalogue. Name another file")
    return 0


def migrate(db: sqlite3.Connection, migrations: t.Sequence[tuple[str, ...]] = MIGRATIONS) -> None:
    """Bring a file to the current schema, all or nothing; raise SchemaError when it is newer than this code."""
    if is_current(db, migrations):
        return
    db.execute("BEGIN IMMEDIATE")
    with db:
        # Another process may have done it while this one waited for the lock.
        if not is_current(db, migrations):
            for statements in migrations[version(db) :]:
                for statement in statements:
                    db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {len(migrations)}")


def is_current(db: sqlite3.Connection, migrations: t.Sequence[tuple[str, ...]] = MIGRATIONS) -> bool:
    """Say whether a file has the current schema; raise SchemaError when it has a newer one."""
    found = version(db)
    if found > len(migrations):
        raise SchemaError(
            f"it has schema version {found}, and this version of golden.windows_ami knows {len(migrations)} at most. "
            "Update golden.windows_ami, or name another catalogue"
        )
    return found == len(migrations)


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
