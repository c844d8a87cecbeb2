# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels in a DynamoDB table."""

from __future__ import annotations

import itertools
import typing as t

from . import changes, exchange
from . import dynamodb_builds as builds
from . import dynamodb_items as items
from .dynamodb_calls import Step, Table
from .interface import Anything, ChannelMove


def current(table: Table, image: str, channel: str) -> ChannelMove | None:
    """Return the latest move of a channel."""
    values = table.get(items.channel_key(image, channel))
    return items.unpack_move(values) if values else None


def all_current(table: Table, image: str | None) -> list[ChannelMove]:
    """Return the latest move of every channel, sorted by image and channel."""
    partition = items.channel_key("", "")[0]
    prefix = None if image is None else f"{items.name(image)}#"
    found = [items.unpack_move(values) for _key, values in table.query(partition, prefix=prefix)]
    return sorted(found, key=lambda move: (move.image, move.channel))


def history(
    table: Table, image: str, channel: str, limit: int | None = None, newest_first: bool = True
) -> t.Iterator[ChannelMove]:
    """Yield the moves of a channel."""
    partition = items.move_key(image, channel, 0)[0]
    rows = itertools.islice(table.query(partition, newest_first=newest_first, limit=limit), limit)
    return (items.unpack_move(values) for _key, values in rows)


def move(table: Table, wanted: ChannelMove, expected: str | Anything | None) -> ChannelMove:
    """Point a channel elsewhere; raise ChannelMoved when it does not point at ``expected``."""

    def attempt() -> ChannelMove:
        latest = current(table, wanted.image, wanted.channel)
        stored = builds.find(table, wanted.build_id)
        decided = changes.next_move(latest, wanted, stored.build if stored else None, expected)
        table.write(_steps(latest, decided))
        return decided

    return table.repeat(attempt, f"channel {wanted.channel} of {wanted.image}")


def take_in(table: Table, wanted: ChannelMove) -> bool:
    """Write a move that another catalogue has; say whether it was new."""

    def attempt() -> bool:
        values = table.get(items.move_key(wanted.image, wanted.channel, wanted.number))
        known = items.unpack_move(values) if values else None
        if known == wanted:
            return False
        if known:
            raise exchange.contradiction(known, wanted)
        table.write(_steps(current(table, wanted.image, wanted.channel), wanted))
        return True

    return table.repeat(attempt, f"channel {wanted.channel} of {wanted.image}")


def _steps(latest: ChannelMove | None, decided: ChannelMove) -> list[Step]:
    """Return the transaction that writes a move; the one with the highest number says where the channel points."""
    values = items.pack_move(decided)
    new = Step(
        items.move_key(decided.image, decided.channel, decided.number), values, condition="attribute_not_exists(pk)"
    )
    key = items.channel_key(decided.image, decided.channel)
    if latest is None:
        return [new, Step(key, values, condition="attribute_not_exists(pk)")]
    seen: items.Values = {":seen": latest.number}
    names = {"#number": "number"}
    if latest.number > decided.number:
        return [new, Step(key, only_look=True, condition="#number = :seen", names=names, given=seen)]
    return [new, Step(key, values, condition="#number = :seen", names=names, given=seen)]
