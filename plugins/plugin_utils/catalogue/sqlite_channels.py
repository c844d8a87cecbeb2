# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels in an open sqlite catalogue. Transactions are the caller's."""

from __future__ import annotations

import sqlite3
import typing as t

from .interface import ChannelMove

_COLUMNS = ", ".join(ChannelMove._fields)


def current(db: sqlite3.Connection, image: str, channel: str) -> ChannelMove | None:
    """Return the latest move of a channel."""
    return next(iter(history(db, image, channel, 1)), None)


def all_current(db: sqlite3.Connection, image: str | None) -> list[ChannelMove]:
    """Return the latest move of every channel, sorted by image and channel."""
    query = f"""
        SELECT {_COLUMNS} FROM channels JOIN channel_moves USING (image, channel, number)
        {"" if image is None else "WHERE image = ?"} ORDER BY image, channel
    """  # noqa: S608 - only names of columns
    return [ChannelMove(*row) for row in db.execute(query, () if image is None else (image,))]


def history(db: sqlite3.Connection, image: str, channel: str, limit: int | None) -> list[ChannelMove]:
    """Return the moves of a channel, newest first."""
    query = f"""
        SELECT {_COLUMNS} FROM channel_moves WHERE image = ? AND channel = ? ORDER BY number DESC LIMIT ?
    """  # noqa: S608 - only names of columns
    return [ChannelMove(*row) for row in db.execute(query, (image, channel, -1 if limit is None else limit))]


def find(db: sqlite3.Connection, image: str, channel: str, number: int) -> ChannelMove | None:
    """Return one move of a channel."""
    query = f"SELECT {_COLUMNS} FROM channel_moves WHERE image = ? AND channel = ? AND number = ?"  # noqa: S608
    row = db.execute(query, (image, channel, number)).fetchone()
    return ChannelMove(*row) if row else None


def put(db: sqlite3.Connection, move: ChannelMove) -> None:
    """Write a move that is not there; the one with the highest number says where the channel points."""
    db.execute(
        "INSERT INTO channel_moves VALUES (:image, :channel, :build_id, :previous, :at, :author, :reason, :number)",
        move._asdict(),
    )
    latest = """
        INSERT INTO channels VALUES (:image, :channel, :number)
        ON CONFLICT (image, channel) DO UPDATE SET number = excluded.number WHERE excluded.number > channels.number
    """
    db.execute(latest, {"image": move.image, "channel": move.channel, "number": move.number})


def everything(db: sqlite3.Connection) -> t.Iterator[ChannelMove]:
    """Yield all moves, those of one channel oldest first."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM channel_moves ORDER BY image, channel, number")  # noqa: S608
    return (ChannelMove(*row) for row in rows)
