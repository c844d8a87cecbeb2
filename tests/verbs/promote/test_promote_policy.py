# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/iam/promote.json against what the playbook calls."""

from __future__ import annotations

from tests.e2e.conftest import ROOT
from tests.verbs.conftest import Works
from tests.verbs.iam import Policy, check, listed, watched

from .support import client, copy_to

POLICY = Policy.of("promote")
THERE = "us-east-1"


def test_the_policy_allows_what_a_promotion_calls_and_no_more(works: Works) -> None:
    # Sharing looks at the key of what is encrypted.
    key = client(works, "kms", THERE).create_key()["KeyMetadata"]["Arn"]
    builds = [copy_to(works, works.make_build(age_days=days), THERE, key) for days in (2, 1)]

    with watched(works) as seen:
        for build in builds:
            arguments = ("-e", f"build={build.id}", "-e", "channel=stable", "-e", "accounts=210987654321")
            told = works.play("promote.yml", *arguments)
            assert told.status == 0, told.output

    check(POLICY, seen)


def test_nothing_is_changed_that_has_not_the_tag_or_the_path() -> None:
    for statement in POLICY.statements:
        verbs = {action.partition(":")[2][:3] for action in listed(statement["Action"])}
        if not verbs <= {"Des", "Get"}:
            tagged = statement.get("Condition") == {"Null": {"aws:ResourceTag/golden:build": "false"}}
            assert tagged or statement["Resource"] == "arn:aws:ssm:*:*:parameter/golden/ami/*"


def test_the_page_explains_every_statement() -> None:
    page = (ROOT / "docs" / "iam" / "README.md").read_text(encoding="utf-8")
    assert not [one["Sid"] for one in POLICY.statements if f"`{one['Sid']}`" not in page]
