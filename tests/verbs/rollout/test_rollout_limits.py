# SPDX-License-Identifier: GPL-3.0-or-later
"""What a roll-out does not do: groups it cannot move, refreshes of others, the rest after a bad one."""

from __future__ import annotations

import contextlib
import typing as t

import boto3

from tests.lab.ec2.support import eventually
from tests.verbs.rollout.conftest import QUICK, Site

SLOW = {"CheckpointPercentages": [50, 100], "CheckpointDelay": 6000, "MinHealthyPercentage": 0, "InstanceWarmup": 0}


def status(result: dict[str, t.Any], name: str) -> str:
    return next(str(one["status"]) for one in result["groups"] if one["group"] == name)


def test_a_launch_configuration_is_named_with_the_way_out_of_it(site: Site) -> None:
    asg = site.groups.asg
    asg.create_launch_configuration(LaunchConfigurationName="old-way", ImageId=site.old, InstanceType="m5.large")
    name = site.groups.make(capacity=0, LaunchConfigurationName="old-way")
    done = site.roll_out()
    assert status(done, name) == "blocked"
    assert "launch template" in done["msg"]
    assert "update-auto-scaling-group" in done["msg"]


def test_a_neighbour_on_the_latest_version_would_move_without_a_refresh(site: Site) -> None:
    template = site.groups.template(site.old)
    name = site.groups.make(template, capacity=0)
    neighbour = site.groups.make(template, version="$Latest", capacity=0)
    done = site.roll_out(name)
    assert status(done, name) == "blocked"
    assert neighbour in done["msg"]
    assert site.versions(template) == {1: site.old}

    both = site.roll_out(name, neighbour)
    assert {status(both, name), status(both, neighbour)} == {"rolled out"}
    assert {site.groups.look(one)["LaunchTemplate"]["Version"] for one in (name, neighbour)} == {"2"}
    assert site.versions(template) == {1: site.old, 2: site.new}, "one version for both"


def test_a_refresh_of_somebody_else_is_left_alone(site: Site) -> None:
    template = site.groups.template(site.old)
    name = site.groups.make(template, capacity=2)
    version = site.groups.version(template, site.works.stock_ami())
    desired = {"LaunchTemplate": {"LaunchTemplateId": template, "Version": version}}
    running = site.groups.refresh(name, DesiredConfiguration=desired, Preferences=SLOW)
    done = site.roll_out(name)
    assert status(done, name) == "blocked"
    assert running in done["msg"]
    assert not site.roll_out(name, cancel=True).get("failed"), "none of ours to undo"
    assert site.groups.refresh_row(name)["Status"] in ("Pending", "InProgress")


def test_a_refresh_of_a_run_that_has_ended_is_gone_on_with(site: Site) -> None:
    name = site.groups.make(site.groups.template(site.old), capacity=2)
    checkpoint = {**QUICK, "checkpoint_percentages": [50, 100], "checkpoint_delay": 100}
    late = site.roll_out(name, preferences=checkpoint, wait_seconds=0)
    assert (status(late, name), late["failed"]) == ("still running", True)
    done = site.roll_out(name)
    assert status(done, name) == "rolled out"
    assert len(site.refreshes(name)) == 1


def test_a_refresh_is_undone(site: Site) -> None:
    name = site.groups.make(site.groups.template(site.old), capacity=2)
    checkpoint = {**QUICK, "checkpoint_percentages": [50, 100], "checkpoint_delay": 6000}
    site.roll_out(name, preferences=checkpoint, wait_seconds=0)
    eventually(lambda: site.groups.refresh_row(name)["PercentageComplete"] == 50, "the checkpoint", 30)
    foretold = site.roll_out(name, cancel=True, check_mode=True)
    assert foretold["changed"]
    assert site.groups.refresh_row(name)["Status"] == "InProgress"

    done = site.roll_out(name, cancel=True)
    assert (status(done, name), done.get("failed")) == ("rolled back", False)
    site.groups.settled(name, 2)
    assert site.groups.images(name) == [site.old, site.old]


def test_after_a_bad_group_no_other_is_begun(site: Site) -> None:
    names = sorted(site.groups.make(site.groups.template(site.old), capacity=1) for _number in range(2))
    site.works.lab.get("/lab/guest-fault?fault=never-boot&times=3")
    done = site.roll_out(*names)
    assert [status(done, name) for name in names] == ["rolled back", "not started"]
    assert not site.refreshes(names[1])


def test_a_channel_that_moves_meanwhile_stops_the_rest(site: Site) -> None:
    names = sorted(site.groups.make(site.groups.template(site.old), capacity=1) for _number in range(2))
    with moved_after_first(site):
        done = site.roll_out(*names)
    assert [status(done, name) for name in names] == ["rolled out", "not started"]
    assert "points at build" in done["msg"]


