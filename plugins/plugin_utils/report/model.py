# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report is made from, and the tables that it consists of. Plain records, no calls."""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t

from ..catalogue import ChannelMove
from ..estate import AmiState, Estate
from ..image_audit import Audit
from ..image_audit_ami import Policy
from ..records import USABLE, Build

# Characters that have no place in text: controls, halves of characters, and those that turn the order of others around,
# so that a text seems to say something else.
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything that the report tells.

    ``builds`` are the newest ones, newest first; ``older`` says that there are more. ``others`` are builds that the
    page needs beside those: what channels point at, and parents. ``history`` has the moves of all channels, newest
    first within a channel; ``moves`` the latest ones only. ``policy`` is what the audit judged by.
    """

    builds: tuple[Build, ...]
    older: bool
    others: tuple[Build, ...]
    moves: tuple[ChannelMove, ...]
    history: tuple[ChannelMove, ...]
    audit: Audit
    estate: Estate
    policy: Policy = dataclasses.field(default_factory=Policy)

    @functools.cached_property
    def known(self) -> dict[str, Build]:
        """All builds by id."""
        return {build.id: build for build in (*self.builds, *self.others)}

    @functools.cached_property
    def by_ami(self) -> dict[str, Build]:
        """All builds by the ids of their AMIs; of two that claim the same, the newer one."""
        return {ami: build for build in sorted(self.known.values(), key=_id) for ami in build.amis.values()}

    @functools.cached_property
    def by_image(self) -> dict[str, list[Build]]:
        """All builds by image, newest first; images in the order of their names."""
        found: dict[str, list[Build]] = {}
        for build in sorted(self.known.values(), key=_id, reverse=True):
            found.setdefault(build.image, []).append(build)
        return dict(sorted(found.items()))

    @functools.cached_property
    def channels_of(self) -> dict[str, list[str]]:
        """Names of the channels that point at a build, by its id."""
        found: dict[str, list[str]] = {}
        for move in self.moves:
            found.setdefault(move.build_id, []).append(move.channel)
        return found

    @functools.cached_property
    def names(self) -> dict[str, AmiState]:
        """AMIs by id, whoever sees them; one that is there before one that is gone."""
        found: dict[str, AmiState] = {}
        for ami in self.estate.amis:
            if ami.name or ami.id not in found:
                found[ami.id] = ami
        return found

    def current(self, image: str) -> Build:
        """Return the newest build of an image that may be started; when there is none, the newest one."""
        builds = self.by_image[image]
        return next((build for build in builds if build.status in USABLE and build.amis), builds[0])

    def root(self, build: Build) -> Build:
        """Return the build that a build descends from, as far as it is known; itself when it has no parent."""
        seen: set[str] = set()
        while build.parent_build in self.known and build.id not in seen:
            seen.add(build.id)
            build = self.known[build.parent_build]
        return build


class Cell(t.NamedTuple):
    """A cell of a table.

    ``key`` is what the column is sorted by in place of the text, ``build`` the id of a build that it leads to, ``tone``
    one of error, warning, note and good. ``more`` stands below, in small letters.
    """

    text: str
    key: float | str | None = None
    build: str | None = None
    tone: str = ""
    more: str = ""


class Table(t.NamedTuple):
    """A table that can be searched and sorted; ``empty`` is said when it has no rows, ``note`` in any case.

    ``builds`` are the ids of the builds that the rows stand for, so that others can lead there.
    """

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    note: str = ""
    builds: tuple[str, ...] = ()


def clean(text: str) -> str:
    """Return a text with a replacement character for each that cannot, or must not, be shown."""
    return _UNSHOWABLE.sub("\ufffd", text)


def count(number: int, what: str) -> str:
    """Return a number of things: 1 build, 2 builds."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _id(build: Build) -> str:
    return build.id
