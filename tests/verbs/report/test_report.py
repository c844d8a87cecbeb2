# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/report.yml on a fleet in the lab: what it writes, when it leaves the file alone, and what it may call."""

from __future__ import annotations

import datetime as dt
import pathlib
import typing as t
import urllib.parse

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, RoleRun

from tests.verbs.conftest import Works
from tests.verbs.iam import Policy, check, watched

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def build(works: Works) -> Build:
    """Return a build that a channel points at, an instance runs and a template names; so does an AMI of Amazon's."""
    made = works.make_build(
        roles=(RoleRun("iis_dotnet", 42.0, 9, 5),), source_ami_name="Windows_Server-2022-English-Full-Base-2026.01.14"
    )
    failed = Build(
        id="20260101T000000Z-0000ff", image="octopus_tentacle", status="failed", started="2026-01-01T00:00:00Z",
        error="<script>alert(1)</script>",
    )  # fmt: skip
    works.catalogue.finish(failed)
    works.catalogue.move_channel(made.image, "stable", made.id, "alice", "It is <b>good</b>", NOW, None)
    ami = made.amis[works.region]
    works.start(ami)
    works.start(works.stock_ami())
    ec2 = works.lab.client("ec2")
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": ami})
    autoscaling = works.lab.client("autoscaling")
    autoscaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId=works.stock_ami(), InstanceType="m5.large"
    )
    template = {"LaunchTemplateName": "web", "Version": "1"}
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchTemplate=template, MinSize=0, MaxSize=1, DesiredCapacity=0,
        VPCZoneIdentifier=works.lab.info["subnet_id"],
    )  # fmt: skip
    return made


def write(works: Works, path: pathlib.Path, *more: str, **environment: str) -> t.Any:
    return works.play("report.yml", "-e", f"file={path}", *more, **environment)


def test_it_shows_what_is_there_and_is_left_alone_when_nothing_changes(
    works: Works, build: Build, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "report.html"

    would = write(works, path, "--check", "--diff")
    assert would.status == 0, would.output
    assert "would be written" in would.output
    assert "changed=1" in would.output
    assert f"newest {build.id}" in would.output
    assert not path.exists()

    first = write(works, path)
    assert first.status == 0, first.output
    assert "is written: 2 builds" in first.output
    page = path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o644
    assert f'id="b-{build.id}"' in page
    assert build.amis[works.region] in page
    assert "It is &lt;b&gt;good&lt;/b&gt;" in page
    assert "<script>alert(1)</script>" not in page
    assert "launch template web version 1" in page
    assert "Windows_Server-2022-English-Full-Base-2026.01.14" in page
    assert "Every question was answered." in page
    assert "pygal-chart" in page

    second = write(works, path)
    assert "is as it was" in second.output
    assert "changed=0" in second.output
    assert path.read_text(encoding="utf-8") == page
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.usefixtures("build")
def test_what_aws_does_not_answer_is_said_first(works: Works, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "report.html"
    fault = urllib.parse.urlencode({"action": "DescribeAutoScalingGroups", "kind": "denied", "times": "forever"})
    works.lab.get(f"/lab/fault?{fault}")
    try:
        done = write(works, path)
    finally:
        works.lab.get("/lab/fault?clear=true")

    assert done.status == 0, done.output
    assert "1 answer missing" in done.output
    assert "Not in the report: Auto Scaling Groups" in done.output
    page = path.read_text(encoding="utf-8")
    assert "This report is not complete." in page
    assert page.index("Auto Scaling Groups") < page.index("Audit findings")
    assert "A question was not answered" in page


@pytest.mark.usefixtures("build")
def test_the_policy_allows_what_a_report_calls_and_no_more(works: Works, tmp_path: pathlib.Path) -> None:
    account = '{"golden_accounts": [{"name": "other", "role_arn": "arn:aws:iam::210987654321:role/golden-audit"}]}'
    with watched(works) as seen:
        done = write(works, tmp_path / "report.html", "-e", account)

    assert done.status == 0, done.output
    # All regions are listed when golden_regions says so, and a key is looked at when an AMI is encrypted.
    check(Policy.of("report"), seen, unseen={"ec2:DescribeRegions", "kms:DescribeKey"})
