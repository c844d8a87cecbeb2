# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builds are bad when one is, and where the channels that point at them fall back to. Decides; calls nothing."""

from __future__ import annotations

import collections
import collections.abc as c
import typing as t

from .catalogue.interface import ChannelMove, Event
from .promote_plan import Wanted
from .promotion import History, standing
from .records import BUILDING, BUILT, DEPRECATED, DEREGISTERED, DISABLED, FAILED, REVOKED, VERIFIED, Build

# The key of a build's contents that keeps what a revocation has to remember.
MEMORY = "revocation"
# What a build may have been before it was revoked.
_REVOCABLE = (BUILT, VERIFIED, DEPRECATED, DISABLED, REVOKED, FAILED)


class RevocationError(Exception):
    """A build cannot be revoked, or not be taken back; the text says why, and what would help."""


class Bad(t.NamedTuple):
    """A build to revoke. ``root`` is the named build that it descends from, None when it was named itself."""

    build: Build
    root: str | None = None

    def why(self, reason: str) -> str:
        """Return the reason to keep with it."""
        return f"{reason} (inherited from {self.root})" if self.root else reason


class Chosen(t.NamedTuple):
    """The builds to revoke, parents first; descendants that are spared; and what people should know."""

    bad: tuple[Bad, ...]
    spared: tuple[Build, ...] = ()
    notes: tuple[str, ...] = ()


class Fall(t.NamedTuple):
    """A channel that points, or has pointed, at a revoked build.

    ``points_at`` is where it points now. ``candidates`` are where it may go, best first; the same build when it need
    not move, so that what is published can be repaired. ``passed`` are builds of its history that will not do, and why.
    ``left`` are the revoked builds in its history, the present one included.
    """

    image: str
    channel: str
    points_at: str
    falls: bool
    candidates: tuple[Build, ...]
    passed: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()


def choose_bad(builds: c.Iterable[Build], named: Build, descendants: bool) -> Chosen:
    """Return what revoking a build comes to; raise RevocationError when there is nothing to revoke."""
    family = offspring(builds, named.id)
    living = [one for one in family if _living(one)]
    notes = [
        f"{one.image} {one.id} is being built from it. It will not be revoked: stop it, or revoke it when it is done"
        for one in family
        if one.status == BUILDING
    ]
    bad = [Bad(named)] if _living(named) else []
    if descendants:
        bad += [Bad(one, named.id) for one in living]
        living = []
    if not bad:
        rest = f". Its descendants are usable: {_names(living)}. Add -e descendants=true" if living else ""
        raise RevocationError(f"Build {named.id} of {named.image} is {named.status}: nothing starts from it{rest}")
    spared = [one for one in living if one.status != REVOKED]
    if named.status == DEREGISTERED:
        notes.append(f"{named.image} {named.id} is deregistered already")
    return Chosen(tuple(bad), tuple(spared), tuple(notes))


def offspring(builds: c.Iterable[Build], root: str) -> list[Build]:
    """Return everything that was built from a build, directly or not, parents first."""
    children: dict[str, list[Build]] = collections.defaultdict(list)
    for build in builds:
        if build.parent_build:
            children[build.parent_build].append(build)
    found, waiting = {root: None}, collections.deque([root])
    family: list[Build] = []
    while waiting:
        for child in sorted(children.get(waiting.popleft(), ()), key=lambda one: one.id):
            if child.id not in found:
                found[child.id] = None
                family.append(child)
                waiting.append(child.id)
    return family


def falls(
    histories: c.Mapping[tuple[str, str], History], builds: c.Mapping[str, Build | None], revoked: c.Collection[str]
) -> list[Fall]:
    """Return the channels that a revocation concerns. ``histories`` are by image and channel, ``builds`` by id."""
    found = []
    for (image, channel), history in sorted(histories.items()):
        left = tuple(dict.fromkeys(move.build_id for move in history if move.build_id in revoked))
        if not left:
            continue
        points_at = history[0].build_id
        current = builds.get(points_at)
        if points_at in revoked:
            candidates, passed = _way_back(history, builds, revoked)
            found.append(Fall(image, channel, points_at, True, candidates, passed, left))
        elif current is not None:
            found.append(Fall(image, channel, points_at, False, (current,), (), left))
    return found


def wanted(
    fall: Fall, target: Build, points: c.Mapping[str, str], builds: c.Mapping[str, Build | None], reason: str
) -> Wanted:
    """Return the wish that one channel points at a build. ``points`` is where the image's channels point now."""
    after = {**points, fall.channel: target.id}
    known = {**builds, target.id: target}
    return Wanted(
        image=fall.image,
        channel=fall.channel,
        build=target,
        points_at=fall.points_at,
        previous=known.get(fall.points_at),
        channels={name: build for name, build_id in after.items() if (build := known.get(build_id))},
        former=[
            build
            for build_id, build in known.items()
            if build and build.image == fall.image and build_id not in after.values()
        ],
        reason=reason,
        may_leave_regions=True,
    )


def was(build: Build, events: c.Sequence[Event]) -> str:
    """Return the status that a revoked build had before."""
    kept = build.contents.get(MEMORY, {}).get("was")
    told = next((event.status for event in reversed(events) if event.status not in (REVOKED, BUILDING)), BUILT)
    return str(kept or told)


def remembered(bad: Bad, permissions: c.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the contents of a build with what it takes to take its revocation back.

    ``permissions`` by region are added to those of an earlier run: EC2 forgets them when an AMI is disabled.
    """
    before = bad.build.contents.get(MEMORY, {})
    before = {} if before.get("undone") else before
    status = bad.build.status if bad.build.status != REVOKED else before.get("was")
    kept = {
        **before,
        "was": status,
        "inherited_from": bad.root or before.get("inherited_from"),
        "launch_permissions": {**before.get("launch_permissions", {}), **permissions},
    }
    return {**bad.build.contents, MEMORY: {key: value for key, value in kept.items() if value is not None}}


def inherited(build: Build) -> str | None:
    """Return the build whose revocation a build has inherited."""
    found = build.contents.get(MEMORY, {}).get("inherited_from")
    return str(found) if found else None


def fell_from(histories: c.Mapping[tuple[str, str], History], build_id: str) -> list[ChannelMove]:
    """Return the latest move of each channel that left a build and did not come back."""
    return [
        history[0] for _key, history in sorted(histories.items()) if history and _left(history, build_id) is not None
    ]


def _left(history: History, build_id: str) -> ChannelMove | None:
    if history[0].build_id == build_id:
        return None
    return next((move for move in history if move.previous == build_id), None)


def _way_back(
    history: History, builds: c.Mapping[str, Build | None], revoked: c.Collection[str]
) -> tuple[tuple[Build, ...], tuple[tuple[str, str], ...]]:
    good: list[Build] = []
    passed: list[tuple[str, str]] = []
    for build_id in reversed(standing(history)[:-1]):
        build = builds.get(build_id)
        if build is None:
            passed.append((build_id, "not in the catalogue"))
        elif build_id in revoked:
            passed.append((build_id, REVOKED))
        elif build.status == VERIFIED:
            good.append(build)
        else:
            passed.append((build_id, build.status))
    return tuple(good), tuple(passed)


def _living(build: Build) -> bool:
    return build.status in _REVOCABLE and (build.status != FAILED or bool(build.amis))


def _names(builds: c.Iterable[Build]) -> str:
    return ", ".join(f"{one.image} {one.id}" for one in builds)
