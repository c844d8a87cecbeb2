# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What in EC2 is left over from something that is over. Decides; calls nothing.

A thing belongs to a build, by its tag or by a name that only a build has, or to a proof or a Molecule run that gave it
a time to live. The things that a build needs only while it runs are left over when it does not run any more. Its AMI
and snapshots are left over only when it failed.
"""

from __future__ import annotations

import datetime as dt
import re
import typing as t

from .fleet_registry import BUILD_TAG
from .records import BUILDING, DEREGISTERED, FAILED, Build, timestamp

TTL_TAG = "golden:ttl"
RUN_TAGS = ("golden:proof", "golden:molecule")

INSTANCE = "instance"
IMAGE = "image"
SNAPSHOT = "snapshot"
VOLUME = "volume"
KEY_PAIR = "key pair"
SECURITY_GROUP = "security group"
# What the tag Name of a builder and its parts begins with. Somebody may write golden:build on servers of his own.
BUILDER = "golden builder of "
# Whoever has one of these has made the thing, and keeps it.
_OWNERS = {
    "aws:autoscaling:groupName": "Auto Scaling Group",
    "aws:ec2:fleet-id": "EC2 fleet",
    "aws:ec2spot:fleet-request-id": "spot fleet",
    "aws:cloudformation:stack-name": "CloudFormation stack",
}
# What of a build outlives it.
_LASTING = (IMAGE, SNAPSHOT)

_BUILD_ID = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{6}")
# Packer 1.6.6 tags neither key pairs nor security groups, and an AMI only when it is finished.
_NAMES = re.compile(rf"golden-(?:.+-)?({_BUILD_ID.pattern})")


class Thing(t.NamedTuple):
    """Something in EC2. ``created`` is EC2's moment, None when it does not say; ``needed_by`` keeps it where it is.

    ``build`` is set when what leads to its build is not its own tag or name, such as the instance in its group.
    """

    kind: str
    id: str
    region: str
    name: str = ""
    created: dt.datetime | None = None
    tags: t.Mapping[str, str] = {}
    needed_by: tuple[str, ...] = ()
    build: str = ""

    @property
    def build_id(self) -> str:
        """Return the build that it belongs to, "" for none."""
        named = _NAMES.fullmatch(self.name)
        tagged = _BUILD_ID.fullmatch(self.tags.get(BUILD_TAG, ""))
        return self.build or (tagged[0] if tagged else named[1] if named else "")


class Verdict(t.NamedTuple):
    """Whether a thing is left over, and why or why not."""

    thing: Thing
    remove: bool
    why: str

    def to_dict(self) -> dict[str, t.Any]:
        """Return the verdict for a task's result."""
        thing = self.thing
        return {
            "kind": thing.kind, "id": thing.id, "region": thing.region, "build": thing.build_id or None,
            "remove": self.remove, "why": self.why,
        }  # fmt: skip


class Knowledge(t.NamedTuple):
    """What the catalogue says: builds by id, and the images whose lease is alive."""

    builds: t.Mapping[str, Build]
    leased: t.Collection[str]


def judge(things: t.Iterable[Thing], known: Knowledge, hours: float, now: dt.datetime) -> list[Verdict]:
    """Return a verdict for each thing, but for the AMIs and snapshots of builds that live: those are no leftovers.

    ``hours`` is the age from which on a build that the catalogue does not know, and a failed build's AMI, are over.
    """
    judge = _Judge(known, dt.timedelta(hours=hours), now)
    found = sorted(things, key=lambda one: (one.region, one.build_id, one.kind, one.id))
    verdicts = [verdict for thing in found if (verdict := judge.judge(thing))]
    return [_with_its_ami(verdict, verdicts) for verdict in verdicts]