@contextlib.contextmanager
def moved_after_first(site: Site) -> t.Iterator[None]:
    """Point the channel elsewhere as soon as a refresh has been looked at."""
    from ansible_collections.golden.windows_ami.plugins.plugin_utils.rollout_ec2 import Region

    real = Region.look

    def look(region: Region, group: str, refresh_id: str) -> t.Any:
        site.point(site.older)
        return real(region, group, refresh_id)

    Region.look = look  # type: ignore[method-assign]
    try:
        yield
    finally:
        Region.look = real  # type: ignore[method-assign]


def test_a_build_that_is_not_verified_goes_nowhere(site: Site) -> None:
    build = site.works.make_build(status="built")
    site.point(build)
    done = site.roll_out()
    assert f"prove.yml -e build={build.id}" in done["msg"]


def test_a_name_that_no_group_has_is_said_with_those_that_are_close(site: Site) -> None:
    name = site.groups.make(site.groups.template(site.old), capacity=0)
    assert f"Did you mean {name}?" in site.roll_out(f"{name}x")["msg"]


def test_what_ec2_would_refuse_is_refused_before_anything_is_asked(site: Site) -> None:
    bad = {"max_healthy_percentage": 250, "checkpoint_delay": 5, "checkpoint_percentages": [50]}
    message = site.roll_out(preferences=bad, batch=0)["msg"]
    for part in ("must be from 100 to 200", "min_healthy_percentage", "must end with 100", "batch is 0"):
        assert part in message


def test_what_ec2_cannot_roll_back_is_cancelled_and_refreshed_back(site: Site) -> None:
    stock = site.works.stock_ami()
    parameter = "resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"
    name = site.groups.make(site.groups.template(parameter), capacity=2)
    checkpoint = {**QUICK, "checkpoint_percentages": [50, 100], "checkpoint_delay": 6000}
    site.roll_out(name, preferences=checkpoint, wait_seconds=0)
    eventually(lambda: site.groups.refresh_row(name)["PercentageComplete"] == 50, "the checkpoint", 30)

    done = site.roll_out(name, cancel=True)
    assert (status(done, name), done["failed"]) == ("rolled back", False)
    site.groups.settled(name, 2)
    assert site.groups.images(name) == [stock, stock]


def test_a_region_without_the_ami_is_said_and_another_account_needs_a_share(site: Site) -> None:
    """A group in another region, and one in another account, both tagged for the channel."""
    partner = {"name": "partner", "role_arn": "arn:aws:iam::210987654321:role/golden-rollout"}
    tags = [{"Key": "golden:channel", "Value": "iis_dotnet/stable", "PropagateAtLaunch": False}]
    for ec2, asg in (_clients(site, None, "us-east-1"), _clients(site, partner["role_arn"], site.works.region)):
        ami = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        data = {"ImageId": ami, "InstanceType": "m5.large"}
        made = ec2.create_launch_template(LaunchTemplateName="far", LaunchTemplateData=data)["LaunchTemplate"]
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        template = {"LaunchTemplateId": made["LaunchTemplateId"], "Version": "$Default"}
        asg.create_auto_scaling_group(
            AutoScalingGroupName="far", MinSize=0, MaxSize=1, LaunchTemplate=template, Tags=tags,
            VPCZoneIdentifier=subnet,
        )  # fmt: skip
    done = site.roll_out(accounts=[partner], regions=[site.works.region])
    assert f"far (partner eu-west-1): blocked: {site.new} of build" in done["msg"]
    site.groups.ec2.modify_image_attribute(ImageId=site.new, LaunchPermission={"Add": [{"UserId": "210987654321"}]})
    shared = site.roll_out(accounts=[partner], regions=[site.works.region])
    assert [(one["account"], one["status"]) for one in shared["groups"]] == [("partner", "rolled out")]

    elsewhere = site.roll_out(regions=["us-east-1"])
    assert "copy.yml -e build=" in elsewhere["msg"]
    site.works.lab.get("/lab/fault?action=*&region=us-east-1&kind=denied&times=forever&account=123456789012")
    closed = site.roll_out(regions=["us-east-1", site.works.region], accounts=[partner])
    site.works.lab.get("/lab/fault?clear=true")
    assert [one["status"] for one in closed["groups"]] == ["up to date"]
    assert "Not looked at" in closed["msg"]


def _clients(site: Site, role: str | None, region: str) -> tuple[t.Any, t.Any]:
    credentials: dict[str, str] = {}
    if role:
        sts = site.works.lab.client("sts")
        found = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        credentials = {
            "aws_access_key_id": found["AccessKeyId"],
            "aws_secret_access_key": found["SecretAccessKey"],
            "aws_session_token": found["SessionToken"],
        }
    endpoint = site.works.lab.info["endpoint_url"]
    given = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    made = [boto3.client(name, region, endpoint_url=endpoint, **given) for name in ("ec2", "autoscaling")]
    return made[0], made[1]
