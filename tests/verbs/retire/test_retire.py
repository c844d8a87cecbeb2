# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/retire.yml over the whole life of an AMI."""

from __future__ import annotations

import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import NOW, Works
from tests.verbs.iam import Policy, check, watched

from .conftest import Retiring

POLICY = ("-e", "keep=1", "-e", "days=30", "-e", "grace_days=0")


# Called with other accounts or regions, with AMIs that were shared, with keys of one's own, and after a crash.
NOT_SEEN = {
    "ec2:DeleteSnapshot", "ec2:DescribeRegions", "ec2:ModifyImageAttribute", "kms:DescribeKey", "ssm:GetParameters",
    "sts:AssumeRole",
}  # fmt: skip


class Fleet(t.NamedTuple):
    """Builds of one image, and what keeps them."""

    new: Build
    stable: Build
    used: Build
    old: Build
    missed: Build


def play(retiring: Retiring, *arguments: str) -> str:
    catalogue = ("-e", f"golden_catalogue={retiring.catalogue.url}")
    done = retiring.works.play("retire.yml", *POLICY, *catalogue, *arguments)
    assert done.status == 0, done.output
    return done.output


def test_an_old_build_goes_step_by_step_and_the_others_stay(retiring: Retiring, works: Works) -> None:
    fleet = Fleet(*(retiring.make(days) for days in (1, 100, 200, 300, 301)))
    retiring.catalogue.move_channel("web", "stable", fleet.stable.id, "me", "good", NOW, None)
    data = {"ImageId": fleet.used.amis[works.region], "InstanceType": "m5.large"}
    retiring.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)

    with watched(works) as seen:
        foretold = play(retiring, "--check", "--diff")
        assert foretold.count("would deprecate") == 3, "two builds, and the summary"
        assert [retiring.status(build) for build in fleet] == ["verified"] * 5
        assert "channel stable points at it" in foretold
        assert "in use in eu-west-1: launch template web (lt-" in foretold
        assert "among the newest 1 of web" in foretold

        play(retiring)
        assert [retiring.state(build) for build in fleet[3:]] == ["available, deprecated"] * 2
        play(retiring)
        assert [retiring.state(build) for build in fleet[3:]] == ["disabled, deprecated"] * 2
        play(retiring, "-e", f"undo={fleet.missed.id}", "-e", "reason=payroll needs it")
        play(retiring)

    assert (retiring.status(fleet.old), retiring.state(fleet.old)) == ("deregistered", "gone")
    assert retiring.snapshots(fleet.old) == set()
    others = [build for build in fleet if build != fleet.old]
    assert [(retiring.status(build), retiring.state(build)) for build in others] == [("verified", "available")] * 4
    check(Policy.of("retire"), seen, unseen=NOT_SEEN)
