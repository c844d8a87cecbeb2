# SPDX-License-Identifier: GPL-3.0-or-later
"""A promotion that is killed after each single call, and then run again."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_choice import ROLLED_BACK, Request
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import Works

from .bench import PARTNER, Crash, Fuse, promote
from .support import PARAMETER, client, copy_to, describe, parameter, protected

THERE = "us-east-1"
REGIONS = ("eu-west-1", THERE)


@pytest.fixture(scope="module")
def builds(works: Works) -> tuple[Build, Build]:
    """Return an older and a newer build of two regions."""
    key = client(works, "kms", THERE).create_key()["KeyMetadata"]["Arn"]
    older, newer = (copy_to(works, works.make_build(age_days=days), THERE, key) for days in (2, 1))
    return older, newer


def test_a_promotion_that_is_killed_anywhere_is_finished_by_the_next(works: Works, builds: tuple[Build, Build]) -> None:
    older, newer = builds
    seen = crash_everywhere(
        works, builds, start=older, request=Request("stable", build=newer.id), end=newer, left=older
    )
    assert [name for name in seen if not name.startswith(("Get", "Des"))] == [
        *("EnableImageDeregistrationProtection", "ModifySnapshotAttribute", "ModifyImageAttribute") * 2,
        "move_channel",
        *("PutParameter", "PutParameter"),
        *("DisableImageDeregistrationProtection", "DisableImageDeregistrationProtection"),
    ]


def test_a_rollback_that_is_killed_anywhere_goes_back_once(works: Works, builds: tuple[Build, Build]) -> None:
    older, newer = builds
    request = Request("stable", state=ROLLED_BACK, images=("iis_dotnet",))
    seen = crash_everywhere(works, builds, start=newer, request=request, end=older, left=newer, via=older)
    assert "move_channel" in seen


def crash_everywhere(
    works: Works,
    builds: t.Iterable[Build],
    start: Build,
    request: Request,
    end: Build,
    left: Build,
    via: Build | None = None,
) -> list[str]:
    """Kill a request after its first call, its second …, and check the next run; return the calls of a whole one."""
    for number in range(1, 60):
        for build in filter(None, (via, start)):
            begin_at(works, build)
        unshare(works, end)
        fuse = Fuse(number)
        try:
            promote(works, request, fuse)
        except Crash:
            check_safe(works, builds)
            again = promote(works, request)
            assert not any(result.failures for result in again), (number, fuse.calls)
            check_done(works, end, left)
            assert not any(result.promotion.changes for result in promote(works, request)), (number, fuse.calls)
        else:
            assert number == len(fuse.calls) + 1
            check_done(works, end, left)
            return fuse.calls
    raise AssertionError("it never came to an end")


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
