# SPDX-License-Identifier: GPL-3.0-or-later
"""Sixteen processes record, eight want one lease, and each second one of them is killed."""

from __future__ import annotations

import pathlib
import tempfile
import typing as t

from tests.bench.table import Row
from tests.bench.workshop import Workshop
from tests.unit.catalogue.stress import Plan, run

ORDER = 91


def measure(_place: Workshop) -> t.Iterator[Row]:
    print("bench: 24 processes with one catalogue", flush=True)
    with tempfile.TemporaryDirectory(prefix="golden-bench-") as directory:
        folder = pathlib.Path(directory)
        plan = Plan(f"sqlite:{folder / 'catalogue.sqlite'}", folder / "journal")
        finding = run(plan, seconds=1800)
    yield Row(f"{plan.recorders} processes record {plan.builds} builds each", "s", round(finding.seconds, 1))
    yield Row("  lost, doubled, or held by two", "", len(finding.problems), goal=0)
    for problem in finding.problems[:10]:
        yield Row(f"    {problem}")
    yield Row("  processes killed", "", finding.kills)
    yield Row("  leases taken", "", finding.leases)
    yield Row("  recording a build, start and end", "ms", round(finding.median * 1000, 1))
    yield Row("  the slowest one", "ms", round(finding.slowest * 1000, 1))
