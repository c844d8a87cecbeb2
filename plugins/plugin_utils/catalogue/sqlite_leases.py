# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases in an open sqlite catalogue. ``now`` is seconds since 1970; transactions are the caller's."""

from __future__ import annotations

import datetime as dt
import sqlite3

from .interface import Lease, LeaseHeld, LeaseLost


def acquire(db: sqlite3.Connection, name: str, holder: str, now: float, seconds: float) -> Lease:
    """Take a lease; raise LeaseHeld while another one is alive."""
    row = db.execute("SELECT holder, token, expires FROM leases WHERE name = ?", (name,)).fetchone()
    if row and _alive(row[2], now):
        raise LeaseHeld(_lease(name, *row))
    token = row[1] + 1 if row else 1
    db.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)", (name, holder, token, now + seconds))
    return _lease(name, holder, token, now + seconds)


def alive(db: sqlite3.Connection, name: str, now: float) -> Lease | None:
    """Return the lease that is alive now."""
    row = db.execute("SELECT holder, token, expires FROM leases WHERE name = ?", (name,)).fetchone()
    return _lease(name, *row) if row and _alive(row[2], now) else None


def renew(db: sqlite3.Connection, lease: Lease, expires: float) -> Lease:
    """Let a lease expire at another time; raise LeaseLost."""
    # An expired lease that nobody took is still this holder's: a laptop that slept may go on.
    require_held(db, lease)
    db.execute("UPDATE leases SET expires = ? WHERE name = ?", (expires, lease.name))
    return _lease(lease.name, lease.holder, lease.token, expires)


def release(db: sqlite3.Connection, lease: Lease) -> None:
    """Give a lease back, if it is still the holder's."""
    db.execute("UPDATE leases SET expires = NULL WHERE name = ? AND token = ?", (lease.name, lease.token))


def require_held(db: sqlite3.Connection, lease: Lease) -> None:
    """Raise LeaseLost when a lease has a newer holder or was released."""
    held = "SELECT 1 FROM leases WHERE name = ? AND token = ? AND expires IS NOT NULL"
    if not db.execute(held, (lease.name, lease.token)).fetchone():
        raise LeaseLost(lease)


def _alive(expires: float | None, now: float) -> bool:
    return expires is not None and expires > now


def _lease(name: str, holder: str, token: int, expires: float) -> Lease:
    return Lease(name, holder, token, dt.datetime.fromtimestamp(expires, dt.UTC))
