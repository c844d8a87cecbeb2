# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a retirement, and what became of it, as people read it in a terminal."""

from __future__ import annotations

import collections
import typing as t

from .estate import AmiState
from .fleet_registry import BUILD_TAG, IMAGE_TAG
from .retire import KEEP, Step
from .retire_run import Outcome
from .text_table import first_line, table

_HEADINGS = ("IMAGE", "BUILD ID", "AMI", "STATUS", "STEP", "WHY")
# All of them are in the task's result.
_REASONS = 2


def lines(outcomes: t.Sequence[Outcome], unknown: t.Sequence[AmiState], foretold: bool) -> list[str]:
    """Return a line for each AMI, and a summary; ``foretold`` when nothing was done."""
    rows = [row for outcome in outcomes for row in _rows(outcome, foretold)]
    rows += [_row_of_unknown(ami) for ami in unknown]
    if not rows:
        return ["No AMIs."]
    return [*table(_HEADINGS, rows), "", _summary(outcomes, len(unknown), foretold)]


def _rows(outcome: Outcome, foretold: bool) -> t.Iterator[tuple[str, ...]]:
    step = outcome.step
    why = _why(step) if outcome.error is None else first_line(outcome.error)
    for region, ami in sorted(step.build.amis.items()):
        status = step.build.status if step.states.get(region) != "gone" else f"{step.build.status}, gone"
        yield step.build.image, step.build.id, f"{ami} {region}", status, _word(outcome, foretold), why


def _word(outcome: Outcome, foretold: bool) -> str:
    if outcome.error is not None:
        return f"{outcome.step.action}: failed"
    if outcome.step.action == KEEP:
        return KEEP
    if foretold:
        return f"would {outcome.step.action}"
    return outcome.step.status if outcome.done else f"{outcome.step.action}: not done"


def _why(step: Step) -> str:
    more = len(step.reasons) - _REASONS
    return "; ".join(step.reasons[:_REASONS]) + (f"; and {more} more" if more > 0 else "")


def _row_of_unknown(ami: AmiState) -> tuple[str, ...]:
    why = "no build of the catalogue has it: catalogue.yml -e verb=rebuild"
    return ami.tags[IMAGE_TAG], ami.tags.get(BUILD_TAG, "-"), f"{ami.id} {ami.place.region}", ami.state, KEEP, why


def _summary(outcomes: t.Iterable[Outcome], unknown: int, foretold: bool) -> str:
    counts = collections.Counter(_word(outcome, foretold) for outcome in outcomes)
    if unknown:
        counts["not in the catalogue"] = unknown
    return f"Builds: {', '.join(f'{number} {word}' for word, number in sorted(counts.items()))}"
