# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at everything, plan, and carry the plan out; or take it back.

It may be ended at any point: a build's status changes last, so the next run finds the step not done and does what is
left of it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from .catalogue import Catalogue, CatalogueError, ChannelMove
from .ec2 import Aws, AwsError, AwsSettings
from .estate import DISABLED as OFF
from .estate import GONE, AmiState, Estate
from .estate_ec2 import Scope, read_estate
from .fleet_registry import IMAGE_TAG
from .records import DEREGISTERED, DISABLED, REVOKED, Build
from .retire import DEPRECATE, DEREGISTER, DISABLE, KEEP, MEMORY, READ, Facts, Policy, Step, candidates, owned, plan
from .retire_doubts import Doubts, doubts, last_seen, memory
from .retire_ec2 import Image, Region

# Builds are read in pages of so many.
_PAGE = 500
# How far back a channel is followed for the last builds in it.
_MOVES = 200

Say = t.Callable[[str], None]


class NotRetiredError(Exception):
    """Nothing may be changed; the text says why, a line for each reason."""


@dataclasses.dataclass
class Outcome:
    """What became of a step: ``done``, or an error, or neither when there was nothing to do."""

    step: Step
    done: bool = False
    error: str | None = None

    def to_dict(self) -> dict[str, t.Any]:
        return {**self.step.to_dict(), "done": self.done, "error": self.error}


