# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change makes of a record, and whether it may. Decides for every store; reads and writes nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ..records import BUILDING, FAILED, STATUSES, Build, later, timestamp
from .interface import (
    ANY,
    AmiClaimed,
    Anything,
    CatalogueError,
    ChannelMove,
    ChannelMoved,
    Event,
    StatusChanged,
)

INTERRUPTED = "Interrupted: whoever built it stopped without saying how it ended"
# An event's reason is for a line of a list; the whole error is in the build.
_REASON_LENGTH = 200


def ended(stored: Build | None, build: Build) -> Build:
    """Return what to keep of a build that ended; raise CatalogueError when it has not, AmiClaimed when AMIs differ."""
    if build.status == BUILDING:
        raise CatalogueError(f"Build {build.id} cannot end as {BUILDING!r}")
    return merged(stored, build)


def merged(stored: Build | None, build: Build) -> Build:
    """Return what to keep when a record of the same build is there already; raise AmiClaimed when AMIs differ."""
    if stored is None:
        return build
    _same_amis(stored, build.amis)
    return later(stored, build)


def with_status(build: Build, status: str, expected: t.Collection[str]) -> Build:
    """Return a build with another status; raise StatusChanged when it has none of the expected ones."""
    if status not in STATUSES or status == BUILDING:
        known = ", ".join(known for known in STATUSES if known != BUILDING)
        raise CatalogueError(f"Build {build.id} cannot become {status!r}. A build can become: {known}")
    if build.status not in expected:
        raise StatusChanged(build, status, expected)
    return dataclasses.replace(build, status=status)


def with_amis(build: Build, amis: t.Mapping[str, str], snapshots: t.Mapping[str, t.Sequence[str]] | None) -> Build:
    """Return a build with AMIs in more regions; raise AmiClaimed when it has another one in one of them."""
    _same_amis(build, amis)
    added = {region: list(ids) for region, ids in (snapshots or {}).items()}
    return dataclasses.replace(build, amis={**build.amis, **amis}, snapshots={**build.snapshots, **added})


def interrupted(build: Build, now: dt.datetime) -> Build:
    """Return a build that nobody works on any more."""
    return dataclasses.replace(build, status=FAILED, finished=timestamp(now), error=INTERRUPTED)


def claimed(ami_id: str, owner_id: str, build: Build) -> AmiClaimed:
    """Return the error to raise when another build has an AMI."""
    return AmiClaimed(
        f"Build {build.id} of {build.image} was not recorded: it claims AMI {ami_id}, which build {owner_id} has "
        "already. Look at the tag golden:build of the AMI, and correct the record that is wrong"
    )


def event_of(build: Build, stored: Build | None, at: str) -> Event | None:
    """Return the event that a new record of a build leaves; None when its status is what it was."""
    if stored is not None and stored.status == build.status:
        return None
    return Event(build.id, at, build.status, build.author, _first_line(build.error if build.status == FAILED else None))


def next_move(
    current: ChannelMove | None, wanted: ChannelMove, build: Build | None, expected: str | Anything | None
) -> ChannelMove:
    """Return the move to record, with its number; raise ChannelMoved when the channel does not point at ``expected``.

    ``wanted`` says where it should point, ``build`` is the record of that.
    """
    found = current.build_id if current else None
    if expected is not ANY and found != expected:
        raise ChannelMoved(wanted.image, wanted.channel, current, expected)
    if build is None:
        raise CatalogueError(f"Channel {wanted.channel} of {wanted.image}: there is no build {wanted.build_id}")
    if build.image != wanted.image:
        raise CatalogueError(
            f"Channel {wanted.channel} of {wanted.image} cannot point at build {build.id}: it is of {build.image}"
        )
    return wanted._replace(previous=found, number=(current.number if current else 0) + 1)


def unknown_build(url: str, build_id: str) -> CatalogueError:
    """Return the error to raise for a change of a build that is not there."""
    return CatalogueError(f"There is no build {build_id} in the catalogue {url}")


def _same_amis(stored: Build, amis: t.Mapping[str, str]) -> None:
    for region, ami_id in amis.items():
        known = stored.amis.get(region)
        if known not in (None, ami_id):
            raise AmiClaimed(
                f"Build {stored.id} of {stored.image} has AMI {known} in {region} already, and AMI {ami_id} there "
                "claims to be of this build too. Look at the tag golden:build of both, and correct the wrong one"
            )


def _first_line(text: str | None) -> str | None:
    return text.strip().partition("\n")[0][:_REASON_LENGTH] if text and text.strip() else None
