# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates of Windows: the cumulative one that a stock image comes with, and those that were installed since."""

from __future__ import annotations

import typing as t

from lab.windows.machine import Machine

# The cumulative update that makes the build and revision of lab.windows.versions, as Microsoft's release notes have it.
_STOCK = {"2016": "KB5068864", "2019": "KB5068791", "2022": "KB5068787", "2025": "KB5068861"}
_INSTALLED = "updates"


def installed(machine: Machine) -> list[str]:
    """Give the ids, in the order in which they were installed."""
    return [_STOCK[machine.version.key], *t.cast("list[str]", machine.extras.get(_INSTALLED, ()))]


def install(machine: Machine, update: str) -> None:
    """Add an update, such as ``KB5012170``."""
    machine.extras.setdefault(_INSTALLED, []).append(update.upper())
