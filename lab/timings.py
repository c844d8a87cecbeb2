# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things take in the lab: long enough to be seen in between, short enough for a build in seconds."""

from __future__ import annotations

import typing as t


class Timings(t.NamedTuple):
    """Seconds."""

    pending: float = 0.1  # an instance before it runs
    boot: float = 0.3  # power on until Windows begins its own work
    shutdown: float = 0.1  # Windows going down
    image: float = 0.3  # an image and its snapshots before they are usable
