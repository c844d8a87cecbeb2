# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the lab takes to be ready, and how much memory it has used at most."""

from __future__ import annotations

import typing as t

from tests.bench.table import Row
from tests.bench.workshop import Workshop

ORDER = 10


def measure(place: Workshop) -> t.Iterator[Row]:
    yield Row("lab ready", "s", round(place.ready_seconds, 1), goal=5)
    yield Row("  memory when ready", "MiB", place.ready_memory, goal=500)
    yield Row("  memory after the builds", "MiB", place.after["memory_mib"], goal=500)
