# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes over the wire to the guest."""

from __future__ import annotations

import typing as t

from tests.bench.table import Row
from tests.bench.workshop import Workshop

ORDER = 60
COUNTERS = (
    ("WinRM requests", "requests", ""),
    ("  commands", "commands", ""),
    ("  connections", "connections", ""),
    ("bytes sent to the guest", "bytes_in", "KiB"),
    ("bytes received from it", "bytes_out", "KiB"),
)


def measure(place: Workshop) -> t.Iterator[Row]:
    for title, counter, unit in COUNTERS:
        divisor = 1024 if unit else 1
        counts = {name: round(image.winrm[counter] / divisor) for name, image in place.images.items()}
        yield Row(title, unit, sum(counts.values()), counts)
