# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every catalogue can do, whatever keeps its data."""

from __future__ import annotations

import datetime as dt
import typing as t

from ..records import USABLE, Build, timestamp


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


class Lease(t.NamedTuple):
    """The right to work on a thing until a moment.

    ``token`` grows with every new holder of the same name, so that a store can refuse a holder who came back too late.
    """

    name: str
    holder: str
    token: int
    expires: dt.datetime


def lease_name(image: str) -> str:
    """Return the name of the lease that a build of an image takes; `Catalogue.reap` looks for it."""
    return f"image {image}"


class Catalogue(t.Protocol):
    """The memory of the project. Every method may raise CatalogueError; all of them may be called from any process."""

    url: str

    def start(self, build: Build, lease: Lease | None = None) -> None:
        """Record a build that begins, status ``building``; raise LeaseLost when the lease has a newer holder."""

    def finish(self, build: Build) -> Build:
        """Record how a build ended and return what is kept: see `records.later`. May be repeated, needs no `start`."""

    def get(self, build_id: str) -> Build | None:
        """Return a build by its id."""

    def newest(self, image: str, region: str | None = None, statuses: t.Collection[str] = USABLE) -> Build | None:
        """Return the newest build of an image with one of these statuses and, if given, an AMI in this region."""

    def builds(
        self, image: str | None = None, statuses: t.Collection[str] | None = None, limit: int | None = None
    ) -> list[Build]:
        """Return builds, newest first: all, or of one image, or with one of these statuses."""

    def by_ami(self, ami_id: str) -> Build | None:
        """Return the build that made an AMI, or that the AMI is a copy of."""

    def by_fingerprint(self, image: str, fingerprint: str, statuses: t.Collection[str] = USABLE) -> list[Build]:
        """Return the builds of an image that were made from the same inputs, newest first."""

    def images(self) -> list[str]:
        """Return the names of all images that were ever built, sorted."""

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
