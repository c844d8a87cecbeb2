# SPDX-License-Identifier: GPL-3.0-or-later
"""The share of wall time in which Packer does not run: plan, preflight, records, clean-up, Ansible's own start."""

from __future__ import annotations

import typing as t

from tests.bench.table import Row
from tests.bench.workshop import Workshop

ORDER = 30


def measure(place: Workshop) -> t.Iterator[Row]:
    packer = sum(image.packer_seconds for image in place.images.values())
    shares = {name: _share(image.packer_seconds, image.record["seconds"]) for name, image in place.images.items()}
    yield Row("wall time outside Packer", "%", _share(packer, place.from_nothing), shares)


def _share(inside: float, whole: float) -> float:
    return round(100 * (1 - inside / whole), 1)
