# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/iam/revoke.json against what the playbook calls."""

from __future__ import annotations

from tests.e2e.conftest import ROOT
from tests.lab.autoscaling.support import Groups
from tests.lab.ec2.support import Lab
from tests.verbs.conftest import Works
from tests.verbs.iam import Policy, check, listed, watched
from tests.verbs.promote.support import client, copy_to, setting

POLICY = Policy.of("revoke")
THERE = "us-east-1"
PUBLISH = setting("golden_publish", {"prefix": "/golden/ami", "accounts": ["210987654321"], "wait_seconds": 10})


def test_the_policy_allows_what_a_revocation_calls_and_no_more(works: Works) -> None:
    # Sharing looks at the key of what is encrypted.
    key = client(works, "kms", THERE).create_key()["KeyMetadata"]["Arn"]
    good, bad = (copy_to(works, works.make_build(age_days=days), THERE, key) for days in (2, 1))
    for build in (good, bad):
        told = works.play("promote.yml", "-e", f"build={build.id}", "-e", "channel=stable", *PUBLISH)
        assert told.status == 0, told.output
    client(works, "ec2").reset_image_attribute(ImageId=good.amis[works.region], Attribute="launchPermission")
    client(works, "ec2").disable_image_deregistration_protection(ImageId=good.amis[works.region])
    snapshots = [{"SnapshotId": one} for one in good.snapshots[works.region]]
    for one in snapshots:
        client(works, "ec2").modify_snapshot_attribute(
            **one, Attribute="createVolumePermission", OperationType="remove", UserIds=["210987654321"]
        )
    groups = Groups(Lab(works.lab.info))
    groups.make(groups.template("resolve:ssm:/golden/ami/iis_dotnet/stable"), capacity=1)

    with watched(works) as seen:
        asked = ("-e", f"build={bad.id}", *PUBLISH)
        revoked = works.play("revoke.yml", *asked, "-e", "reason=leaked")
        assert revoked.status == 0, revoked.output
        restored = works.play("revoke.yml", *asked, "-e", "undo=true")
        assert restored.status == 0, restored.output
    groups.remove()

    # Of all regions, and of other accounts; with golden_regions and golden_accounts.
    check(POLICY, seen, unseen={"ec2:DescribeRegions", "sts:AssumeRole"})


def test_nothing_is_changed_that_has_not_the_tag_or_the_path() -> None:
    for statement in POLICY.statements:
        verbs = {action.partition(":")[2][:3] for action in listed(statement["Action"])}
        if not verbs <= {"Des", "Get", "Ass"}:
            tagged = statement.get("Condition") == {"Null": {"aws:ResourceTag/golden:build": "false"}}
            assert tagged or statement["Resource"] == "arn:aws:ssm:*:*:parameter/golden/ami/*"


def test_the_page_explains_every_statement() -> None:
    page = (ROOT / "docs" / "iam" / "README.md").read_text(encoding="utf-8")
    statements = [*POLICY.statements, *Policy.of("watch").statements]
    assert not [one["Sid"] for one in statements if f"`{one['Sid']}`" not in page]
