# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an image's time goes inside Ansible: seconds of each role."""

from __future__ import annotations

import typing as t

from tests.bench.table import Row
from tests.bench.workshop import Workshop

ORDER = 40


def measure(place: Workshop) -> t.Iterator[Row]:
    seconds = {
        name: {role["name"]: float(role["seconds"]) for role in image.record["roles"]}
        for name, image in place.images.items()
    }
    yield Row("in roles", "s", None, {name: round(sum(each.values()), 1) for name, each in seconds.items()})
    for role in dict.fromkeys(role for each in seconds.values() for role in each):
        yield Row(
            f"  {role}", "s", None, {name: round(each[role], 1) for name, each in seconds.items() if role in each}
        )
