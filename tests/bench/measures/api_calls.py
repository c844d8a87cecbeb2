# SPDX-License-Identifier: GPL-3.0-or-later
"""How often AWS is asked while both images are built, and for what most."""

from __future__ import annotations

import typing as t

from tests.bench.table import Row
from tests.bench.workshop import Workshop

ORDER = 70
SHOWN = 5


def measure(place: Workshop) -> t.Iterator[Row]:
    _ = place.images
    calls: dict[str, int] = place.after["api_calls"]
    yield Row("calls to AWS", "", sum(calls.values()))
    for action in sorted(calls, key=lambda action: -calls[action])[:SHOWN]:
        yield Row(f"  {action}", "", calls[action])
