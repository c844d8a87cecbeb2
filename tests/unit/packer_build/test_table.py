# SPDX-License-Identifier: GPL-3.0-or-later
"""The table at the end of a build."""

from __future__ import annotations

import dataclasses

from ansible_collections.golden.windows_ami.plugins.plugin_utils.build_table import failures, rows, table

from tests.unit.packer_build.workshop import REGION, a_build, an_entry

BUILT = dataclasses.replace(a_build(), status="built", amis={REGION: "ami-0aaaaaaaaaaaaaaaa"}, seconds=61.7)
FAILED = dataclasses.replace(a_build(), status="failed", seconds=3.2, error="The disk is full\nand much more")


def test_the_table_has_a_line_for_each_image() -> None:
    plan = [
        an_entry(image="base", action="skip", build_id="20261101T000000Z-000000", ami_id="ami-0bbbbbbbbbbbbbbbb"),
        an_entry(image="web"),
    ]
    lines = table(rows(plan, {"web": {"build": BUILT.to_dict()}}))
    assert [line.split() for line in lines] == [
        ["IMAGE", "BUILD", "ID", "AMI", "ID", "BASE", "AMI", "REGION", "SECONDS", "STATUS"],
        [
            "base",
            "20261101T000000Z-000000",
            "ami-0bbbbbbbbbbbbbbbb",
            "ami-0123456789abcdef0",
            REGION,
            "0",
            "up",
            "to",
            "date",
        ],
        ["web", BUILT.id, "ami-0aaaaaaaaaaaaaaaa", "ami-0123456789abcdef0", REGION, "62", "built"],
    ]
    assert len({line.index("STATUS") for line in lines[:1]} | {line.index("built") for line in lines[2:]}) == 1


def test_nothing_failed_when_all_is_built_or_up_to_date() -> None:
    plan = [an_entry(image="base", action="skip"), an_entry(image="web")]
    assert failures(rows(plan, {"web": {"build": BUILT.to_dict()}})) == []


def test_a_failed_build_and_what_needs_it_are_failures() -> None:
    plan = [an_entry(image="web"), an_entry(image="shop", parent_image="web", source_ami=None)]
    shown = rows(plan, {"web": {"build": FAILED.to_dict()}, "shop": {"skipped": True}})
    assert [row.status for row in shown] == ["failed", "not built"]
    assert failures(shown) == ["web: The disk is full", "shop: its parent web was not built"]


def test_a_build_that_never_began_says_why() -> None:
    shown = rows([an_entry()], {"web": {"msg": "Image web is being built already"}})
    assert failures(shown) == ["web: Image web is being built already"]
