# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table at the end of a build. Calls nothing."""

from __future__ import annotations

import collections.abc as c
import typing as t

from .plan import SKIP, PlanEntry
from .records import FAILED, VERIFIED

UP_TO_DATE = "up to date"
NOT_BUILT = "not built"
NOT_PROVED = "not proved"


class Row(t.NamedTuple):
    """One image: what there is of it after the run. Texts, as they are shown."""

    image: str
    build_id: str
    ami_id: str
    base_ami: str
    region: str
    seconds: str
    status: str
    error: str | None = None


HEADINGS = Row("IMAGE", "BUILD ID", "AMI ID", "BASE AMI", "REGION", "SECONDS", "STATUS")


def rows(
    plan: c.Iterable[PlanEntry],
    results: c.Mapping[str, c.Mapping[str, t.Any]],
    proofs: c.Mapping[str, c.Mapping[str, t.Any]] | None = None,
    unproved: str | None = None,
) -> list[Row]:
    """Return a row for each entry of the plan.

    ``results`` are packer_build's, by image; ``proofs`` image_proof's verdicts by build id, None when no proof is
    wanted; ``unproved`` says why there are none.
    """
    found = [_row(entry, results.get(entry.image)) for entry in plan]
    return found if proofs is None else [_proved(row, proofs.get(row.build_id), unproved) for row in found]


def table(rows: c.Sequence[Row]) -> list[str]:
    """Return the rows as aligned lines under headings."""
    texts = [list(row[:-1]) for row in (HEADINGS, *rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in texts]


def failures(rows: c.Iterable[Row]) -> list[str]:
    """Return a line for each image that was not built. More was said where it happened."""
    return [f"{row.image}: {row.error.splitlines()[0]}" for row in rows if row.error]


def _row(entry: PlanEntry, result: c.Mapping[str, t.Any] | None) -> Row:
    base = entry.source_ami or "-"
    if entry.action == SKIP:
        return Row(entry.image, entry.build_id or "-", entry.ami_id or "-", base, entry.region, "0", UP_TO_DATE)
    result = result or {}
    build = result.get("build")
    if not build:
        skipped = result.get("skipped") or not result
        error = (
            f"its parent {entry.parent_image} was not built" if skipped else str(result.get("msg", "no reason given"))
        )
        return Row(entry.image, "-", "-", base, entry.region, "-", NOT_BUILT, error)
    return Row(
        entry.image,
        str(build["id"]),
        str(build["amis"].get(entry.region, "-")),
        str(build["source_ami"] or "-"),
        entry.region,
        f"{build['seconds'] or 0:.0f}",
        str(build["status"]),
        str(build["error"] or "no reason recorded") if build["status"] == FAILED else None,
    )


def _proved(row: Row, verdict: c.Mapping[str, t.Any] | None, unproved: str | None) -> Row:
    """Return a row that says what the proof of its build has found."""
    if row.error or (verdict is None and row.status == UP_TO_DATE):
        return row  # not built, or proved before
    if verdict is None:
        return row._replace(status=NOT_PROVED, error=unproved or "No instance of it was looked at.")
    if verdict["proven"]:
        return row if row.status == UP_TO_DATE else row._replace(status=VERIFIED)
    faults = [f"{check}: {found}" for check, found in verdict["checks"].items() if found != "ok"]
    return row._replace(status=NOT_PROVED, error="; ".join(faults))
