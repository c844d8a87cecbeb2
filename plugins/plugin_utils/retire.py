# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builds are kept, and which go one step further towards the end of their lives. Decides; calls nothing.

A build ends in three steps, one in a run: its AMIs are deprecated (nothing changes but what people are shown), disabled
(nothing can start from them, which can be taken back), and after some days of grace deregistered, with their snapshots.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import typing as t

from .catalogue import ChannelMove
from .estate import AVAILABLE, GONE, PENDING, AmiState, Estate
from .records import (
    BUILDING,
    BUILT,
    DEPRECATED,
    DEREGISTERED,
    DISABLED,
    FAILED,
    REVOKED,
    STATUSES,
    USABLE,
    VERIFIED,
    Build,
    parse_timestamp,
)

KEEP = "keep"
DEPRECATE = "deprecate"
DISABLE = "disable"
DEREGISTER = "deregister"
# What a build of a status comes to, when nothing keeps it.
_NEXT = {BUILT: DEPRECATE, VERIFIED: DEPRECATE, DEPRECATED: DISABLE, DISABLED: DEREGISTER, REVOKED: DEREGISTER}
# The status that a step ends in.
STATUS_AFTER = {DEPRECATE: DEPRECATED, DISABLE: DISABLED, DEREGISTER: DEREGISTERED}
# The builds that a plan has to know: all that may have an AMI, and those that are being made from one.
READ: tuple[str, ...] = tuple(status for status in STATUSES if status != DEREGISTERED)
# Where a build's contents remember what this verb did.
MEMORY = "retirement"
# EC2's words for an AMI that is not going to be one.
_BROKEN = frozenset({"failed", "error", "invalid"})


class Policy(t.NamedTuple):
    """What is kept in any case: builds of an image and of a channel, and days since a build was finished.

    ``grace_days`` lie between the day that an AMI is disabled and the day that it is deregistered.
    """

    keep: int = 3
    days: float = 90.0
    grace_days: float = 30.0


