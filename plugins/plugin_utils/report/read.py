# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the catalogue and AWS for what a report tells."""

from __future__ import annotations

import typing as t

from ..catalogue import Catalogue
from ..ec2 import AwsSettings
from ..estate_ec2 import Scope
from ..image_audit import Acceptance
from ..image_audit_ami import Policy
from ..image_audit_run import run_audit
from ..records import Build
from .model import Facts

# Moves of a channel that the report shows.
_MOVES = 50


class Wanted(t.NamedTuple):
    """How many builds to show, how to judge what launches, and where channels are published."""

    builds: int
    policy: Policy
    accepted: t.Sequence[Acceptance] = ()
    prefix: str | None = None


def read_facts(settings: AwsSettings, scope: Scope, catalogue: Catalogue, wanted: Wanted) -> Facts:
    """Return everything. Raises CatalogueError; what AWS does not answer is in the estate's gaps."""
    builds = catalogue.builds(limit=wanted.builds + 1)
    older, builds = len(builds) > wanted.builds, builds[: wanted.builds]
    moves = catalogue.channels()
    history = [one for move in moves for one in catalogue.channel_history(move.image, move.channel, _MOVES)]
    others = _others(catalogue, builds, [move.build_id for move in moves])
    audit, estate = run_audit(settings, scope, lambda: catalogue, wanted.prefix, wanted.policy, wanted.accepted)
    return Facts(tuple(builds), older, tuple(others), tuple(moves), tuple(history), audit, estate, wanted.policy)


def _others(catalogue: Catalogue, builds: t.Sequence[Build], pointed: t.Iterable[str]) -> list[Build]:
    """Return older builds that the page needs: those that channels point at, and parents."""
    known = {build.id for build in builds}
    waiting = [*pointed, *(build.parent_build for build in builds if build.parent_build)]
    found = []
    while waiting:
        build_id = waiting.pop()
        if build_id not in known:
            known.add(build_id)
            build = catalogue.get(build_id)
            if build:
                found.append(build)
                waiting += [build.parent_build] if build.parent_build else []
    return found
