# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/retire.yml over the whole life of an AMI."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import NOW, Works

POLICY = ("-e", "keep=1", "-e", "days=30", "-e", "grace_days=0")


class Fleet(t.NamedTuple):
    """Builds of one image, and what keeps them."""

    new: Build
    stable: Build
    used: Build
    old: Build


@pytest.fixture(scope="module")
def fleet(works: Works) -> Fleet:
    fleet = Fleet(*(works.make_build(age_days=days) for days in (1, 100, 200, 300)))
    works.catalogue.move_channel("iis_dotnet", "stable", fleet.stable.id, "me", "good", NOW, None)
    works.start(fleet.used.amis[works.region])
    return fleet


def image(works: Works, build: Build) -> dict[str, t.Any] | None:
    ec2 = works.lab.client("ec2")
    wanted = [{"Name": "image-id", "Values": [build.amis[works.region]]}]
    found = ec2.describe_images(Filters=wanted, IncludeDeprecated=True, IncludeDisabled=True)["Images"]
    return found[0] if found else None


def status(works: Works, build: Build) -> str:
    found = works.catalogue.get(build.id)
    assert found
    return found.status


def test_an_old_build_goes_step_by_step_and_the_others_stay(works: Works, fleet: Fleet) -> None:
    done = works.play("retire.yml", "--check", *POLICY)
    assert done.status == 0, done.output
    assert "would deprecate" in done.output
    assert status(works, fleet.old) == "verified"
    assert "channel stable points at it" in done.output
    assert "in use in eu-west-1: instance i-" in done.output
    assert "among the newest 1 of iis_dotnet" in done.output

    done = works.play("retire.yml", *POLICY)
    assert done.status == 0, done.output
    assert status(works, fleet.old) == "deprecated"
    assert dt.datetime.fromisoformat(image(works, fleet.old)["DeprecationTime"]) <= NOW + dt.timedelta(minutes=5)

    assert works.play("retire.yml", *POLICY).status == 0
    assert status(works, fleet.old) == "disabled"
    assert image(works, fleet.old)["State"] == "disabled"

    done = works.play("retire.yml", *POLICY)
    assert done.status == 0, done.output
    assert status(works, fleet.old) == "deregistered"
    assert image(works, fleet.old) is None
    ec2 = works.lab.client("ec2")
    kept = {one["SnapshotId"] for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    assert not kept & set(fleet.old.snapshots[works.region])

    done = works.play("retire.yml", *POLICY)
    assert "changed=0" in done.output
    assert [status(works, build) for build in fleet[:3]] == ["verified"] * 3
    assert all(image(works, build)["State"] == "available" for build in fleet[:3])
