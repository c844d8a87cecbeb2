# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed between two builds."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.build_diff import Difference, differences, flat
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, RoleRun


def a_build(**values: t.Any) -> Build:
    return Build(id="20261122T160000Z-000001", image="iis", started="2026-11-22T16:00:00Z", **values)


def test_two_builds_of_the_same_do_not_differ() -> None:
    one = a_build(inputs={"parent_ami": "ami-1"}, contents={"ports": [80]}, seconds=1.0, amis={"r": "ami-8"})
    other = a_build(inputs={"parent_ami": "ami-1"}, contents={"ports": [80]}, seconds=9.0, amis={"r": "ami-9"})

    assert differences(one, other) == []


def test_inputs_versions_roles_and_origin_are_compared() -> None:
    older = a_build(
        inputs={"parent_ami": "ami-1", "gone": "x"}, versions={"packer": "1.6.6"}, roles=(RoleRun("a", 1, 1, 1),)
    )
    newer = a_build(inputs={"parent_ami": "ami-2"}, versions={"packer": "1.7.0"}, commit="abc", dirty=True)

    assert differences(older, newer) == [
        Difference("origin", "commit", None, "abc"),
        Difference("origin", "dirty", "no", "yes"),
        Difference("input", "gone", "x", None),
        Difference("input", "parent_ami", "ami-1", "ami-2"),
        Difference("version", "packer", "1.6.6", "1.7.0"),
        Difference("role", "a", "yes", None),
    ]


def test_what_is_in_the_images_is_compared_by_name() -> None:
    older = a_build(
        contents={
            "windows": {"build": 20348, "updates": ["KB1"]},
            "features": ["Web-Server"],
            "programs": [{"name": "Tentacle", "version": "8.1"}, {"name": "Old", "version": "1"}],
        }
    )
    newer = a_build(
        contents={
            "windows": {"build": 20348, "updates": ["KB1", "KB2"]},
            "features": ["Web-Server", "Web-Asp-Net45"],
            "programs": [{"name": "Tentacle", "version": "8.2"}],
        }
    )

    assert differences(older, newer) == [
        Difference("features", "Web-Asp-Net45", None, "yes"),
        Difference("programs", "Old", "1", None),
        Difference("programs", "Tentacle", "8.1", "8.2"),
        Difference("windows", "updates KB2", None, "yes"),
    ]


def test_what_belongs_to_one_machine_makes_no_difference() -> None:
    older = a_build(
        contents={"proof": {"boot_seconds": [1]}, "seal_check": {"users": "ok", "removed_by_sealing": ["a"]}}
    )
    newer = a_build(
        contents={"proof": {"boot_seconds": [2]}, "seal_check": {"users": ["x"], "removed_by_sealing": ["b"]}}
    )

    assert differences(older, newer) == [
        Difference("seal_check", "users", "ok", None),
        Difference("seal_check", "users x", None, "yes"),
    ]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        pytest.param(None, {}, id="not recorded"),
        pytest.param("8.2", {"": "8.2"}, id="a text"),
        pytest.param(False, {"": "no"}, id="a truth"),
        pytest.param([80, 443], {"80": "yes", "443": "yes"}, id="numbers"),
        pytest.param({"a": {"b": [1]}}, {"a b 1": "yes"}, id="nested"),
        pytest.param([{"name": "x"}], {"x": "yes"}, id="only a name"),
        pytest.param([{"port": 80, "program": "w3wp"}], {"port 80, program w3wp": "yes"}, id="no name"),
        pytest.param(
            [{"name": "x", "version": "1", "publisher": "p"}], {"x": "publisher p, version 1"}, id="a name and more"
        ),
    ],
)
def test_contents_become_names_with_texts(value: t.Any, names: dict[str, str]) -> None:
    assert flat(value) == names
