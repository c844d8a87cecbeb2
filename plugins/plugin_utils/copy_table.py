# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table at the end of copying. Calls nothing."""

from __future__ import annotations

import collections.abc as c

from .copy_run import Outcome
from .text_table import first_line, table

HEADINGS = ("REGION", "AMI ID", "STATUS", "SHARED WITH", "SECONDS", "KMS KEY")


def lines(outcomes: c.Iterable[Outcome]) -> list[str]:
    """Return a line for each region under headings. SHARED WITH are the accounts that this run lets in."""
    return table(HEADINGS, [_row(outcome) for outcome in outcomes])


def failures(outcomes: c.Iterable[Outcome]) -> list[str]:
    """Return a line for each region that failed."""
    return [f"{outcome.step.region}: {first_line(outcome.error)}" for outcome in outcomes if outcome.error]


def _row(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.step.region,
        outcome.ami_id or "-",
        outcome.status,
        ", ".join(outcome.shared) or "-",
        f"{outcome.seconds:.0f}",
        outcome.step.kms_key or "-",
    )
