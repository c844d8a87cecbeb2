# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/revoke.yml: a bad build goes out of use, and comes back."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import Works

PARAMETER = "/golden/ami/iis_dotnet/stable"


class Line(t.NamedTuple):
    """A good build and a bad one of the parent image, and what was built from the bad one."""

    good: Build
    base: Build
    bad: Build


@pytest.fixture(scope="module")
def line(works: Works) -> Line:
    good = works.make_build(age_days=20)
    base = works.make_build("octopus_tentacle", age_days=10)
    bad = works.make_build(age_days=5, parent_build=base.id)
    for build in (good, bad):
        done = works.play("promote.yml", "-e", f"build={build.id}", "-e", "channel=stable")
        assert done.status == 0, done.output
    return Line(good, base, bad)


def state(works: Works, build: Build) -> str:
    ec2 = works.lab.client("ec2")
    wanted = [{"Name": "image-id", "Values": [build.amis[works.region]]}]
    return str(ec2.describe_images(Filters=wanted, IncludeDisabled=True)["Images"][0]["State"])


def status(works: Works, build: Build) -> str:
    found = works.catalogue.get(build.id)
    assert found
    return found.status


def parameter(works: Works) -> str:
    return str(works.lab.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"])


def stable(works: Works) -> str:
    move = works.catalogue.channel("iis_dotnet", "stable")
    assert move
    return move.build_id


def test_a_bad_build_and_its_descendants_go_out_of_use_and_come_back(works: Works, line: Line) -> None:
    instance = works.start(line.bad.amis[works.region])
    asked = ("-e", f"build={line.base.id}", "-e", "reason=CVE-2026-1", "-e", "descendants=true")

    done = works.play("revoke.yml", *asked, "--check", "--diff")
    assert done.status == 0, done.output
    assert "would be revoked" in done.output
    assert "would be disabled" in done.output
    assert "+status: revoked" in done.output
    assert instance in done.output
    assert [status(works, one) for one in line] == ["verified"] * 3
    assert stable(works) == line.bad.id

    done = works.play("revoke.yml", *asked)
    assert done.status == 0, done.output
    assert [status(works, one) for one in line] == ["verified", "revoked", "revoked"]
    assert [state(works, one) for one in line] == ["available", "disabled", "disabled"]
    assert stable(works) == line.good.id
    assert parameter(works) == line.good.amis[works.region]
    assert instance in done.output
    assert "(inherited from" in str(works.catalogue.events(line.bad.id)[-1].reason)

    done = works.play("revoke.yml", *asked)
    assert done.status == 0, done.output
    assert "changed=0" in done.output

    done = works.play("revoke.yml", "-e", f"build={line.base.id}", "-e", "undo=true", "-e", "descendants=true")
    assert done.status == 0, done.output
    assert [status(works, one) for one in line] == ["verified"] * 3
    assert [state(works, one) for one in line] == ["available"] * 3
    assert stable(works) == line.good.id
    assert "stable of iis_dotnet went to" in done.output
