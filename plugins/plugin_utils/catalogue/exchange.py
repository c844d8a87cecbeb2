# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form in which one catalogue hands its contents to another: plain values, one entry for each thing."""

from __future__ import annotations

import typing as t

from ..records import Build, RecordError
from .interface import CatalogueError, ChannelMove, Event

# Grows when an entry can no longer be read by the code of before.
SCHEMA = 1
BUILD = "build"
EVENT = "event"
CHANNEL = "channel"
KINDS = (BUILD, EVENT, CHANNEL)

Entry = dict[str, t.Any]


class Numbered(t.NamedTuple):
    """An event, and which of its build's events it is, from 1."""

    number: int
    event: Event


def build_entry(build: Build) -> Entry:
    """Return a build as an entry."""
    return {"kind": BUILD, "schema": SCHEMA, **build.to_dict()}


def event_entry(number: int, event: Event) -> Entry:
    """Return an event as an entry."""
    return {"kind": EVENT, "schema": SCHEMA, "number": number, **event._asdict()}


def channel_entry(move: ChannelMove) -> Entry:
    """Return a move of a channel as an entry."""
    return {"kind": CHANNEL, "schema": SCHEMA, **move._asdict()}


def parse(entry: t.Mapping[str, t.Any]) -> Build | Numbered | ChannelMove:
    """Return what an entry says; raise CatalogueError when it is newer than this code or makes no sense."""
    values = dict(entry)
    kind, schema = values.pop("kind", None), values.pop("schema", None)
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise CatalogueError(f"An entry has no schema version, so it is no entry of a catalogue: {_short(entry)}")
    if schema > SCHEMA:
        raise CatalogueError(
            f"An entry has schema version {schema}, and this version of golden.windows_ami knows {SCHEMA} at most. "
            f"Update golden.windows_ami: {_short(entry)}"
        )
    if kind not in _READERS:
        raise CatalogueError(f"An entry has the unknown kind {kind!r}. Known: {', '.join(_READERS)}: {_short(entry)}")
    try:
        return _READERS[kind](values)
    except RecordError as exc:
        raise CatalogueError(f"An entry cannot be read: {exc}") from exc
    except (KeyError, TypeError) as exc:
        raise CatalogueError(f"An entry of kind {kind} cannot be read ({exc}): {_short(entry)}") from exc


def build_of(thing: Build | Numbered | ChannelMove) -> str | None:
    """Return the id of the build that a thing is a part of; None for a move of a channel."""
    if isinstance(thing, ChannelMove):
        return None
    return thing.id if isinstance(thing, Build) else thing.event.build_id


def have(known: t.Mapping[int, Event], wanted: Numbered) -> bool:
    """Say whether an event that another catalogue has is among those of its build here.

    It may have got a higher number here, when its own was taken by an event that only this catalogue has.
    """
    return any(event == wanted.event and number >= wanted.number for number, event in known.items())


def free_number(known: t.Mapping[int, Event], wanted: int) -> int:
    """Return the number for an event from elsewhere: its own, or the next one when that is taken."""
    return wanted if wanted not in known else max(known) + 1


def contradiction(known: ChannelMove, wanted: ChannelMove) -> CatalogueError:
    """Return the error to raise when two catalogues tell different stories of one channel."""
    return CatalogueError(
        f"Channel {wanted.channel} of {wanted.image} cannot be taken in: its move {wanted.number} is to build "
        f"{wanted.build_id} there ({wanted.at}) and to build {known.build_id} here ({known.at}). Leave the entries of "
        "one side out"
    )


def _event(values: Entry) -> Numbered:
    number = _number(values)
    return Numbered(number, Event(**_texts(values, ("build_id", "at", "status"), ("author", "reason"))))


def _channel(values: Entry) -> ChannelMove:
    number = _number(values)
    texts = _texts(values, ("image", "channel", "build_id", "at"), ("previous", "author", "reason"))
    return ChannelMove(number=number, **texts)


def _number(values: Entry) -> int:
    number = values.pop("number")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise TypeError(f"number is {number!r}, not a positive whole number")
    return number


def _texts(values: Entry, required: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, t.Any]:
    unknown = sorted(set(values) - {*required, *optional})
    if unknown:
        raise TypeError(f"it has the unknown keys {', '.join(unknown)}")
    for key in required:
        if not isinstance(values.get(key), str) or not values[key]:
            raise TypeError(f"{key} is {values.get(key)!r}, not a text")
    for key in optional:
        if not isinstance(values.get(key), str | None):
            raise TypeError(f"{key} is {values[key]!r}, not a text or null")
    return {key: values.get(key) for key in (*required, *optional)}


def _short(entry: t.Mapping[str, t.Any]) -> str:
    text = repr(dict(entry))
    return text if len(text) <= 300 else f"{text[:300]}..."


_READERS: dict[str, t.Callable[[Entry], Build | Numbered | ChannelMove]] = {
    BUILD: Build.from_dict,
    EVENT: _event,
    CHANNEL: _channel,
}
