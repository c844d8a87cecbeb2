# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a revocation back, as long as the AMIs are there.

What can be repeated comes first and the status last, so a run that was cut off is repeated. Channels stay where they
are: whether they go back is for people to say.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime as dt
import typing as t

from .catalogue import Catalogue, ChannelMove
from .ec2 import Aws
from .estate import AVAILABLE, DISABLED, GONE
from .records import DISABLED as STATUS_DISABLED
from .records import REVOKED, Build, timestamp
from .retire_ec2 import Image, Region
from .revoke import MEMORY, RevocationError, fell_from, inherited, offspring, was

_MOVES = 200


class Undoing(t.NamedTuple):
    """What taking one revocation back comes to: phrases for what is done, and for what people have to know."""

    build: Build
    status: str
    steps: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def decide(build: Build, status: str, images: c.Mapping[str, Image], moves: c.Sequence[ChannelMove] = ()) -> Undoing:
    """Return what is to be done to bring a build back to a status. ``images`` are what its AMIs are now, by region."""
    there = {region: image for region, image in sorted(images.items()) if image.state in (AVAILABLE, DISABLED)}
    if images and not there:
        raise RevocationError(
            f"Build {build.id} of {build.image} cannot be brought back: {', '.join(one.id for one in images.values())} "
            f"{'is' if len(images) == 1 else 'are'} gone"
        )
    warnings = [
        f"{image.id} in {region} is {image.state}" for region, image in sorted(images.items()) if region not in there
    ]
    steps = []
    shared = build.contents.get(MEMORY, {}).get("launch_permissions", {})
    for region, image in there.items():
        if status == STATUS_DISABLED:
            warnings.append(f"{image.id} in {region} was disabled before it was revoked, and stays so: retire.yml")
            continue
        if image.state == DISABLED:
            steps.append(f"enable {image.id} in {region}")
        if shared.get(region) and image.state == DISABLED:
            names = ", ".join(str(next(iter(one.values()), "")) for one in shared[region])
            steps.append(f"share {image.id} in {region} with {names}")
    steps.append(f"call the build {status} again")
    warnings += [
        f"{move.channel} of {move.image} went to {move.build_id} at {move.at}, and stays there. To bring it back: "
        f"promote.yml -e build={build.id} -e channel={move.channel}"
        for move in moves
    ]
    return Undoing(build, status, tuple(steps), tuple(warnings))


class Undo:
    """Brings builds back."""

    def __init__(self, catalogue: Catalogue, aws: c.Callable[[str], Aws], author: str) -> None:
        self._catalogue = catalogue
        self._aws = aws
        self._author = author

    def plan(self, named: Build, descendants: bool) -> list[Undoing]:
        """Return what is to be done, parents first; nothing when none is revoked. Raises AwsError, RevocationError."""
        heirs = [
            one
            for one in offspring(self._catalogue.builds(), named.id)
            if one.status == REVOKED and inherited(one) == named.id
        ]
        chosen = [one for one in [named, *(heirs if descendants else [])] if one.status == REVOKED]
        found = [self._plan(one) for one in chosen] or [Undoing(named, named.status, ())]
        if heirs and not descendants:
            names = ", ".join(f"{one.image} {one.id}" for one in heirs)
            note = f"Still revoked, because of it: {names}. To bring them back, too: -e descendants=true"
            found[0] = found[0]._replace(warnings=(*found[0].warnings, note))
        return found

    def carry_out(self, undoing: Undoing, reason: str | None) -> Build:
        """Do it. Raises AwsError and CatalogueError, and may be repeated then."""
        build = undoing.build
        if not undoing.steps:
            return build
        memory = build.contents.get(MEMORY, {})
        for name, image in self._images(build).items():
            if undoing.status != STATUS_DISABLED and image.state in (AVAILABLE, DISABLED):
                region = self._region(name)
                region.enable(image)
                region.share(image.id, memory.get("launch_permissions", {}).get(name, ()))
        now = dt.datetime.now(dt.UTC)
        kept = {**build.contents, MEMORY: {**memory, "undone": timestamp(now)}}
        self._catalogue.finish(dataclasses.replace(build, contents=kept))
        why = reason or "the revocation was taken back"
        return self._catalogue.set_status(build.id, undoing.status, (REVOKED, undoing.status), self._author, why, now)

    def _plan(self, build: Build) -> Undoing:
        histories = {
            (build.image, move.channel): self._catalogue.channel_history(build.image, move.channel, _MOVES)
            for move in self._catalogue.channels(build.image)
        }
        status = was(build, self._catalogue.events(build.id))
        return decide(build, status, self._images(build), fell_from(histories, build.id))

    def _images(self, build: Build) -> dict[str, Image]:
        found = {name: self._region(name).image(ami) for name, ami in sorted(build.amis.items())}
        return {name: image._replace(state=image.state or GONE) for name, image in found.items()}

    def _region(self, name: str) -> Region:
        return Region(self._aws(name))
