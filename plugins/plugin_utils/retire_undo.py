# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the retirement of a build back, as long as its AMI is there.

What can be repeated comes first and the status last, so a run that was cut off is repeated.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from .catalogue import Catalogue, CatalogueError, Event
from .ec2 import Aws, AwsSettings
from .estate import AVAILABLE, DISABLED
from .records import BUILT, DEPRECATED, DEREGISTERED, USABLE, Build, timestamp
from .records import DISABLED as STATUS_DISABLED
from .retire import MEMORY
from .retire_ec2 import Image, Raw, Region

_MAY = (*USABLE, DEPRECATED, STATUS_DISABLED, DEREGISTERED)


class Undoing(t.NamedTuple):
    """What taking back comes to: phrases for what is done and for what cannot be, and the status afterwards."""

    build: Build
    status: str
    steps: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return bool(self.steps)


def decide(
    build: Build, images: t.Mapping[str, Image], events: t.Sequence[Event], shared: t.Mapping[str, t.Sequence[Raw]]
) -> Undoing:
    """Return what is to be done. ``images`` are what the AMIs are now, ``shared`` who had them, both by region.

    Raises CatalogueError when there is nothing that could be brought back.
    """
    if build.status not in _MAY:
        hint = "revoke.yml takes a revocation back" if build.status == "revoked" else "it was never retired"
        raise CatalogueError(f"Build {build.id} of {build.image} is {build.status}: {hint}")
    there = {region: image for region, image in images.items() if image.state in (AVAILABLE, DISABLED)}
    if not there:
        raise CatalogueError(_too_late(build))
    steps: list[str] = []
    warnings = [f"{image.id} in {region} is {image.state}" for region, image in images.items() if region not in there]
    for region, image in there.items():
        if image.state == DISABLED:
            steps.append(f"enable {image.id} in {region}")
            if region not in shared:
                warnings.append(f"nobody wrote down who {image.id} in {region} was shared with: share it yourself")
        if shared.get(region):
            steps.append(f"share {image.id} in {region} with {', '.join(map(_name, shared[region]))}")
        if image.deprecated:
            steps.append(f"take back the deprecation of {image.id} in {region}")
    was = next((event.status for event in reversed(events) if event.status in USABLE), BUILT)
    status = build.status if build.status in USABLE else was
    if status != build.status:
        steps.append(f"call the build {status} again")
    elif not any(image.state == DISABLED or image.deprecated for image in there.values()):
        steps = []
    return Undoing(build, status, tuple(steps), tuple(warnings))


class Undo:
    """One build that is to be brought back."""

    def __init__(self, catalogue: Catalogue, settings: AwsSettings, build: Build) -> None:
        self._catalogue = catalogue
        self._regions = {name: Region(Aws(dataclasses.replace(settings, region=name))) for name in sorted(build.amis)}
        self._build = build
        self._shared: dict[str, list[Raw]] = build.contents.get(MEMORY, {}).get("launch_permissions", {})

    def decide(self) -> Undoing:
        """Look at the AMIs and say what is to be done. Raises AwsError and CatalogueError."""
        return decide(self._build, self._images(), self._catalogue.events(self._build.id), self._shared)

    def carry_out(self, undoing: Undoing, author: str, reason: str | None) -> Build:
        """Do it. Raises AwsError and CatalogueError, and may be repeated then."""
        for name, image in self._images().items():
            if image.state in (AVAILABLE, DISABLED):
                region = self._regions[name]
                region.enable(image)
                region.share(image.id, self._shared.get(name, ()))
                region.undeprecate(image)
        now = dt.datetime.now(dt.UTC)
        memory = {**self._build.contents.get(MEMORY, {}), "undone": timestamp(now)}
        build = dataclasses.replace(self._build, contents={**self._build.contents, MEMORY: memory})
        self._catalogue.finish(build)
        expected = (build.status, undoing.status)
        return self._catalogue.set_status(build.id, undoing.status, expected, author, reason or "taken back", now)

    def _images(self) -> dict[str, Image]:
        return {name: region.image(self._build.amis[name]) for name, region in self._regions.items()}


def _too_late(build: Build) -> str:
    lines = [f"Build {build.id} of {build.image} cannot be brought back: its AMI is deregistered."]
    lines.append("If a retention rule of the Recycle Bin covers it, bring it back from there, and then run this again:")
    for region, ami in sorted(build.amis.items()):
        for snapshot in build.snapshots.get(region, ()):
            lines.append(f"  aws ec2 restore-snapshot-from-recycle-bin --region {region} --snapshot-id {snapshot}")
        lines.append(f"  aws ec2 restore-image-from-recycle-bin --region {region} --image-id {ami}")
    return "\n".join(lines)


def _name(permission: Raw) -> str:
    return str(next(iter(permission.values()), ""))
