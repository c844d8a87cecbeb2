# SPDX-License-Identifier: GPL-3.0-or-later
"""Where promotions begin and end, in two regions."""

from __future__ import annotations

import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_choice import Request
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import Works

from .bench import PARTNER, promote
from .support import PARAMETER, client, describe, parameter, protected

THERE = "us-east-1"
REGIONS = ("eu-west-1", THERE)


def begin_at(works: Works, build: Build) -> None:
    for result in promote(works, Request("stable", build=build.id)):
        assert not result.failures
    assert parameter(works) == build.amis[works.region]


def unshare(works: Works, build: Build) -> None:
    """Take the partner's permissions away, so that the promotion has to give them."""
    for region in REGIONS:
        ec2 = client(works, "ec2", region)
        ec2.reset_image_attribute(ImageId=build.amis[region], Attribute="launchPermission")
        for device in describe(works, build, region)["BlockDeviceMappings"]:
            if snapshot := device.get("Ebs", {}).get("SnapshotId"):
                ec2.modify_snapshot_attribute(
                    SnapshotId=snapshot,
                    Attribute="createVolumePermission",
                    OperationType="remove",
                    UserIds=[PARTNER],
                )


def check_safe(works: Works, builds: t.Iterable[Build]) -> None:
    """Check what must hold at any moment: what is published, or pointed at, cannot be deregistered."""
    move = works.catalogue.channel("iis_dotnet", "stable")
    for region in REGIONS:
        published = parameter(works, PARAMETER, region)
        for build in builds:
            if build.amis[region] == published or (move and move.build_id == build.id):
                assert protected(works, build, region), (region, build.id)


def check_done(works: Works, end: Build, left: Build) -> None:
    """Check that everything is at a build, and nothing is left of the other."""
    move = works.catalogue.channel("iis_dotnet", "stable")
    assert move is not None
    assert move.build_id == end.id
    for region in REGIONS:
        assert parameter(works, PARAMETER, region) == end.amis[region]
        assert protected(works, end, region)
        assert not protected(works, left, region)
        ec2 = client(works, "ec2", region)
        answer = ec2.describe_image_attribute(ImageId=end.amis[region], Attribute="launchPermission")
        assert [one["UserId"] for one in answer["LaunchPermissions"]] == [PARTNER]
