# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which build is meant by its id, or by an image and perhaps a channel."""

from __future__ import annotations

from .catalogue import Catalogue
from .copies import CopyError
from .records import USABLE, Build


def choose_build(catalogue: Catalogue, build_id: str | None, image: str | None, channel: str | None) -> Build:
    """Return the build; raise CopyError that says what there is, CatalogueError when the catalogue cannot be read."""
    if bool(build_id) == bool(image):
        raise CopyError("Name a build, or an image and perhaps a channel, and not both")
    if channel and not image:
        raise CopyError(f"Channel {channel} of which image? Name the image too")
    build = _by_id(catalogue, build_id) if build_id else _by_image(catalogue, str(image), channel)
    if build.status not in USABLE:
        raise CopyError(
            f"Build {build.id} of {build.image} is {build.status}. Only what is {' or '.join(sorted(USABLE))} is copied"
        )
    return build


def _by_id(catalogue: Catalogue, build_id: str) -> Build:
    build = catalogue.get(build_id)
    if build is None:
        newest = [f"{build.id} ({build.image})" for build in catalogue.builds(statuses=USABLE, limit=5)]
        raise CopyError(f"There is no build {build_id} in {catalogue.url}. The newest are {_listed(newest)}")
    return build


def _by_image(catalogue: Catalogue, image: str, channel: str | None) -> Build:
    if image not in catalogue.images():
        raise CopyError(f"There is no build of {image} in {catalogue.url}. Images there: {_listed(catalogue.images())}")
    if channel is None:
        build = catalogue.newest(image)
        if build is None:
            raise CopyError(f"Image {image} has no build in {catalogue.url} that can be used")
        return build
    move = catalogue.channel(image, channel)
    if move is None:
        known = [one.channel for one in catalogue.channels(image)]
        raise CopyError(f"Image {image} has no channel {channel} in {catalogue.url}. Its channels: {_listed(known)}")
    return _by_id(catalogue, move.build_id)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
