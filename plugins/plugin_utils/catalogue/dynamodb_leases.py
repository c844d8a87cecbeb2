# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases in a DynamoDB table. A clock returns seconds since 1970; it is asked after an answer, which sets it right.

A lease is two items: who holds it until when, which DynamoDB removes a week later (TTL), and its newest token, which
stays for ever, because a token must never come again.
"""

from __future__ import annotations

import datetime as dt
import typing as t

from . import dynamodb_items as items
from .dynamodb_calls import Step, Table
from .dynamodb_items import ItemError, Values
from .interface import Lease, LeaseHeld, LeaseLost

TTL_ATTRIBUTE = "ttl"
_KEPT_SECONDS = 7 * 24 * 3600
# DynamoDB has a word "token" of its own.
_NAMES = {"#token": "token"}
_HELD = "#token = :token AND attribute_not_exists(released)"


class _LostError(Exception):
    """The lease is not this holder's any more, which is all that had to be known."""


def acquire(table: Table, name: str, holder: str, clock: t.Callable[[], float], seconds: float) -> Lease:
    """Take a lease; raise LeaseHeld while another one is alive."""

    def attempt() -> Lease:
        held, last = table.get(items.lease_key(name)), table.get(items.token_key(name))
        now = clock()
        if held and _expires(held, name) > now:
            raise LeaseHeld(_lease(name, held))
        token = _token(last, name) + 1
        values = _values(holder, token, now + seconds)
        if held:
            seen = {":token": held["token"], ":expires": held["expires"]}
            free = Step(
                items.lease_key(name),
                values,
                condition="#token = :token AND expires = :expires",
                names=_NAMES,
                given=seen,
            )
        else:
            free = Step(items.lease_key(name), values, condition="attribute_not_exists(pk)")
        if last:
            given: Values = {":token": last["token"]}
            newest = Step(
                items.token_key(name), {"token": token}, condition="#token = :token", names=_NAMES, given=given
            )
        else:
            newest = Step(items.token_key(name), {"token": token}, condition="attribute_not_exists(pk)")
        table.write([free, newest])
        return _lease(name, values)

    return table.repeat(attempt, f"the lease on {name}")


def alive(table: Table, name: str, clock: t.Callable[[], float]) -> Lease | None:
    """Return the lease that is alive now."""
    held = table.get(items.lease_key(name))
    return _lease(name, held) if held and _expires(held, name) > clock() else None


def renew(table: Table, lease: Lease, expires: float) -> Lease:
    """Let a lease expire at another time; raise LeaseLost."""
    values = _values(lease.holder, lease.token, expires)
    # An expired lease that nobody took is still this holder's: a laptop that slept may go on.
    table.repeat(
        lambda: table.write([Step(items.lease_key(lease.name), values), must_hold(lease)]), f"the lease on {lease.name}"
    )
    return _lease(lease.name, values)


def release(table: Table, lease: Lease) -> None:
    """Give a lease back, if it is still the holder's."""
    token = Step(
        items.token_key(lease.name),
        {"token": lease.token, "released": True},
        condition="#token = :token",
        names=_NAMES,
        given={":token": lease.token},
        refused=lambda _: _LostError(),
    )
    try:
        table.repeat(lambda: table.write([Step(items.lease_key(lease.name)), token]), f"the lease on {lease.name}")
    except _LostError:
        return


def must_hold(lease: Lease) -> Step:
    """Return a look at a lease that raises LeaseLost when it has a newer holder or was released."""
    return Step(
        items.token_key(lease.name),
        only_look=True,
        condition=_HELD,
        names=_NAMES,
        given={":token": lease.token},
        refused=lambda _: LeaseLost(lease),
    )


def _values(holder: str, token: int, expires: float) -> Values:
    return {"holder": holder, "token": token, "expires": expires, TTL_ATTRIBUTE: int(expires) + _KEPT_SECONDS}


def _lease(name: str, values: Values) -> Lease:
    return Lease(
        name, str(values["holder"]), _token(values, name), dt.datetime.fromtimestamp(_expires(values, name), dt.UTC)
    )


def _expires(values: Values, name: str) -> float:
    expires = values.get("expires")
    if not isinstance(expires, int | float) or not isinstance(values.get("holder"), str):
        raise ItemError(_malformed(name, values))
    return float(expires)


def _token(values: Values | None, name: str) -> int:
    token = values.get("token") if values else 0
    if not isinstance(token, int):
        raise ItemError(_malformed(name, values or {}))
    return token


def _malformed(name: str, values: Values) -> str:
    return f"the lease on {name} cannot be read: {values}. Somebody changed it by hand: delete the item of its holder"