@dataclasses.dataclass(frozen=True)
class Facts:
    """What a plan is made from.

    ``builds`` have the statuses in `READ`; ``history`` is every move of every channel, each channel's newest first;
    ``since`` says when a build that is disabled or revoked became so; ``references`` name what else uses an AMI, and
    ``strangers`` the accounts that may use it and were not asked.
    """

    builds: t.Sequence[Build]
    history: t.Sequence[ChannelMove]
    estate: Estate
    now: dt.datetime
    since: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    references: t.Mapping[str, t.Sequence[str]] = dataclasses.field(default_factory=dict)
    strangers: t.Mapping[str, t.Sequence[str]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Step:
    """What is done about a build, and why. ``states`` are EC2's words for its AMIs by region, "gone" included."""

    build: Build
    action: str
    reasons: tuple[str, ...]
    states: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def status(self) -> str:
        """Return the status that the build has afterwards."""
        return STATUS_AFTER.get(self.action, self.build.status)

    def to_dict(self) -> dict[str, t.Any]:
        """Return the step for a task's result."""
        return {
            "image": self.build.image,
            "build": self.build.id,
            "action": self.action,
            "reasons": list(self.reasons),
            "before": self.build.status,
            "after": self.status,
            "amis": dict(self.build.amis),
            "states": dict(self.states),
        }


def plan(facts: Facts, policy: Policy) -> list[Step]:
    """Return a step for every build that has an AMI, sorted by image, newest first."""
    return _Plan(facts, policy).steps()


def candidates(steps: t.Iterable[Step], actions: t.Collection[str]) -> dict[str, list[str]]:
    """Return the AMIs that steps of these kinds are about, by region, without those that are gone."""
    found: dict[str, list[str]] = {}
    for step in steps:
        if step.action in actions:
            for region, ami in step.build.amis.items():
                if step.states.get(region, GONE) != GONE:
                    found.setdefault(region, []).append(ami)
    return found


def owned(estate: Estate) -> dict[str, AmiState]:
    """Return the AMIs that exist, as the accounts that they belong to see them, by id."""
    return {ami.id: ami for ami in estate.amis if ami.owner == ami.place.account and ami.state != GONE}


class _Plan:
    """The facts, arranged for the questions that are asked of every build."""

    def __init__(self, facts: Facts, policy: Policy) -> None:
        self._facts = facts
        self._policy = policy
        self._builds = {build.id: build for build in facts.builds}
        self._amis = owned(facts.estate)
        self._parents = _parents(facts.builds)
        self._children: dict[str, list[str]] = collections.defaultdict(list)
        for child, parent in self._parents.items():
            self._children[parent].append(child)
        self._kept = {build.id: self._reasons(build) for build in facts.builds}
        self._add_channels()
        self._add_newest()
        self._add_ancestors()

    def steps(self) -> list[Step]:
        builds = [build for build in self._facts.builds if build.amis]
        builds = [build for build in builds if build.status != FAILED or self._exists(build)]
        builds.sort(key=lambda one: one.id, reverse=True)
        return [self._step(build) for build in sorted(builds, key=lambda one: one.image)]

    def _step(self, build: Build) -> Step:
        states = {region: self._state(ami) for region, ami in sorted(build.amis.items())}
        if not self._exists(build):
            return _of_nothing(build, states)
        reasons = list(self._kept[build.id])
        if (
            reasons
            and build.status == DEPRECATED
            and (off := [name for name, one in states.items() if one == DISABLED])
        ):
            reasons.append(f"disabled in {', '.join(off)} by a run that was cut off: -e undo={build.id} enables it")
        action = _NEXT.get(build.status, KEEP)
        if not reasons and action == DEREGISTER:
            reasons = self._obstacles(build)
        if reasons:
            return Step(build, KEEP, tuple(reasons), states)
        return Step(build, action, (self._why(build, action),), states)

    def _reasons(self, build: Build) -> list[str]:
        """Return what speaks for keeping a build by itself."""
        if build.status in (BUILDING, FAILED):
            return ["it is being built" if build.status == BUILDING else "it failed: sweep.yml takes such AMIs away"]
        reasons = [*self._users(build)]
        age = self._days_since(build.finished or build.started)
        if age < self._policy.days:
            reasons.append(f"{_days(age)} old, everything is kept for {_days(self._policy.days)}")
        undone = build.contents.get(MEMORY, {}).get("undone")
        if undone and self._days_since(undone) < self._policy.days:
            reasons.append(f"taken back on {undone[:10]}, which counts for {_days(self._policy.days)}")
        for region, ami in sorted(build.amis.items()):
            found = self._amis.get(ami)
            if found and found.protected:
                reasons.append(f"{ami} in {region} is protected against deregistration")
            if found and found.state == PENDING:
                reasons.append(f"{ami} in {region} is still being copied")
            if found and found.state in _BROKEN:
                reasons.append(f"{ami} in {region} is {found.state}: copy.yml repeats a copy")
        return reasons

    def _users(self, build: Build) -> t.Iterator[str]:
        for region, ami in sorted(build.amis.items()):
            users = [use.label for use in self._facts.estate.uses_of([ami])]
            users += self._facts.references.get(ami, ())
            if users:
                yield f"in use in {region}: {_some(users)}"
            if strangers := self._facts.strangers.get(ami):
                yield (
                    f"{ami} in {region} is shared with {_some(strangers)}, where nobody looked: add it to "
                    "golden_accounts, or stop sharing it"
                )

    def _add_channels(self) -> None:
        """Keep what the channels point at, and the last builds of each, so that it can be rolled back to."""
        seen: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
        for move in self._facts.history:
            known = seen[move.image, move.channel]
            if move.build_id in known or move.build_id not in self._kept:
                continue
            known.append(move.build_id)
            if len(known) == 1:
                self._kept[move.build_id].append(f"channel {move.channel} points at it")
            elif len(known) <= self._policy.keep:
                self._kept[move.build_id].append(f"among the last {self._policy.keep} in channel {move.channel}")

    def _add_newest(self) -> None:
        """Keep the newest builds of each image, and the newest verified ones: newer ones may not be good."""
        for statuses, word in ((USABLE, ""), ((VERIFIED,), " verified")):
            counts: collections.Counter[str] = collections.Counter()
            for build in sorted(self._facts.builds, key=lambda one: one.id, reverse=True):
                if build.status not in statuses or not self._works(build) or counts[build.image] >= self._policy.keep:
                    continue
                counts[build.image] += 1
                reason = f"among the newest {self._policy.keep}{word} of {build.image}"
                if not word or f"among the newest {self._policy.keep} of {build.image}" not in self._kept[build.id]:
                    self._kept[build.id].append(reason)

    def _add_ancestors(self) -> None:
        """Keep what a build that is kept is made from, and what that is made from."""
        living = [
            build for build in self._facts.builds
            if self._kept[build.id] and (build.status == BUILDING or (build.status != FAILED and self._exists(build)))
        ]  # fmt: skip
        done: set[str] = set()
        for build in living:
            child = build
            while (parent := self._builds.get(self._parents.get(child.id, ""))) and parent.id not in done:
                done.add(parent.id)
                self._kept[parent.id].append(f"{child.image} {child.id} is made from it")
                child = parent

    def _obstacles(self, build: Build) -> list[str]:
        """Return why a build that is disabled is not deregistered yet."""
        below = [self._builds[name] for name in self._children[build.id]]
        if left := [f"{child.image} {child.id}" for child in below if self._exists(child)]:
            return [f"made from it, and not yet deregistered: {_some(left)}"]
        if enabled := [region for region, ami in sorted(build.amis.items()) if self._state(ami) == AVAILABLE]:
            verb = "revoke.yml" if build.status == REVOKED else f"retire.yml -e undo={build.id}, or disable-image,"
            return [f"{build.status} in the catalogue, but enabled in {', '.join(enabled)}: {verb} puts that right"]
        since = self._facts.since.get(build.id)
        if since is None:
            return [f"nobody knows since when it is {build.status}"]
        age = self._days_since(since)
        if age < self._policy.grace_days:
            return [f"{build.status} for {_days(age)}, deregistered after {_days(self._policy.grace_days)}"]
        return []

    def _why(self, build: Build, action: str) -> str:
        if action == DEREGISTER:
            return f"{build.status} for {_days(self._days_since(self._facts.since[build.id]))}, and nothing uses it"
        age = _days(self._days_since(build.finished or build.started))
        return f"{age} old, not among the newest {self._policy.keep}, and nothing uses it"

    def _works(self, build: Build) -> bool:
        return any(self._state(ami) in (AVAILABLE, PENDING) for ami in build.amis.values())

    def _exists(self, build: Build) -> bool:
        return any(ami in self._amis for ami in build.amis.values())

    def _state(self, ami: str) -> str:
        found = self._amis.get(ami)
        return found.state if found else GONE

    def _days_since(self, moment: str) -> float:
        return (self._facts.now - parse_timestamp(moment)) / dt.timedelta(days=1)


def _of_nothing(build: Build, states: dict[str, str]) -> Step:
    """Return the step for a build whose AMIs are all gone. Only one that was disabled was meant to go."""
    if build.status == DISABLED:
        return Step(build, DEREGISTER, ("its AMIs are gone already; what is left of it follows",), states)
    return Step(build, KEEP, (f"gone from EC2, though the catalogue calls it {build.status}",), states)


def _parents(builds: t.Iterable[Build]) -> dict[str, str]:
    """Return the parent of each build that has one: by its record, else by the AMI that it started from."""
    owners = {ami: build.id for build in builds for ami in build.amis.values()}
    found = ((build.id, build.parent_build or owners.get(build.source_ami or "")) for build in builds)
    return {child: parent for child, parent in found if parent and parent != child}


def _some(names: t.Sequence[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _days(days: float) -> str:
    return f"{days:.0f} day{'' if round(days) == 1 else 's'}"
