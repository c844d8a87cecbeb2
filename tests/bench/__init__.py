# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures of the project: `python -m tests.bench` (make bench). They inform; no test depends on them."""

from __future__ import annotations

import pathlib
import sys

# Where the project's own collection is found, as pytest is told in pyproject.toml.
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / ".ansible" / "collections"))
