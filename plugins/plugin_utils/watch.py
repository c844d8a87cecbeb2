# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images stand on a stock AMI that has a newer one, and what would be rebuilt. Decides; calls nothing."""

from __future__ import annotations

import collections.abc as c
import datetime as dt
import typing as t

from .bases import Ami
from .images import Image, ancestors, in_order
from .records import Build
from .text_table import table

CURRENT = "up to date"
NEWER = "newer base"
PARENT = "parent is rebuilt"
STALE_PARENT = "newer parent"
NEVER = "never built"
UNKNOWN = "unknown"

# What a rebuild would change, and so what is news.
NEWS = (NEWER, PARENT, STALE_PARENT, NEVER)


class Base(t.NamedTuple):
    """A base today: its AMI, or None and why. With an AMI, ``problem`` says that a newer one is there."""

    ami: Ami | None
    problem: str | None = None


class Finding(t.NamedTuple):
    """What is known of one image.

    ``base`` is the base that it stands on, through its parents. ``was`` is id and name of the stock AMI that its newest
    build came from, ``now`` of the one that the base is today; None when not known. ``age_days`` says how long that one
    has been there.
    """

    image: str
    base: str
    parent: str | None
    build: Build | None
    status: str
    was: tuple[str, str] | None
    now: tuple[str, str] | None
    age_days: int | None
    problem: str | None = None

    @property
    def news(self) -> bool:
        """Whether the image would be rebuilt."""
        return self.status in NEWS

    def to_dict(self) -> dict[str, t.Any]:
        """Return it as JSON-safe values."""
        return {
            "image": self.image,
            "base": self.base,
            "parent": self.parent,
            "build": self.build.id if self.build else None,
            "status": self.status,
            "news": self.news,
            "from_ami": self.was[0] if self.was else None,
            "from_name": self.was[1] if self.was else None,
            "to_ami": self.now[0] if self.now else None,
            "to_name": self.now[1] if self.now else None,
            "age_days": self.age_days,
            "problem": self.problem,
        }


class Facts(t.NamedTuple):
    """What is known before anything is decided.

    ``builds`` are the newest usable builds by image; ``roots``, by id of such a build, the build at the foot of its
    lineage, which came from a stock AMI; ``bases`` are by name.
    """

    images: c.Mapping[str, Image]
    builds: c.Mapping[str, Build]
    roots: c.Mapping[str, Build]
    bases: c.Mapping[str, Base]


def base_of(images: c.Mapping[str, Image], name: str) -> str:
    """Return the base that an image stands on, through its parents."""
    foot = (*ancestors(images, name)[-1:], name)[0]
    return str(images[foot].base)


def family(images: c.Mapping[str, Image], selected: c.Collection[str]) -> tuple[str, ...]:
    """Return the selected images, what they are based on and what is based on them; parents first."""
    wanted = {*selected, *(parent for name in selected for parent in ancestors(images, name))}
    wanted |= {name for name in images if set(ancestors(images, name)) & set(selected)}
    return in_order(images, wanted)


def watch(facts: Facts, names: c.Sequence[str], now: dt.datetime) -> list[Finding]:
    """Return a finding for each image; ``names`` has parents before children."""
    found: dict[str, Finding] = {}
    for name in names:
        found[name] = _look(facts, name, found, now)
    return list(found.values())


def to_rebuild(findings: c.Iterable[Finding]) -> list[str]:
    """Return the images that are to be rebuilt, parents first."""
    return [one.image for one in findings if one.news]


def lines(findings: c.Sequence[Finding]) -> list[str]:
    """Return the table."""
    rows = [
        (
            one.image,
            one.base,
            one.build.id if one.build else "-",
            _shown(one.was),
            _shown(one.now) if one.now != one.was else "-",
            "-" if one.age_days is None else str(one.age_days),
            one.status,
        )
        for one in findings
    ]
    return table(("IMAGE", "BASE", "BUILD ID", "FROM", "TO", "DAYS", "STATUS"), rows)


def summary(findings: c.Sequence[Finding]) -> str:
    """Return one line for a log."""
    news, unknown = to_rebuild(findings), [one.image for one in findings if one.status == UNKNOWN]
    said = f"To rebuild: {', '.join(news)}" if news else "No image would be rebuilt for its base"
    return f"{said}. Unknown: {', '.join(unknown)}" if unknown else said


def _look(facts: Facts, name: str, found: c.Mapping[str, Finding], now: dt.datetime) -> Finding:
    image, build = facts.images[name], facts.builds.get(name)
    base_name = base_of(facts.images, name)
    base = facts.bases[base_name]
    root = facts.roots.get(build.id) if build else None
    was = (root.source_ami, root.source_ami_name or "") if root and root.source_ami else None
    today = (base.ami.id, base.ami.name) if base.ami else None
    status, problem = _status(facts, image, build, was, base, found)
    age = _age_days(base.ami, now) if base.ami else None
    return Finding(name, base_name, image.parent, build, status, was, today, age, problem)


def _status(
    facts: Facts,
    image: Image,
    build: Build | None,
    was: tuple[str, str] | None,
    base: Base,
    found: c.Mapping[str, Finding],
) -> tuple[str, str | None]:
    if build is None:
        return NEVER, None
    if image.parent is None:
        if base.ami is None:
            return UNKNOWN, base.problem
        if was is None:
            return UNKNOWN, f"build {build.id} does not say what it was made from"
        return (CURRENT if was[0] == base.ami.id else NEWER), base.problem
    parent = found.get(image.parent)
    if parent is not None and parent.status == UNKNOWN:
        return UNKNOWN, f"its parent {image.parent} is unknown"
    if parent is not None and parent.news:
        return PARENT, None
    newest = facts.builds.get(image.parent)
    return (STALE_PARENT if newest and build.parent_build != newest.id else CURRENT), None


def _age_days(ami: Ami, now: dt.datetime) -> int | None:
    """Return for how many days an AMI has been there."""
    try:
        return max(0, (now - dt.datetime.fromisoformat(ami.created)).days)
    except ValueError:
        return None


def _shown(ami: tuple[str, str] | None) -> str:
    return f"{ami[1]} ({ami[0]})" if ami and ami[1] else ami[0] if ami else "-"
