# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/revoke.yml: a bad build goes out of use, and comes back."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.action import image_revocation
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.e2e.conftest import ROOT
from tests.lab.autoscaling.support import Groups
from tests.lab.ec2.support import Lab
from tests.unit.actions import run_action
from tests.verbs.conftest import Works
from tests.verbs.promote.support import setting

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


def test_groups_are_rolled_to_where_the_channel_went(works: Works, line: Line) -> None:
    """Both follow the channel: one by its parameter, one names the AMI itself."""
    done = works.play("promote.yml", "-e", f"build={line.bad.id}", "-e", "channel=stable")
    assert done.status == 0, done.output
    groups = Groups(Lab(works.lab.info))
    names = [groups.make(groups.template(image)) for image in (f"resolve:ssm:{PARAMETER}", line.bad.amis[works.region])]
    asked = ("-e", f"build={line.bad.id}", "-e", "reason=leaked", "-e", "rollout=true")
    quick = setting("golden_rollout", {"min_healthy_percentage": 0, "instance_warmup": 0})

    foretold = works.play("revoke.yml", *asked, "--check")
    assert foretold.status == 0, foretold.output
    assert f"-e channel=stable -e rollout_groups={','.join(sorted(names))}" in foretold.output

    done = works.play("revoke.yml", *asked, *quick, "-e", '{"golden_builder": {"poll_seconds": 0.2}}')
    assert done.status == 0, done.output
    assert [groups.images(name) for name in names] == [[line.good.amis[works.region]]] * 2
    groups.remove()


def test_the_name_of_an_image_is_refused(works: Works) -> None:
    """After the newest build was revoked it means another one."""
    done = works.play("revoke.yml", "-e", "image=iis_dotnet", "-e", "reason=x")
    assert done.status == 2
    assert "The name of an image is not enough" in done.output


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"build": "20200101T000000Z-000001", "reason": " "}, "Say why"),
        ({"build": "20200101T000000Z-000001", "reason": "x"}, "There is no build 20200101T000000Z-000001"),
        ({"reason": "x"}, "Name a build by one of build, ami and image"),
    ],
    ids=["no reason", "no such build", "no build"],
)
def test_what_is_not_clear_is_refused(works: Works, options: dict[str, str], expected: str) -> None:
    aws = {"config_file": works.lab.info["aws_config_file"], "profile": "default"}
    given = {"catalogue": works.catalogue.url, "aws": aws, **options}
    result = run_action(image_revocation.ActionModule, given, {}, ROOT)
    assert result["failed"]
    assert expected in result["msg"]
