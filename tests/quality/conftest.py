# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-doc says of the collection, asked once."""

from __future__ import annotations

import pytest

from scripts.reference import subjects
from scripts.reference_page import Subject


@pytest.fixture(scope="session")
def documented() -> list[Subject]:
    """Return every plugin and role with its documentation."""
    return subjects()
