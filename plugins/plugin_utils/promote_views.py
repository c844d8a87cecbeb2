# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Promotions as people read them, and as plays do. Calls nothing."""

from __future__ import annotations

import collections.abc as c
import typing as t

from .promote_plan import difference
from .promote_run import FAILED, NOT_DONE, Outcome, Result
from .text_table import table

_HEADINGS = ("IMAGE", "CHANNEL", "BUILD ID", "REGION", "AMI ID", "PARAMETER", "STATUS")


def lines(results: c.Iterable[Result]) -> list[str]:
    """Return a table with a line for each image and region, and where each channel pointed before."""
    rows, moves = [], []
    for result in results:
        wanted = result.promotion.wanted
        if wanted.moves:
            before = wanted.points_at or "nothing"
            moves.append(f"{wanted.image} {wanted.channel}: {before} -> {wanted.build.id}{_ending(result)}")
        for one in result.outcomes:
            step = one.step
            place = (wanted.image, wanted.channel, wanted.build.id, step.region, step.ami_id)
            rows.append((*place, step.parameter or "-", one.status))
    return [*moves, *table(_HEADINGS, rows)]


def answer(results: c.Sequence[Result], check_mode: bool) -> dict[str, t.Any]:
    """Return the task's result."""
    failures = [line for result in results for line in result.failures]
    changed = any(result.promotion.changes for result in results if check_mode or _changed(result))
    found = {
        "changed": changed,
        "promotions": [_promotion(result) for result in results],
        "diff": [difference(result.promotion) for result in results if result.promotion.changes],
    }
    return {**found, "failed": True, "msg": "\n".join(failures)} if failures else found


def _changed(result: Result) -> bool:
    """Return whether anything may have changed: what failed has perhaps changed something, too."""
    return result.move is not None or any(one.step.changes for one in result.outcomes)


def _ending(result: Result) -> str:
    if result.move is None and any(one.status in (FAILED, NOT_DONE) for one in result.outcomes):
        return " (not moved)"
    return f" ({result.promotion.wanted.reason})" if result.promotion.wanted.reason else ""


def _promotion(result: Result) -> dict[str, t.Any]:
    wanted = result.promotion.wanted
    return {
        "image": wanted.image,
        "channel": wanted.channel,
        "build": wanted.build.id,
        "previous": wanted.points_at,
        "moved": result.move is not None,
        "number": result.move.number if result.move else None,
        "reason": wanted.reason,
        "regions": [_region(one) for one in result.outcomes],
    }


def _region(one: Outcome) -> dict[str, t.Any]:
    step = one.step
    return {
        "region": step.region,
        "ami_id": step.ami_id,
        "parameter": step.parameter,
        "before": step.before,
        "published": one.published,
        "shared": sorted({*step.shared, *step.share}),
        "lifted": list(one.lifted),
        "status": one.status,
        "error": one.error,
    }
