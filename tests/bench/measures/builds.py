# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it takes to build both images from nothing, and how long when there is nothing to do."""

from __future__ import annotations

import typing as t

from tests.bench.table import Row
from tests.bench.workshop import Workshop

ORDER = 20


def measure(place: Workshop) -> t.Iterator[Row]:
    seconds = {name: image.record["seconds"] for name, image in place.images.items()}
    yield Row("both images from nothing", "s", round(place.from_nothing, 1), seconds, goal=150)
    yield Row("nothing to do", "s", round(place.nothing_to_do, 1), goal=20)
