# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories and builds from a few letters."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import ChannelMove
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import VERIFIED, Build, timestamp

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def name(letter: str) -> str:
    """Return the id of a build: A is the oldest."""
    return f"202611{ord(letter) - 64:02}T000000Z-00000{letter.lower()}"


def build(letter: str, status: str = VERIFIED, image: str = "web", **values: t.Any) -> Build:
    """Return a build with AMIs in eu-west-1 and us-east-1."""
    amis = {"eu-west-1": f"ami-eu{letter}", "us-east-1": f"ami-us{letter}"}
    made = {"id": name(letter), "image": image, "status": status, "started": timestamp(NOW), "amis": amis}
    return Build(**{**made, **values})


def history(letters: str, *hours_ago: float, channel: str = "stable", reason: str | None = None) -> list[ChannelMove]:
    """Return the moves of a channel, newest first, from the letters of the builds, oldest first."""
    times = hours_ago or range(len(letters), 0, -1)
    moves = [
        ChannelMove(
            "web", channel, name(letter), name(before) if before else None,
            timestamp(NOW - dt.timedelta(hours=ago)), "anna", reason, number,
        )
        for number, (before, letter, ago) in enumerate(zip(["", *letters], letters, times, strict=False), 1)
    ]  # fmt: skip
    return moves[::-1]
