# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that every layer of the lab shares."""

from __future__ import annotations

import typing as t


class Completed(t.NamedTuple):
    """A finished process on a guest: exit code and raw output."""

    rc: int
    stdout: bytes = b""
    stderr: bytes = b""
