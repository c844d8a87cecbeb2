# SPDX-License-Identifier: GPL-3.0-or-later
"""Two builds of two regions, for each file of tests that asks for them."""

from __future__ import annotations

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import Works

from .states import THERE
from .support import client, copy_to


@pytest.fixture(scope="module")
def builds(works: Works) -> tuple[Build, Build]:
    """Return an older and a newer build. What is in the other region is encrypted with a key that can be shared."""
    key = client(works, "kms", THERE).create_key()["KeyMetadata"]["Arn"]
    older, newer = (copy_to(works, works.make_build(age_days=days), THERE, key) for days in (2, 1))
    return older, newer