class Retirement:
    """One run over a catalogue and everything that may use its AMIs."""

    def __init__(
        self, catalogue: Catalogue, settings: AwsSettings, scope: Scope, policy: Policy, sure: bool, author: str
    ) -> None:
        """``scope`` says where to look; regions with AMIs of ours are looked at in any case.

        ``sure`` overrules what is only implausible.
        """
        self._catalogue = catalogue
        self._settings = settings
        self._scope = scope
        self._policy = policy
        self._sure = sure
        self._author = author
        self._regions: dict[str, Region] = {}
        self._builds: list[Build] = []
        self._facts: Facts | None = None

    def plan(self) -> list[Step]:
        """Look at everything and decide. Raises NotRetiredError when what was seen cannot be trusted."""
        self._builds = list(_pages(self._catalogue))
        places = {region for build in self._builds for region in build.amis}
        regions = self._scope.regions or [Aws(self._settings).region]
        wanted = regions if "all" in regions else sorted({*regions, *places})
        estate = read_estate(self._settings, self._scope._replace(regions=wanted))
        since = {
            build.id: self._since(build) for build in self._builds if build.status in (DISABLED, REVOKED) and build.amis
        }
        facts = Facts(self._builds, self._history(), estate, _now(), {key: at for key, at in since.items() if at})
        self._check(facts)
        self._facts = self._look_closer(facts, plan(facts, self._policy))
        return plan(self._facts, self._policy)

    def carry_out(self, step: Step, reason: str | None, say: Say) -> Outcome:
        """Do one step, if a fresh look still allows it. Raises NotRetiredError when the look cannot be trusted."""
        now = self._again(step)
        if now.action != step.action:
            reasons = now.reasons if now.action == KEEP else (f"it is {now.build.status} now, somebody changed it",)
            return Outcome(dataclasses.replace(step, action=KEEP, reasons=(f"not any more: {reasons[0]}",)))
        try:
            self._change(now, reason)
        except (AwsError, CatalogueError) as exc:
            return Outcome(step, error=str(exc))
        say(f"{step.build.image} {step.build.id}: {now.status}")
        return Outcome(step, done=True)

    def _again(self, step: Step) -> Step:
        """Return what the plan says of a build now: its record, the channels and, before it hurts, everything else."""
        fresh = self._catalogue.get(step.build.id)
        if fresh is None:
            raise NotRetiredError(f"Build {step.build.id} is not in the catalogue any more")
        self._know(fresh)
        facts = dataclasses.replace(t.cast(Facts, self._facts), history=self._history(), now=_now())
        if step.action != DEPRECATE:
            scope = self._scope._replace(regions=sorted(fresh.amis))
            estate = merged(facts.estate, read_estate(self._settings, scope))
            facts = dataclasses.replace(facts, estate=estate)
            self._check(facts)
            facts = self._look_closer(facts, [step])
        self._facts = facts
        found = (one for one in plan(facts, self._policy) if one.build.id == fresh.id)
        return next(found, Step(fresh, KEEP, (f"it is {fresh.status} now",)))

    def _check(self, facts: Facts) -> None:
        found = doubts(facts.estate, facts.builds, self._catalogue.channels(), self._last_seen(), facts.now)
        if self._sure:
            found = Doubts(found.missing)
        if found:
            hint = ["If that is how it is: -e sure=true"] if found.implausible and not found.missing else []
            raise NotRetiredError("\n".join([*found.missing, *found.implausible, *hint]))

    def _last_seen(self) -> dict[str, dict[str, int]]:
        return last_seen(self._builds)

    def _look_closer(self, facts: Facts, steps: t.Sequence[Step]) -> Facts:
        """Ask what else refers to the AMIs that are about to be disabled or removed, and who else may use them."""
        references, strangers = dict(facts.references), dict(facts.strangers)
        looked_at = {place.account for place in facts.estate.places}
        try:
            for region, amis in candidates(steps, (DISABLE, DEREGISTER)).items():
                found = self._region(region).references(amis, self._policy.keep)
                references.update({ami: found.get(ami, []) for ami in amis})
            for region, amis in candidates(steps, (DISABLE,)).items():
                for ami in amis:
                    strangers[ami] = _strangers(self._region(region).permissions(ami), looked_at)
        except AwsError as exc:
            raise NotRetiredError(str(exc)) from exc
        return dataclasses.replace(facts, references=references, strangers=strangers)

    def _change(self, step: Step, reason: str | None) -> None:
        """Carry a step out in every region; raise AwsError with all that did not work. The status comes last."""
        images = {region: self._region(region).image(ami) for region, ami in sorted(step.build.amis.items())}
        build = self._remember(step, images)
        problems: list[str] = []
        for region, image in images.items():
            problems += self._change_one(self._region(region), step, image)
        if problems:
            raise AwsError("\n".join(problems))
        why = "; ".join(filter(None, (reason, *step.reasons)))
        expected = (build.status, step.status)
        self._know(self._catalogue.set_status(build.id, step.status, expected, self._author, why, _now()))

    def _know(self, build: Build) -> None:
        """Let what follows in this run see what became of a build."""
        facts = t.cast(Facts, self._facts)
        others = [one for one in facts.builds if one.id != build.id]
        gone = build.status == DEREGISTERED
        self._facts = dataclasses.replace(facts, builds=others if gone else [*others, build])

    def _change_one(self, region: Region, step: Step, image: Image) -> list[str]:
        try:
            if step.action == DEREGISTER:
                return region.deregister(image, step.build.snapshots.get(region.name, ()))
            if image.state == GONE:
                return []
            if step.action == DISABLE:
                region.disable(image)
            else:
                region.deprecate(image, _now())
        except AwsError as exc:
            return [str(exc)]
        return []

    def _remember(self, step: Step, images: t.Mapping[str, Image]) -> Build:
        """Write down what was seen and, before EC2 forgets it, who an AMI was shared with."""
        facts = t.cast(Facts, self._facts)
        before = step.build.contents.get(MEMORY, {})
        shared = dict(before.get("launch_permissions", {}))
        if step.action == DISABLE:
            for region, image in images.items():
                if image.state not in (GONE, OFF):
                    shared[region] = self._region(region).permissions(image.id)
        kept = {**before, **memory(facts.estate, facts.now), "launch_permissions": shared}
        build = dataclasses.replace(step.build, contents={**step.build.contents, MEMORY: kept})
        stored = self._catalogue.finish(build)
        if stored.contents.get(MEMORY) != kept:
            raise CatalogueError(f"Build {build.id} is {stored.status} now: somebody changed it. Run again")
        return stored

    def unknown(self, steps: t.Iterable[Step]) -> list[AmiState]:
        """Return the AMIs with our tag that are of no build."""
        known = {ami for step in steps for ami in step.build.amis.values()}
        found = owned(t.cast(Facts, self._facts).estate).values()
        return sorted(ami for ami in found if IMAGE_TAG in ami.tags and ami.id not in known)

    def _history(self) -> list[ChannelMove]:
        return [
            move
            for latest in self._catalogue.channels()
            for move in self._catalogue.channel_history(latest.image, latest.channel, _MOVES)
        ]

    def _since(self, build: Build) -> str | None:
        """Return when a build got the status that it has."""
        events = [event for event in self._catalogue.events(build.id) if event.status == build.status]
        return events[-1].at if events else None

    def _region(self, name: str) -> Region:
        if name not in self._regions:
            self._regions[name] = Region(Aws(dataclasses.replace(self._settings, region=name)))
        return self._regions[name]


def merged(old: Estate, new: Estate) -> Estate:
    """Return what is known after some places were looked at once more."""
    again = set(new.places)
    return dataclasses.replace(
        new,
        places=tuple(dict.fromkeys((*old.places, *new.places))),
        uses=(*(use for use in old.uses if use.place not in again), *new.uses),
        amis=(*(ami for ami in old.amis if ami.place not in again), *new.amis),
        gaps=(*(gap for gap in old.gaps if gap.place not in again), *new.gaps),
    )


def _pages(catalogue: Catalogue) -> t.Iterator[Build]:
    """Yield all builds that matter, without what is in their images: that would fill the memory."""
    before: str | None = None
    while builds := catalogue.builds(statuses=READ, limit=_PAGE, before=before):
        for build in builds:
            kept = {key: value for key, value in build.contents.items() if key == MEMORY}
            yield dataclasses.replace(build, contents=kept, inputs={}, versions={}, roles=())
        before = builds[-1].id


def _strangers(permissions: t.Iterable[dict[str, t.Any]], looked_at: t.Collection[str]) -> list[str]:
    """Return whom an AMI is shared with and who was not looked at: accounts, organisations, everybody."""
    names = (str(next(iter(one.values()), "")) for one in permissions)
    return sorted(name for name in names if name not in looked_at)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
