# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which build somebody means who asks for the AMI of an image, and what to say when there is none."""

from __future__ import annotations

import typing as t

from .catalogue import Catalogue
from .records import Build

# How many of the newest builds an error names.
_NAMED = 3


class Wanted(t.NamedTuple):
    """What was asked for beside the image: the newest build, or that of a channel or a fingerprint."""

    region: str
    statuses: t.Sequence[str]
    channel: str | None = None
    fingerprint: str | None = None


def find_build(catalogue: Catalogue, image: str, wanted: Wanted) -> Build | None:
    """Return the build with an AMI in the region; None when there is none. Raises CatalogueError."""
    if wanted.channel:
        move = catalogue.channel(image, wanted.channel)
        build = catalogue.get(move.build_id) if move else None
        return build if build and build.status in wanted.statuses and wanted.region in build.amis else None
    if wanted.fingerprint:
        builds = catalogue.by_fingerprint(image, wanted.fingerprint, wanted.statuses)
        return next((build for build in builds if wanted.region in build.amis), None)
    return catalogue.newest(image, wanted.region, wanted.statuses)


def explain(catalogue: Catalogue, image: str, wanted: Wanted) -> str:
    """Say why there is no such AMI, and what there is instead. Raises CatalogueError."""
    images = catalogue.images()
    start = f"Image {image!r} has no {' or '.join(wanted.statuses)} AMI{_selection(wanted)} in {wanted.region}"
    if image not in images:
        known = f"The catalogue {catalogue.url} knows: {', '.join(images)}" if images else f"{catalogue.url} is empty"
        return f"{start}: it was never built. {known}."
    reason = _channel_reason(catalogue, image, wanted.channel) if wanted.channel else ""
    found = [_described(build, bool(wanted.fingerprint)) for build in catalogue.builds(image, limit=_NAMED)]
    return f"{start}{reason}. Its newest builds in {catalogue.url}: {'; '.join(found)}."


def _selection(wanted: Wanted) -> str:
    if wanted.channel:
        return f" in channel {wanted.channel!r}"
    return f" with fingerprint {wanted.fingerprint}" if wanted.fingerprint else ""


def _channel_reason(catalogue: Catalogue, image: str, channel: str) -> str:
    move = catalogue.channel(image, channel)
    if move is None:
        known = ", ".join(one.channel for one in catalogue.channels(image))
        return f": the image has {f'only the channels {known}' if known else 'no channels yet'}"
    build = catalogue.get(move.build_id)
    return (
        f": the channel points at {_described(build) if build else f'{move.build_id}, which is not in the catalogue'}"
    )


def _described(build: Build, with_fingerprint: bool = False) -> str:
    places = ", ".join(f"{ami} in {region}" for region, ami in sorted(build.amis.items())) or "no AMI"
    fingerprint = f", fingerprint {build.fingerprint}" if with_fingerprint else ""
    return f"{build.id} ({build.status}, {places}{fingerprint})"
