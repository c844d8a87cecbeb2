# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How old the Windows under each image is, against what Amazon publishes now. Pure."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

from ..estate_answers import family_of
from ..records import Build
from .model import Cell, Facts, Table

_DATE = re.compile(r"-(\d{4})\.(\d{2})\.(\d{2})$")


class Age(t.NamedTuple):
    """The stock AMI that a build descends from, and Amazon's newest of the same family; None where nobody knows."""

    base: str | None
    released: dt.date | None
    newest: str | None
    newest_released: dt.date | None

    @property
    def behind(self) -> int | None:
        """Return the days between the two releases."""
        if self.released is None or self.newest_released is None:
            return None
        return (self.newest_released - self.released).days


def age_of(facts: Facts, build: Build) -> Age:
    """Return the age of what a build descends from."""
    base = facts.root(build).source_ami_name
    family = family_of(base or "")
    regions = [*build.amis, *sorted(region for region, name in facts.estate.stock if name == family)]
    ids = (facts.estate.stock.get((region, family or "")) for region in regions)
    newest = next((facts.names[ami].name for ami in ids if ami in facts.names and facts.names[ami].name), None)
    return Age(base, released(base), newest, released(newest))


def released(name: str | None) -> dt.date | None:
    """Return the day in the name of a stock AMI."""
    match = _DATE.search(name or "")
    try:
        return dt.date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def ages(facts: Facts) -> Table:
    """Return the ages of what channels point at, and of the newest build of each image."""
    rows = []
    for image in facts.by_image:
        newest = facts.current(image)
        pointed = {one.build_id for one in facts.moves if one.image == image} & facts.known.keys()
        for build_id in sorted({*pointed, newest.id}, reverse=True):
            words = [*facts.channels_of.get(build_id, ()), *(["newest"] if build_id == newest.id else [])]
            rows.append(_row(facts, facts.known[build_id], words))
    columns = ("Image", "Build", "Which", "Made from", "Age in days", "Amazon's newest", "Days behind")
    note = f"Amazon keeps a Windows AMI public for about {facts.policy.stock_days} days."
    return Table("ages", "Age against Amazon's newest base", columns, tuple(rows), "Nothing was built yet.", note)


def _row(facts: Facts, build: Build, words: t.Sequence[str]) -> tuple[Cell, ...]:
    age = age_of(facts, build)
    days = (facts.estate.asked.date() - age.released).days if age.released else None
    return (
        Cell(build.image),
        Cell(build.id, build=build.id),
        Cell(", ".join(words)),
        Cell(age.base or "not known"),
        _days(days, facts.policy.old_days, facts.policy.very_old_days),
        Cell(age.newest or "not known"),
        _days(age.behind, 1, facts.policy.old_days),
    )


def _days(days: int | None, old: int, very_old: int) -> Cell:
    if days is None:
        return Cell("not known", -1, tone="warning")
    return Cell(str(days), days, tone="error" if days >= very_old else "warning" if days >= old else "good")
