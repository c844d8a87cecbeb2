# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images made a server."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.golden.windows_ami.plugins.filter.image_lineage import image_lineage

IMAGES = {
    "web": {"parent": "edge", "roles": ["firewall"]},
    "edge": {"base": "windows_server_2022", "roles": ["proxy"]},
    "a": {"parent": "b"},
    "b": {"parent": "a"},
}


def test_parents_come_first() -> None:
    assert image_lineage(IMAGES, "web") == [IMAGES["edge"], IMAGES["web"]]


@pytest.mark.parametrize("name", ["", None, "retired"])
def test_a_server_of_no_image_of_ours_has_no_lineage(name: str | None) -> None:
    assert image_lineage(IMAGES, name) == []


def test_a_circle_is_said_not_walked() -> None:
    with pytest.raises(AnsibleFilterError, match="a → b → a"):
        image_lineage(IMAGES, "a")
