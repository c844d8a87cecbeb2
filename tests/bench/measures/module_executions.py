# SPDX-License-Identifier: GPL-3.0-or-later
"""How many modules run on the guest, and which."""

from __future__ import annotations

import collections
import typing as t

from tests.bench.table import Row
from tests.bench.workshop import Workshop

ORDER = 50


def measure(place: Workshop) -> t.Iterator[Row]:
    counts = {name: image.modules for name, image in place.images.items()}
    total: collections.Counter[str] = collections.Counter()
    for each in counts.values():
        total.update(each)
    yield Row(
        "modules run on the guest", "", total.total(), {name: sum(each.values()) for name, each in counts.items()}
    )
    for module, count in total.most_common():
        yield Row(f"  {module}", "", count, {name: each[module] for name, each in counts.items() if module in each})
