# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which build somebody means who names its id, an AMI, an image or a channel."""

from __future__ import annotations

import typing as t

from .catalogue import Catalogue, CatalogueError
from .records import Build


class Choice(t.NamedTuple):
    """What was asked for. One of ``build``, ``ami`` and ``image`` is set; ``channel`` goes with ``image``."""

    build: str | None = None
    ami: str | None = None
    image: str | None = None
    channel: str | None = None


def choose(catalogue: Catalogue, choice: Choice) -> Build:
    """Return the build that is meant; raise CatalogueError, which names what exists, when there is none."""
    given = [name for name in ("build", "ami", "image") if getattr(choice, name)]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise CatalogueError(f"Name a build by one of build, ami and image. Given: {found}")
    if choice.channel and not choice.image:
        raise CatalogueError(f"Channel {choice.channel} of which image? Name it: image")
    if choice.build:
        return _by_id(catalogue, choice.build)
    if choice.ami:
        return _by_ami(catalogue, choice.ami)
    image = str(choice.image)
    return _in_channel(catalogue, image, choice.channel) if choice.channel else _newest(catalogue, image)


def before(catalogue: Catalogue, build: Build, choice: Choice) -> Build | None:
    """Return what came before a build: in the channel that was asked for, else of its image; None when nothing did."""
    if choice.channel:
        move = catalogue.channel(build.image, choice.channel)
        return catalogue.get(move.previous) if move and move.previous else None
    older = iter(catalogue.builds(build.image, before=build.id))
    return next((one for one in older if one.amis), None)


def _by_id(catalogue: Catalogue, build_id: str) -> Build:
    build = catalogue.get(build_id)
    if build is None:
        raise CatalogueError(f"There is no build {build_id} in {catalogue.url}. {_newest_builds(catalogue)}")
    return build


def _by_ami(catalogue: Catalogue, ami: str) -> Build:
    build = catalogue.by_ami(ami)
    if build is None:
        raise CatalogueError(f"AMI {ami} is of no build in {catalogue.url}: it is not ours, or was never recorded")
    return build


def _newest(catalogue: Catalogue, image: str) -> Build:
    build = catalogue.newest(image)
    if build is None:
        raise CatalogueError(
            f"Image {image} has no usable build in {catalogue.url}. {_newest_builds(catalogue, image)}"
        )
    return build


def _in_channel(catalogue: Catalogue, image: str, channel: str) -> Build:
    move = catalogue.channel(image, channel)
    if move is None:
        raise CatalogueError(
            f"Image {image} has no channel {channel} in {catalogue.url}. {_channels(catalogue, image)} "
            "promote.yml points a channel at a build"
        )
    return _by_id(catalogue, move.build_id)


def _channels(catalogue: Catalogue, image: str) -> str:
    found = catalogue.channels(image)
    if found:
        return f"It has: {', '.join(f'{move.channel} ({move.build_id})' for move in found)}."
    return f"It has no channel at all. {_newest_builds(catalogue, image)}."


def _newest_builds(catalogue: Catalogue, image: str | None = None) -> str:
    found = catalogue.builds(image, limit=3)
    if found:
        return f"The newest: {', '.join(f'{build.id} ({build.image}, {build.status})' for build in found)}"
    images = catalogue.images()
    return f"The images there: {', '.join(images)}" if images else "It is empty"
