# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fleet needs to know of the catalogue, and which build an AMI is."""

from __future__ import annotations

import collections
import itertools
import typing as t

from .catalogue import Catalogue
from .catalogue.interface import ChannelMove
from .records import BUILDING, DEREGISTERED, FAILED, STATUSES, USABLE, Build, RecordError

IMAGE_TAG = "golden:image"
BUILD_TAG = "golden:build"

# Builds are read in pages of so many: a build carries far more than is kept of it here.
_PAGE = 500
# So many of the newest builds are read at once. What is older is asked for one by one, when something needs it.
_NEWEST = 2000
# How far back a channel is followed. What runs something older counts as never promoted.
_MOVES = 200
# A build that failed or was deregistered explains no AMI that still exists; it is looked up when one asks for it.
_READ = tuple(status for status in STATUSES if status not in (FAILED, DEREGISTERED))

Raw = t.Mapping[str, t.Any]


class Known(t.NamedTuple):
    """What the inventory says of a build."""

    id: str
    image: str
    status: str
    amis: dict[str, str]
    created: str
    source_ami: str | None
    source_ami_name: str | None
    parent_build: str | None
    commit: str | None


class Origin(t.NamedTuple):
    """Which of our images an AMI is, as far as the catalogue or the AMI's tags tell."""

    image: str
    build_id: str | None
    build: Known | None


