# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan and the preflight as people read them."""

from __future__ import annotations

import collections.abc as c

from .plan import SKIP, PlanEntry


def plan_lines(plan: c.Sequence[PlanEntry]) -> list[str]:
    """Return the plan as text, a short paragraph for each image."""
    lines: list[str] = []
    for entry in plan:
        lines.append(f"{entry.image}: {'up to date' if entry.action == SKIP else 'build'}")
        reasons = [reason.removeprefix("up to date: ") for reason in entry.reasons]
        lines += _labelled("because", reasons)
        lines += _labelled("from", [_origin(entry)])
        if entry.action != SKIP:
            lines += _labelled("roles", [", ".join(entry.roles) or "none"])
        lines += _labelled("note", entry.notes)
    return lines


def plan_counts(plan: c.Sequence[PlanEntry]) -> str:
    """Return one sentence: how many images are built and how many are up to date."""
    skipped = sum(entry.action == SKIP for entry in plan)
    built = len(plan) - skipped
    if not built:
        return "Nothing to build: every image is up to date." if skipped > 1 else "Nothing to build: it is up to date."
    return f"{built} to build, {skipped} up to date."


def _origin(entry: PlanEntry) -> str:
    if entry.source_ami is None:
        return f"image {entry.parent_image}, which is built first"
    if entry.parent_image:
        return f"image {entry.parent_image}, build {entry.parent_build} ({entry.source_ami})"
    return f"{entry.source_ami_name} ({entry.source_ami})"


def _labelled(label: str, texts: c.Sequence[str]) -> list[str]:
    return [f"  {label if index == 0 else '':<8}{text}" for index, text in enumerate(texts)]