class _Judge:
    def __init__(self, known: Knowledge, oldest: dt.timedelta, now: dt.datetime) -> None:
        self._known = known
        self._oldest = oldest
        self._now = now
        living = [build for build in known.builds.values() if build.status not in (FAILED, DEREGISTERED)]
        self._living = {ami for build in living for ami in build.amis.values()}
        self._living |= {one for build in living for snapshots in build.snapshots.values() for one in snapshots}

    def judge(self, thing: Thing) -> Verdict | None:
        if thing.id in self._living:
            return None
        if owner := next((f"{what} {thing.tags[tag]}" for tag, what in _OWNERS.items() if tag in thing.tags), None):
            return Verdict(thing, False, f"it belongs to the {owner}")
        if thing.kind not in _LASTING and (TTL_TAG in thing.tags or any(tag in thing.tags for tag in RUN_TAGS)):
            return self._by_time(thing)
        build_id = thing.build_id
        if not build_id:
            return None
        if not _is_a_builds(thing):
            return Verdict(thing, False, f"it has the tag {BUILD_TAG}, but not the name of anything that a build makes")
        build = self._known.builds.get(build_id)
        if build is None:
            return self._of_unknown(thing, build_id)
        if thing.kind in _LASTING and build.status not in (BUILDING, FAILED, DEREGISTERED):
            return None
        return self._of_build(thing, build)

    def _by_time(self, thing: Thing) -> Verdict:
        text = thing.tags.get(TTL_TAG, "")
        try:
            over = dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
        except ValueError:
            return Verdict(thing, False, f"its tag {TTL_TAG} is {text!r}, which is no time: a person has to look")
        run = next((f"{tag.removeprefix('golden:')} {thing.tags[tag]}" for tag in RUN_TAGS if tag in thing.tags), "it")
        if over > self._now:
            return Verdict(thing, False, f"{run} may need it until {timestamp(over)}")
        return self._free(thing, f"{run} had time until {timestamp(over)}")

    def _of_unknown(self, thing: Thing, build_id: str) -> Verdict:
        if thing.kind in _LASTING:
            return Verdict(thing, False, "the catalogue does not know its build: catalogue.yml -e verb=rebuild")
        if self._age(thing, build_id) < self._oldest:
            return Verdict(thing, False, "the catalogue does not know its build, which may be going on elsewhere")
        return self._free(thing, f"the catalogue does not know its build, and it is older than {self._hours}")

    def _of_build(self, thing: Thing, build: Build) -> Verdict:
        if build.status == BUILDING and build.image in self._known.leased:
            return Verdict(thing, False, "it is being built")
        status = "interrupted" if build.status == BUILDING else build.status
        # The record of an AMI may still be on its way here.
        if thing.kind in _LASTING and build.status != DEREGISTERED and self._age(thing, build.id) < self._oldest:
            return Verdict(thing, False, f"its build is {status}, but it is younger than {self._hours}")
        return self._free(thing, f"its build is {status}")

    def _free(self, thing: Thing, why: str) -> Verdict:
        if thing.needed_by:
            return Verdict(thing, False, f"{why}, but {', '.join(thing.needed_by[:3])} needs it")
        return Verdict(thing, True, why)

    def _age(self, thing: Thing, build_id: str) -> dt.timedelta:
        begun = dt.datetime.strptime(build_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
        return self._now - max(begun, thing.created or begun)

    @property
    def _hours(self) -> str:
        return f"{self._oldest / dt.timedelta(hours=1):.0f} hours"


def _is_a_builds(thing: Thing) -> bool:
    """Return whether a build made a thing, and not somebody who only wrote down of which build it is."""
    named = thing.tags.get("Name", "").startswith(BUILDER) or _NAMES.fullmatch(thing.name)
    return thing.kind in _LASTING or bool(thing.build or named)


def _with_its_ami(verdict: Verdict, verdicts: t.Sequence[Verdict]) -> Verdict:
    """Let a snapshot go that only AMIs need which go as well."""
    thing = verdict.thing
    if verdict.remove or thing.kind != SNAPSHOT or not thing.needed_by:
        return verdict
    going = {one.thing.id for one in verdicts if one.remove and one.thing.kind == IMAGE}
    return (
        Verdict(thing, True, f"it goes with {', '.join(thing.needed_by)}") if going >= {*thing.needed_by} else verdict
    )