class Registry:
    """Builds and channels, arranged for the questions of the fleet."""

    def __init__(self, builds: t.Iterable[Build] = (), moves: t.Iterable[ChannelMove] = ()) -> None:
        """``builds`` may come in any order, ``moves`` are those of every channel, each channel's newest first."""
        self._by_image: dict[str, list[Known]] = {}
        self._by_id: dict[str, Known] = {}
        self._by_ami: dict[str, Known] = {}
        self._moves: dict[str, dict[str, list[ChannelMove]]] = collections.defaultdict(dict)
        self.images: list[str] = []
        self._partial = False
        for build in builds:
            self._add(build)
        for move in moves:
            self._moves[move.image].setdefault(move.channel, []).append(move)

    @classmethod
    def read(cls, catalogue: Catalogue, newest: int = _NEWEST) -> Registry:
        """Read the newest builds that may have an AMI, in pages, and the channels. Raises CatalogueError."""
        moves = (
            move
            for latest in catalogue.channels()
            for move in catalogue.channel_history(latest.image, latest.channel, _MOVES)
        )
        registry = cls(itertools.islice(_pages(catalogue, min(newest, _PAGE)), newest), moves)
        registry.images = sorted({*catalogue.images(), *registry._by_image})
        registry._partial = len(registry._by_id) >= newest
        return registry

    def learn(self, catalogue: Catalogue, used: t.Collection[tuple[str, str]]) -> None:
        """Look up what was not read: ``used`` are regions, each with an AMI that runs there. Raises CatalogueError."""
        for ami_id in sorted({ami_id for _region, ami_id in used} - self._by_ami.keys()):
            self._add_if_new(catalogue.by_ami(ami_id))
        if not self._partial:
            return
        for move in (made[0] for moves in self._moves.values() for made in moves.values()):
            self._add_if_new(catalogue.get(move.build_id) if move.build_id not in self._by_id else None)
        for image, region in itertools.product(self.images, sorted({region for region, _ami in used})):
            self._add_if_new(catalogue.newest(image, region))

    @property
    def channels(self) -> list[str]:
        """Return the names of all channels, whatever their image."""
        return sorted({channel for moves in self._moves.values() for channel in moves})

    def amis(self, region: str) -> list[str]:
        """Return every AMI of the builds in a region."""
        return sorted({build.amis[region] for build in self._by_id.values() if region in build.amis})

    def is_going_on(self, build_id: str | None) -> bool:
        """Return whether a build is being made now."""
        build = self._by_id.get(build_id or "")
        return build is not None and build.status == BUILDING

    def newest(self, image: str, region: str) -> Known | None:
        """Return the newest build of an image that may be started in a region."""
        usable = (build for build in self._by_image.get(image, ()) if _usable(build, region))
        return max(usable, key=lambda build: build.id, default=None)

    def channels_at(self, build_id: str | None) -> list[str]:
        """Return the channels that point at a build now."""
        build = self._by_id.get(build_id or "")
        moves = self._moves.get(build.image, {}) if build else {}
        return sorted(channel for channel, made in moves.items() if made[0].build_id == build_id)

    def wanted(self, origin: Origin, region: str) -> Known | None:
        """Return the build that what runs an AMI should run in a region: its own, another one, or None.

        It follows the channel that its build is in. When its build was in one and the channel has moved on (or back),
        it is what the channel points at now. A build that was in no channel is compared with all channels of its
        image, and without channels with the newest build that may be started.
        """
        moves = self._moves.get(origin.image, {})
        targets = {channel: self._by_id.get(made[0].build_id) for channel, made in moves.items()}
        usable = {channel: build for channel, build in targets.items() if build and _usable(build, region)}
        if not usable:
            return self.newest(origin.image, region)
        if any(build.id == origin.build_id for build in usable.values()):
            return usable[next(channel for channel, build in usable.items() if build.id == origin.build_id)]
        followed = [
            (move.at, channel) for channel in usable for move in moves[channel] if move.build_id == origin.build_id
        ]
        if followed:
            return usable[max(followed)[1]]
        newest = max(usable.values(), key=lambda build: build.id)
        return newest if origin.build_id is None or newest.id > origin.build_id else origin.build

    def origin(self, region: str, ami_id: str, tags: t.Mapping[str, str]) -> tuple[Origin | None, str]:
        """Return which of our images an AMI is, and what is wrong with its tags, if anything.

        The catalogue knows best; tags speak for AMIs that it does not know.
        """
        if build := self._by_ami.get(ami_id):
            return Origin(build.image, build.id, build), ""
        image, build_id = tags.get(IMAGE_TAG), tags.get(BUILD_TAG)
        if image is None:
            return None, ""
        if not image.strip() or not image.isprintable():
            return None, f"its tag {IMAGE_TAG} is {image!r}, which names no image"
        if build_id is None:
            return Origin(image, None, None), ""
        known = self._by_id.get(build_id)
        complaint = _contradiction(known, image, region) if known else _malformed(build_id, image)
        if complaint:
            return Origin(image, None, None), complaint
        return Origin(image, build_id, known), ""

    def _add_if_new(self, build: Build | None) -> None:
        if build and build.id not in self._by_id:
            self._add(build)

    def _add(self, build: Build) -> None:
        known = Known(
            build.id, build.image, build.status, build.amis, build.finished or build.started,
            build.source_ami, build.source_ami_name, build.parent_build, build.commit,
        )  # fmt: skip
        self._by_id[known.id] = known
        self._by_image.setdefault(known.image, []).append(known)
        for ami_id in known.amis.values():
            self._by_ami.setdefault(ami_id, known)


def _pages(catalogue: Catalogue, size: int) -> t.Iterator[Build]:
    before: str | None = None
    while builds := catalogue.builds(statuses=_READ, limit=size, before=before):
        yield from builds
        before = builds[-1].id


def _usable(build: Known, region: str) -> bool:
    return region in build.amis and build.status in USABLE


def _malformed(build_id: str, image: str) -> str:
    try:
        Build(id=build_id, image=image, started="")
    except RecordError as exc:
        return f"its tag {BUILD_TAG}: {exc}"
    return ""


def _contradiction(known: Known, image: str, region: str) -> str:
    if known.image != image:
        return f"its tags say build {known.id} of {image}, but that is a build of {known.image}"
    if region in known.amis:
        return f"its tags say build {known.id}, but the AMI of that build there is {known.amis[region]}"
    return ""
