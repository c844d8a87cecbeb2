# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.lab.modules.calls import Guest, make_guest


@pytest.fixture
def guest() -> Guest:
    """A booted Windows Server 2022 with an Administrator who can log on."""
    return make_guest()
