# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every catalogue can do, whatever keeps its data."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t

from ..records import USABLE, Build, timestamp


class Anything(enum.Enum):
    """Stands for any build, or none, where a channel is expected to point."""

    ANY = "anything"


ANY: t.Final = Anything.ANY


class Lease(t.NamedTuple):
    """The right to work on a thing until a moment.

    ``token`` grows with every new holder of the same name, so that a store can refuse a holder who came back too late.
    """

    name: str
    holder: str
    token: int
    expires: dt.datetime


class Event(t.NamedTuple):
    """A build got a status. ``at`` is a `records.timestamp`; ``author`` and ``reason`` are None when nobody said."""

    build_id: str
    at: str
    status: str
    author: str | None = None
    reason: str | None = None


class ChannelMove(t.NamedTuple):
    """A channel of an image was pointed at a build; ``previous`` is the build it pointed at, None for the first move.

    ``number`` grows by one with each move of the same channel of the same image.
    """

    image: str
    channel: str
    build_id: str
    previous: str | None
    at: str
    author: str | None
    reason: str | None
    number: int


class CatalogueError(Exception):
    """The catalogue cannot be read or written; the text says which one, why, and what to do."""


class LeaseHeld(CatalogueError):  # noqa: N818 - it is an answer as much as an error
    """Somebody else holds the lease."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(f"{lease.name} is in use by {lease.holder}, until {timestamp(lease.expires)} at the latest")
        self.lease = lease


class LeaseLost(CatalogueError):  # noqa: N818
    """The lease expired and somebody else took it, or it was released."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(f"{lease.holder} no longer holds the lease on {lease.name} (token {lease.token})")
        self.lease = lease


class StatusChanged(CatalogueError):  # noqa: N818
    """A build does not have the status that a change of it started from."""

    def __init__(self, build: Build, status: str, expected: t.Collection[str]) -> None:
        super().__init__(
            f"Build {build.id} of {build.image} cannot become {status}: it is {build.status}, and not "
            f"{' or '.join(expected)}. Somebody may have changed it meanwhile; look at it and decide again"
        )
        self.build = build


class ChannelMoved(CatalogueError):  # noqa: N818
    """A channel does not point at the build that a move of it started from."""

    def __init__(self, image: str, channel: str, found: ChannelMove | None, expected: str | None) -> None:
        points = f"points at build {found.build_id} since {found.at}" if found else "points at no build"
        super().__init__(
            f"Channel {channel} of {image} was not moved: it {points}, and not at "
            f"{f'build {expected}' if expected else 'none'}. Somebody may have moved it meanwhile; decide again"
        )
        self.found = found


class AmiClaimed(CatalogueError):  # noqa: N818
    """Two builds claim one AMI, or two AMIs claim to be what one build made in one region. Nothing was recorded."""


def lease_name(image: str) -> str:
    """Return the name of the lease that a build of an image takes; `Catalogue.reap` looks for it."""
    return f"image {image}"


class Catalogue(t.Protocol):
    """The memory of the project. Every method may raise CatalogueError; all of them may be called from any process."""

    url: str

    def start(self, build: Build, lease: Lease | None = None) -> None:
        """Record a build that begins, status ``building``; raise LeaseLost when the lease has a newer holder."""

    def finish(self, build: Build, lease: Lease | None = None) -> Build:
        """Record how a build ended and return what is kept: see `records.later`. May be repeated, needs no `start`.

        Raises LeaseLost, and records nothing, when a lease is given that has a newer holder or was released: who lost
        the right to build must not tell how it ended. Raises AmiClaimed when another build has one of its AMIs, or
        this one has another AMI in the same region.
        """

    def set_status(
        self,
        build_id: str,
        status: str,
        expected: t.Collection[str],
        author: str | None,
        reason: str | None,
        now: dt.datetime,
    ) -> Build:
        """Give a build another status, an earlier one too, if it has one of ``expected``; else raise StatusChanged.

        Returns the build as it is then. A build that has the status already is left alone if that is expected.
        """

    def add_amis(
        self, build_id: str, amis: t.Mapping[str, str], snapshots: t.Mapping[str, t.Sequence[str]] | None = None
    ) -> Build:
        """Record copies of a build's AMI: AMI ids, and ids of snapshots, by region. May be repeated.

        Returns the build as it is then. Raises AmiClaimed like `finish`.
        """

    def get(self, build_id: str) -> Build | None:
        """Return a build by its id."""

    def events(self, build_id: str) -> list[Event]:
        """Return each status that a build got, oldest first. A record that came twice left one event."""

    def newest(self, image: str, region: str | None = None, statuses: t.Collection[str] = USABLE) -> Build | None:
        """Return the newest build of an image with one of these statuses and, if given, an AMI in this region."""

    def builds(
        self,
        image: str | None = None,
        statuses: t.Collection[str] | None = None,
        limit: int | None = None,
        before: str | None = None,
    ) -> list[Build]:
        """Return builds, newest first: all, or of one image, or with one of these statuses.

        ``limit`` makes it a page; the last build's id as ``before`` asks for the next one.
        """

    def by_ami(self, ami_id: str) -> Build | None:
        """Return the build that made an AMI, or that the AMI is a copy of."""

    def by_fingerprint(self, image: str, fingerprint: str, statuses: t.Collection[str] = USABLE) -> list[Build]:
        """Return the builds of an image that were made from the same inputs, newest first."""

    def images(self) -> list[str]:
        """Return the names of all images that were ever built, sorted."""

    def channel(self, image: str, channel: str) -> ChannelMove | None:
        """Return the latest move of a channel, which says where it points; None when it was never moved."""

    def channels(self, image: str | None = None) -> list[ChannelMove]:
        """Return the latest move of every channel, of all images or of one, sorted by image and channel."""

    def channel_history(self, image: str, channel: str, limit: int | None = None) -> list[ChannelMove]:
        """Return the moves of a channel, newest first."""

    def move_channel(
        self,
        image: str,
        channel: str,
        build_id: str,
        author: str | None,
        reason: str | None,
        now: dt.datetime,
        expected: str | Anything | None,
    ) -> ChannelMove:
        """Point a channel at a build of its image, if it points at the build ``expected`` now (None: at none).

        Returns the move. Raises ChannelMoved when it points elsewhere; with ``ANY`` it may point anywhere.
        """

    def acquire_lease(self, name: str, holder: str, seconds: float) -> Lease:
        """Take a lease; raise LeaseHeld while another one is alive, even one of the same holder."""

    def lease(self, name: str) -> Lease | None:
        """Return the lease that is alive now."""

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """Keep a lease for so many seconds from now; raise LeaseLost when it has a newer holder or was released."""

    def release(self, lease: Lease) -> None:
        """Give a lease back; one that was lost is nobody's business any more."""

    def reap(self, now: dt.datetime) -> list[Build]:
        """Turn builds whose lease is gone from ``building`` to ``failed``, and return them.

        A build is alive while the lease it was started with is: one that crashed is found when its lease has expired,
        or at once when somebody else took over.
        """

    def dump(self) -> t.Iterator[dict[str, t.Any]]:
        """Yield all builds, events and moves of channels as JSON-safe values with a ``kind``, for `load`."""

    def load(self, entries: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, int]:
        """Take in what `dump` of any catalogue yielded; return how many of each kind were new or changed something.

        May be repeated, also after a failure, which leaves some of them taken in and others not. Records meet as in
        `finish`. Raises CatalogueError for an entry of a newer version, one that makes no sense, and one that
        contradicts what is here.
        """
