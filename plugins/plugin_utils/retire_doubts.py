# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what was seen of the estate may be believed. Decides; calls nothing.

Who removes what nothing uses must be sure of having seen everything that could use it. An answer that is missing says
so; one that is too small does not, and is the dangerous one: another account's credentials, a filter, a new region.
"""

from __future__ import annotations

import collections
import datetime as dt
import typing as t

from .catalogue import ChannelMove
from .estate import INSTANCE, Estate
from .records import DEREGISTERED, FAILED, Build, timestamp
from .retire import MEMORY, owned

# What was seen longer ago is not what is there.
FRESH = dt.timedelta(minutes=15)
# What is configured does not halve from one day to the next; instances do, every night.
_SHARE = 0.5
# Smaller numbers change by more than half for good reasons.
_FEW = 4

Seen = dict[str, dict[str, int]]


class Doubts(t.NamedTuple):
    """Why nothing may be removed. ``implausible`` are those that a person who knows better may overrule."""

    missing: tuple[str, ...] = ()
    implausible: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.implausible)


def count(estate: Estate) -> Seen:
    """Return how many things of each kind were seen in each place."""
    things = {(use.place, use.kind, use.id) for use in estate.uses}
    counts = collections.Counter((place, kind) for place, kind, _id in things)
    found: Seen = {str(place): {} for place in sorted(estate.places)}
    for (place, kind), number in sorted(counts.items()):
        found.setdefault(str(place), {})[kind] = number
    return found


def last_seen(builds: t.Iterable[Build]) -> Seen:
    """Return what was seen by the last run that changed something: builds remember it."""
    memories = [build.contents[MEMORY] for build in builds if build.contents.get(MEMORY, {}).get("seen")]
    newest: dict[str, t.Any] = max(memories, key=lambda memory: str(memory.get("at", "")), default={})
    return {place: dict(kinds) for place, kinds in newest.get("seen", {}).items()}


def memory(estate: Estate, now: dt.datetime) -> dict[str, t.Any]:
    """Return what a build is to remember of what was seen when it was retired."""
    return {"at": timestamp(now), "seen": count(estate)}


def doubts(
    estate: Estate, builds: t.Sequence[Build], channels: t.Sequence[ChannelMove], before: Seen, now: dt.datetime
) -> Doubts:
    """Return what speaks against believing that the estate was seen as it is; ``before`` is `last_seen`."""
    seen = count(estate)
    implausible = [*_nothing(seen, channels), *_lost(estate, builds), *_smaller(seen, before)]
    return Doubts((*_gaps(estate), *_stale(estate, now), *_unseen(estate, builds)), tuple(implausible))


def _gaps(estate: Estate) -> t.Iterator[str]:
    if not estate.places:
        yield "Nowhere could be looked at"
    for use in estate.uses:
        if use.ami is None and not use.certain:
            yield f"Nobody can tell what {use.label} in {use.place} launches: {use.problem}"
    for gap in estate.gaps:
        yield f"No answer from {gap.place} about {gap.question.replace('_', ' ')}: {gap.reason}"


def _stale(estate: Estate, now: dt.datetime) -> t.Iterator[str]:
    if not -FRESH < now - estate.asked < FRESH:
        yield f"What is known of the estate is of {timestamp(estate.asked)}, and now it is {timestamp(now)}"


def _unseen(estate: Estate, builds: t.Iterable[Build]) -> t.Iterator[str]:
    """Say which regions have AMIs of ours and were not looked at."""
    regions = {place.region for place in estate.places}
    counts = collections.Counter(region for build in _living(builds) for region in build.amis if region not in regions)
    for region, number in sorted(counts.items()):
        yield f"{number} builds have AMIs in {region}, where nobody looked"


def _nothing(seen: Seen, channels: t.Sequence[ChannelMove]) -> t.Iterator[str]:
    if channels and not any(sum(kinds.values()) for kinds in seen.values()):
        names = ", ".join(sorted({f"{move.image} {move.channel}" for move in channels})[:3])
        yield f"Nothing uses any AMI anywhere, and yet there are channels ({names})"


def _lost(estate: Estate, builds: t.Iterable[Build]) -> t.Iterator[str]:
    """Say where most of the AMIs that the catalogue knows are not there: it may be another account."""
    there = owned(estate)
    known: dict[str, list[bool]] = collections.defaultdict(list)
    for build in _living(builds):
        for region, ami in build.amis.items():
            known[region].append(ami in there)
    for region, found in sorted(known.items()):
        if len(found) >= _FEW and sum(found) < len(found) * _SHARE:
            yield f"Of {len(found)} AMIs that the catalogue knows in {region} only {sum(found)} are there"


def _smaller(seen: Seen, before: Seen) -> t.Iterator[str]:
    for place, kinds in sorted(before.items()):
        if place not in seen:
            if sum(kinds.values()):
                yield f"{place} was looked at the last time, and is not now"
            continue
        for kind, then in sorted(kinds.items()):
            found = seen[place].get(kind, 0)
            shrunk = found == 0 if kind == INSTANCE else found < then * _SHARE
            if then >= _FEW and shrunk:
                yield f"{place} had {then} of the kind {kind.replace('_', ' ')} the last time, and has {found} now"


def _living(builds: t.Iterable[Build]) -> t.Iterator[Build]:
    return (build for build in builds if build.status not in (FAILED, DEREGISTERED))
