# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a catalogue lies in one DynamoDB table: its keys and items. Calls nothing.

    partition key `pk`                      sort key `sk`   what it holds
    catalogue                               schema          the version: says that the table is a catalogue
    build#ID                                record          a build and its events, compressed; `revision` grows
    builds                                  ID              a row for each build; see `rows`
    status#STATUS                           ID
    image#IMAGE                             ID
    image#IMAGE#STATUS                      ID
    image#IMAGE#STATUS#region#REGION        ID              with an AMI there
    image#IMAGE#STATUS#fingerprint#PRINT    ID
    ami#AMI                                 ami             whose AMI it is: one build's
    images                                  IMAGE
    channels                                IMAGE#CHANNEL   the latest move of a channel
    channel#IMAGE#CHANNEL                   NUMBER          each of its moves
    lease#NAME                              lease           who holds it until when; goes away by TTL
    lease#NAME                              token           the newest token; must never go

Each question is one walk along one partition (one for each status), so that it reads what it returns and no more. Rows
are in the table itself and not in an index of DynamoDB, which would show a build some time after it was written.
"""

from __future__ import annotations

import json
import typing as t
import zlib

from ..records import Build
from .interface import ChannelMove, Event

# Grows when an item can no longer be read by the code of before.
SCHEMA = 1
# DynamoDB keeps 400 KB in an item, names included.
_MAX_BYTES = 390_000
_NUMBER_WIDTH = 10

Key = tuple[str, str]
Value = str | int | float | bool | bytes
Values = dict[str, Value]

CATALOGUE_KEY: Key = ("catalogue", "schema")


class ItemError(Exception):
    """An item cannot be used; the text goes on after "Cannot ... the catalogue ...:"."""


class Stored(t.NamedTuple):
    """What the table has of a build. ``lease_token`` is of the lease it was started with."""

    build: Build
    events: dict[int, Event]
    lease_token: int | None
    revision: int = 0


def name(*parts: str) -> str:
    """Join words to a key, so that no part can look like two: ``a#b`` and ``c`` differ from ``a`` and ``b#c``."""
    return "#".join(part.replace("%", "%25").replace("#", "%23") for part in parts)


def build_key(build_id: str) -> Key:
    """Return the key of a build's record."""
    return name("build", build_id), "record"


def ami_key(ami_id: str) -> Key:
    """Return the key of the item that says whose an AMI is."""
    return name("ami", ami_id), "ami"


def image_key(image: str) -> Key:
    """Return the key of an image's row among all images."""
    return "images", image


def channel_key(image: str, channel: str) -> Key:
    """Return the key of the latest move of a channel."""
    return "channels", name(image, channel)


def move_key(image: str, channel: str, number: int) -> Key:
    """Return the key of one move of a channel."""
    return name("channel", image, channel), f"{number:0{_NUMBER_WIDTH}}"


def lease_key(lease: str) -> Key:
    """Return the key of a lease."""
    return name("lease", lease), "lease"


def token_key(lease: str) -> Key:
    """Return the key of a lease's newest token."""
    return name("lease", lease), "token"


def lists(
    image: str | None,
    statuses: t.Collection[str] | None,
    region: str | None = None,
    fingerprint: str | None = None,
) -> list[str]:
    """Return the partitions that together list the wanted builds."""
    first = ("builds",) if image is None else ("image", image)
    if statuses is None:
        return [name(*first)]
    if image is None:
        return [name("status", status) for status in dict.fromkeys(statuses)]
    last = ("region", region) if region is not None else ()
    last = ("fingerprint", fingerprint) if fingerprint is not None else last
    return [name(*first, status, *last) for status in dict.fromkeys(statuses)]


def rows(build: Build) -> set[Key]:
    """Return the keys of the rows that list a build."""
    partitions = [*lists(None, None), *lists(None, [build.status]), *lists(build.image, None)]
    partitions += lists(build.image, [build.status])
    for region in build.amis:
        partitions += lists(build.image, [build.status], region=region)
    if build.fingerprint is not None:
        partitions += lists(build.image, [build.status], fingerprint=build.fingerprint)
    return {(partition, build.id) for partition in partitions}


def pack(stored: Stored) -> Values:
    """Return the values of a build's item; raise ItemError when they do not fit, before anything is written."""
    build = stored.build
    events = [[number, *event[1:]] for number, event in sorted(stored.events.items())]
    data = zlib.compress(json.dumps({"build": build.to_dict(), "events": events}).encode(), 9)
    if len(data) > _MAX_BYTES:
        raise ItemError(_too_large(build, len(data)))
    values: Values = {"schema": SCHEMA, "revision": stored.revision, "data": data}
    # For whoever looks at the table in the console.
    values |= {"image": build.image, "status": build.status, "started": build.started}
    values["amis"] = json.dumps(build.amis)
    if stored.lease_token is not None:
        values["lease_token"] = stored.lease_token
    return values


def unpack(values: Values, build_id: str) -> Stored:
    """Return what `pack` packed; raise ItemError for an item that is newer or was changed by hand."""
    schema = values.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise ItemError(newer(schema, f"the record of build {build_id}"))
    try:
        content = json.loads(zlib.decompress(t.cast("bytes", values["data"])))
        build = Build.from_dict(content["build"])
        events = {int(number): Event(build.id, *rest) for number, *rest in content["events"]}
        token = values.get("lease_token")
        if build.id != build_id:
            raise ValueError(f"it is the record of build {build.id}")
        return Stored(build, events, None if token is None else int(token), int(values["revision"]))
    except (KeyError, TypeError, ValueError, zlib.error) as exc:
        raise ItemError(
            f"the item {name('build', build_id)} cannot be read ({type(exc).__name__}: {exc}). Somebody changed "
            "it by hand: restore it from a backup, or delete it and record the build again from its AMI's tags"
        ) from exc


def pack_move(move: ChannelMove) -> Values:
    """Return the values of an item that is a move of a channel."""
    return {key: value for key, value in move._asdict().items() if value is not None}


def unpack_move(values: Values) -> ChannelMove:
    """Return what `pack_move` packed; raise ItemError for an item that was changed by hand."""
    try:
        texts = {key: _text(values.get(key), key in _MAY_LACK) for key in ChannelMove._fields if key != "number"}
        return ChannelMove(number=int(values["number"]), **t.cast("dict[str, t.Any]", texts))
    except (KeyError, TypeError, ValueError) as exc:
        raise ItemError(
            f"an item of a channel cannot be read ({type(exc).__name__}: {exc}): {values}. Somebody changed it by "
            "hand: restore it from a backup"
        ) from exc


def newer(schema: object, what: str) -> str:
    """Return what to say of something that this code is too old for."""
    return (
        f"{what} has schema version {schema}, and this version of golden.windows_ami knows {SCHEMA} at most. "
        "Update golden.windows_ami, or name another catalogue"
    )


_MAY_LACK = ("previous", "author", "reason")


def _text(value: Value | None, may_lack: bool) -> str | None:
    if isinstance(value, str) or (value is None and may_lack):
        return value
    raise TypeError(f"{value!r} is no text")


def _too_large(build: Build, size: int) -> str:
    sizes = {key: len(json.dumps(value)) for key, value in build.to_dict().items()}
    largest = max(sizes, key=lambda key: sizes[key])
    return (
        f"Build {build.id} of {build.image} does not fit into DynamoDB: its record has {size // 1000} KB even "
        f"compressed, and an item may have 400 KB. The largest part is {largest} ({sizes[largest] // 1000} KB); "
        "nothing was recorded. Record less of it, or use a sqlite: catalogue"
    )
