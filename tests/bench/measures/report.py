# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the report of many builds takes to write, and to open in headless Chromium, and what it weighs."""

from __future__ import annotations

import pathlib
import tempfile
import time
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.report.page import render

from tests.bench.table import Row
from tests.bench.workshop import Workshop
from tests.unit.report.samples import fleet
from tests.verbs.report.chromium import opened, running_chromium

ORDER = 97
BUILDS = 2000
ROUNDS = 5
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
# Two frames after everything is loaded, it is on the screen.
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"


def measure(_place: Workshop) -> t.Iterator[Row]:
    print(f"bench: a report of {BUILDS:,} builds", flush=True)
    started = time.perf_counter()
    page = render(fleet(BUILDS), "Golden Windows AMIs")
    written = time.perf_counter() - started
    loaded, painted = [], []
    with tempfile.TemporaryDirectory(prefix="golden-report-") as directory, running_chromium() as browser:
        path = pathlib.Path(directory) / "report.html"
        path.write_text(page, encoding="utf-8")
        for _round in range(ROUNDS):
            with opened(browser, path) as seen:
                painted.append(seen.page.evaluate(PAINTED) / 1000)
                loaded.append(seen.page.evaluate(LOADED) / 1000)
    yield Row(f"report: {BUILDS:,} builds, drawn and written", "s", written)
    yield Row(f"report: {BUILDS:,} builds, loaded in Chromium", "s", min(loaded), goal=1.0)
    yield Row(f"report: {BUILDS:,} builds, on the screen", "s", min(painted))
    yield Row(f"report: {BUILDS:,} builds, size", "KiB", len(page.encode()) / 1024, goal=2_000_000 / 1024)
