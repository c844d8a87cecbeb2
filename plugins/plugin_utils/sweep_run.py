# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for leftovers in every region, and remove them after a second look."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from .catalogue import Catalogue, lease_name
from .ec2 import Aws, AwsError, AwsSettings
from .leftovers import Leftovers, remove
from .records import BUILDING, Build
from .retire_ec2 import Region
from .sweep import IMAGE, INSTANCE, KEY_PAIR, SECURITY_GROUP, SNAPSHOT, VOLUME, Knowledge, Verdict, judge
from .sweep_ec2 import find
from .text_table import first_line, table

_PAGE = 500
_HEADINGS = ("KIND", "ID", "REGION", "OF", "STEP", "WHY")


@dataclasses.dataclass
class Sweep:
    """One run. ``errors`` are sentences about regions that did not answer, and things that are still there."""

    catalogue: Catalogue
    settings: AwsSettings
    hours: float
    verdicts: list[Verdict] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)
    removed: set[str] = dataclasses.field(default_factory=set)
    reaped: list[Build] = dataclasses.field(default_factory=list)

    def look(self, regions: t.Sequence[str]) -> None:
        """Find and judge, in the regions named and those that builds have AMIs in. Raises CatalogueError."""
        known = self._knowledge()
        home = Aws(self.settings).region
        wanted = {*(regions or [home]), *(region for build in known.builds.values() for region in build.amis)}
        for region in sorted(wanted):
            try:
                self.verdicts += judge(find(self._aws(region)), known, self.hours, _now())
            except AwsError as exc:
                self.errors.append(f"{exc} Nothing is removed there.")

    def clear(self) -> None:
        """Remove what is left over, if it still is at a second look. Raises CatalogueError."""
        self.reaped = self.catalogue.reap(_now())
        for region in sorted({verdict.thing.region for verdict in self.verdicts if verdict.remove}):
            aws = self._aws(region)
            try:
                again = judge(find(aws), self._knowledge(), self.hours, _now())
                self._clear_region(aws, region, again)
            except AwsError as exc:
                self.errors.append(str(exc))

    def _clear_region(self, aws: Aws, region: str, again: t.Sequence[Verdict]) -> None:
        still = {verdict.thing[:3] for verdict in again if verdict.remove}
        going = [one for one in self.verdicts if one.remove and one.thing.region == region and one.thing[:3] in still]
        going = self._without_used(aws, going)
        problems = self._terminate(aws, [one.thing.id for one in going if one.thing.kind == INSTANCE])
        going = [one for one in going if one.thing.id not in problems]
        others = remove(aws, _leftovers(going))
        self.errors += [*problems.values(), *others]
        self.removed |= {one.thing.id for one in going if not any(one.thing.id in problem for problem in others)}

    def _terminate(self, aws: Aws, instances: t.Iterable[str]) -> dict[str, str]:
        """Terminate instances one by one: EC2 refuses all of them for one that is protected. Return what it refused."""
        problems = {}
        for instance in instances:
            try:
                with aws.explained(f"terminate {instance}"):
                    aws.client("ec2").terminate_instances(InstanceIds=[instance])
            except AwsError as exc:
                problems[instance] = str(exc)
        return problems

    def _without_used(self, aws: Aws, going: list[Verdict]) -> list[Verdict]:
        """Leave out the AMIs that anything refers to, and their snapshots."""
        amis = [one.thing.id for one in going if one.thing.kind == IMAGE]
        references = Region(aws).references(amis, 1) if amis else {}
        self.errors += [
            f"{ami} was not removed: {', '.join(users[:3])} refers to it" for ami, users in references.items()
        ]
        return [
            one for one in going if one.thing.id not in references and not references.keys() & {*one.thing.needed_by}
        ]

    def _knowledge(self) -> Knowledge:
        # What is in their images would fill the memory.
        builds = {build.id: dataclasses.replace(build, contents={}, inputs={}) for build in _pages(self.catalogue)}
        images = {build.image for build in builds.values() if build.status == BUILDING}
        return Knowledge(builds, {image for image in images if self.catalogue.lease(lease_name(image))})

    def _aws(self, region: str) -> Aws:
        return Aws(dataclasses.replace(self.settings, region=region))


def lines(sweep: Sweep, foretold: bool) -> list[str]:
    """Return a table of all that was found; ``foretold`` when nothing was removed."""
    if not sweep.verdicts:
        return ["Nothing is left over."]
    rows = [
        (
            verdict.thing.kind, verdict.thing.id, verdict.thing.region, _owner(verdict),
            _step(verdict, sweep, foretold), first_line(verdict.why),
        )
        for verdict in sweep.verdicts
    ]  # fmt: skip
    return table(_HEADINGS, rows)


def _step(verdict: Verdict, sweep: Sweep, foretold: bool) -> str:
    if not verdict.remove:
        return "keep"
    if foretold:
        return "would remove"
    return "removed" if verdict.thing.id in sweep.removed else "not removed"


def _owner(verdict: Verdict) -> str:
    tags = verdict.thing.tags
    return tags.get("golden:proof") or tags.get("golden:molecule") or verdict.thing.build_id or "-"


def _leftovers(verdicts: t.Iterable[Verdict]) -> Leftovers:
    ids: dict[str, list[str]] = {}
    for verdict in verdicts:
        ids.setdefault(verdict.thing.kind, []).append(verdict.thing.id)
    kinds = (INSTANCE, IMAGE, SNAPSHOT, VOLUME, KEY_PAIR, SECURITY_GROUP)
    return Leftovers(*(tuple(ids.get(kind, ())) for kind in kinds))


def _pages(catalogue: Catalogue) -> t.Iterator[Build]:
    before: str | None = None
    while builds := catalogue.builds(limit=_PAGE, before=before):
        yield from builds
        before = builds[-1].id


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
