# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds from the tags of AMIs."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.tag_records import builds_from_tags

NOW = dt.datetime(2026, 11, 22, 18, tzinfo=dt.UTC)
PARENT, CHILD = "20261122T160000Z-00000a", "20261122T170000Z-00000b"


def an_ami(ami: str, build: str, image: str = "iis", **more: t.Any) -> dict[str, t.Any]:
    tags = {"golden:build": build, "golden:image": image, **more.pop("tags", {})}
    return {
        "ImageId": ami,
        "Name": f"golden-{ami}",
        "State": "available",
        "CreationDate": "2026-11-22T17:30:00.000Z",
        "BlockDeviceMappings": [{"Ebs": {"SnapshotId": f"snap-{ami}"}}, {"VirtualName": "ephemeral0"}],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        **more,
    }


def test_a_build_is_known_again() -> None:
    tags = {"golden:fingerprint": "f" * 64, "golden:commit": "abc-dirty", "golden:parent": "ami-p"}
    found = builds_from_tags({"eu-west-1": [an_ami("ami-p", PARENT, "base"), an_ami("ami-c", CHILD, tags=tags)]}, NOW)

    parent, child = found.builds
    assert (parent.id, parent.image, parent.parent_build) == (PARENT, "base", None)
    assert child.to_dict() | {"id": CHILD} == child.to_dict()
    assert (child.status, child.started, child.finished) == ("built", "2026-11-22T17:00:00Z", "2026-11-22T17:30:00Z")
    assert (child.amis, child.snapshots) == ({"eu-west-1": "ami-c"}, {"eu-west-1": ["snap-ami-c"]})
    assert (child.source_ami, child.parent_build) == ("ami-p", PARENT)
    assert (child.commit, child.dirty, child.fingerprint) == ("abc", True, "f" * 64)
    assert found.problems == ()


def test_the_same_build_in_two_regions_is_one() -> None:
    copy = an_ami("ami-2", CHILD, CreationDate="2026-11-22T17:50:00.000Z")
    found = builds_from_tags({"eu-west-1": [an_ami("ami-1", CHILD)], "us-east-1": [copy]}, NOW)

    (build,) = found.builds
    assert build.amis == {"eu-west-1": "ami-1", "us-east-1": "ami-2"}
    assert build.finished == "2026-11-22T17:30:00Z"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        pytest.param({"State": "disabled"}, "disabled", id="disabled"),
        pytest.param({"DeprecationTime": "2026-11-22T17:59:00.000Z"}, "deprecated", id="deprecated"),
        pytest.param({"DeprecationTime": "2026-12-22T17:59:00.000Z"}, "built", id="deprecated later"),
    ],
)
def test_the_state_of_the_ami_is_the_status(more: dict[str, t.Any], status: str) -> None:
    (build,) = builds_from_tags({"r": [an_ami("ami-1", CHILD, **more)]}, NOW).builds
    assert build.status == status


def test_foreign_amis_are_not_ours() -> None:
    assert builds_from_tags({"r": [{"ImageId": "ami-1", "Tags": [{"Key": "Name", "Value": "x"}]}]}, NOW) == ((), ())


@pytest.mark.parametrize(
    ("amis", "problem"),
    [
        pytest.param(
            [an_ami("ami-1", "by hand")],
            "ami-1 in r: its tag golden:build is 'by hand', which is no build's id",
            id="no build id",
        ),
        pytest.param([an_ami("ami-1", CHILD, "")], "ami-1 in r: it has the tag golden:build and no tag", id="no image"),
        pytest.param(
            [an_ami("ami-1", CHILD), an_ami("ami-2", CHILD)],
            f"ami-1 and ami-2 in r both claim build {CHILD}",
            id="two of one build",
        ),
    ],
)
def test_what_makes_no_sense_is_told_and_not_recorded(amis: list[dict[str, t.Any]], problem: str) -> None:
    good = an_ami("ami-9", PARENT, "base")
    found = builds_from_tags({"r": [good, *amis]}, NOW)

    assert [build.id for build in found.builds] == [PARENT]
    assert len(found.problems) == 1
    assert found.problems[0].startswith(problem)


def test_one_build_cannot_be_of_two_images() -> None:
    found = builds_from_tags({"a": [an_ami("ami-1", CHILD)], "b": [an_ami("ami-2", CHILD, "other")]}, NOW)
    assert found.problems == (f"ami-2 in b: it claims build {CHILD} for image other, which elsewhere is of iis",)
