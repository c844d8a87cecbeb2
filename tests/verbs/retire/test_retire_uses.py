# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever may launch an AMI keeps it: in this account and in others, here and in other regions, then and now."""

from __future__ import annotations

import datetime as dt
import time
import typing as t
import uuid

import boto3
import botocore.client
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import NOW, Works

from .conftest import Retiring

PARTNER = "210987654321"
PARTNERS = [{"name": "partner", "role_arn": f"arn:aws:iam::{PARTNER}:role/golden-audit"}]
THERE = "us-east-1"


@pytest.fixture(scope="module", autouse=True)
def somebody(works: Works) -> str:
    """An instance, so that the estate is not empty."""
    return works.start(works.stock_ami())


@pytest.fixture
def old(retiring: Retiring) -> Build:
    """A build that nothing needs yet, to be disabled next, beside one that is in a channel."""
    new = retiring.make(1)
    retiring.catalogue.move_channel("web", "stable", new.id, "me", None, NOW, None)
    return retiring.make(100, "deprecated")


def elsewhere(works: Works, service: str, region: str, account: str | None = None) -> t.Any:
    """Return a client of another region, or of another account."""
    info = works.lab.info
    keys = {"aws_access_key_id": "lab", "aws_secret_access_key": "lab"}
    if account:
        arn = f"arn:aws:iam::{account}:role/reader"
        found = works.lab.client("sts").assume_role(RoleArn=arn, RoleSessionName="tests")["Credentials"]
        keys = {
            "aws_access_key_id": found["AccessKeyId"], "aws_secret_access_key": found["SecretAccessKey"],
            "aws_session_token": found["SessionToken"],
        }  # fmt: skip
    return boto3.session.Session(**keys, region_name=region).client(service, endpoint_url=info["endpoint_url"])


def name() -> str:
    return f"t-{uuid.uuid4()}"


def a_template(works: Works, ami: str, *later: str) -> str:
    """Make a launch template, and more versions of it."""
    ec2 = works.lab.client("ec2")
    data = {"ImageId": ami, "InstanceType": "m5.large"}
    made = ec2.create_launch_template(LaunchTemplateName=name(), LaunchTemplateData=data)["LaunchTemplate"]
    for version in later:
        ec2.create_launch_template_version(
            LaunchTemplateId=made["LaunchTemplateId"], LaunchTemplateData={**data, "ImageId": version}
        )
    return str(made["LaunchTemplateId"])


def a_group_with_a_pinned_version(works: Works, ami: str) -> None:
    template = a_template(works, works.stock_ami(), ami, *[works.stock_ami()] * 2)
    works.lab.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name(), MinSize=0, MaxSize=1, DesiredCapacity=0,
        VPCZoneIdentifier=works.lab.info["subnet_id"],
        LaunchTemplate={"LaunchTemplateId": template, "Version": "2"},
    )  # fmt: skip


def a_launch_configuration(works: Works, ami: str) -> None:
    works.lab.client("autoscaling").create_launch_configuration(
        LaunchConfigurationName=name(), ImageId=ami, InstanceType="m5.large"
    )


def a_parameter(works: Works, ami: str) -> None:
    ssm, path = works.lab.client("ssm"), f"/somewhere/{name()}"
    ssm.put_parameter(Name=path, Value=ami, Type="String", DataType="aws:ec2:image")
    for _attempt in range(100):  # AWS looks at the AMI first
        if ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [path]}])["Parameters"]:
            return
        time.sleep(0.05)


def a_stopped_instance(works: Works, ami: str) -> None:
    ec2 = works.lab.client("ec2")
    ec2.stop_instances(InstanceIds=[works.start(ami)])


USES = {
    "the default version of a template": (a_template, "launch template t-"),
    "a version that a group names": (a_group_with_a_pinned_version, "autoscaling group t-"),
    "a launch configuration": (a_launch_configuration, "launch configuration t-"),
    "a parameter that the settings do not name": (a_parameter, "parameter somewhere/t-"),
    "a stopped instance": (a_stopped_instance, "instance i-"),
}


@pytest.mark.parametrize(("use", "reason"), USES.values(), ids=USES.keys())
def test_what_may_launch_it_keeps_it(
    retiring: Retiring, old: Build, use: t.Callable[[Works, str], t.Any], reason: str
) -> None:
    ami = old.amis[retiring.region]
    use(retiring.works, ami)
    action, why = retiring.action(retiring(), old)
    assert action == "keep"
    assert f"in use in {retiring.region}: {reason}" in why
    assert retiring.state(old) == "available"


def test_an_account_that_it_is_shared_with_must_be_looked_at(retiring: Retiring, old: Build) -> None:
    ami = old.amis[retiring.region]
    retiring.ec2.modify_image_attribute(ImageId=ami, LaunchPermission={"Add": [{"UserId": PARTNER}]})
    action, why = retiring.action(retiring(), old)
    assert (action, retiring.state(old)) == ("keep", "available")
    assert f"is shared with {PARTNER}, where nobody looked: add it to golden_accounts" in why

    theirs = elsewhere(retiring.works, "ec2", retiring.region, PARTNER)
    data = {"ImageId": ami, "InstanceType": "m5.large"}
    made = theirs.create_launch_template(LaunchTemplateName=name(), LaunchTemplateData=data)["LaunchTemplate"]
    action, why = retiring.action(retiring(accounts=PARTNERS), old)
    assert (action, retiring.state(old)) == ("keep", "available")
    assert "in use in eu-west-1: launch template t-" in why

    theirs.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"])
    assert not retiring(accounts=PARTNERS).get("failed")
    assert retiring.state(old) == "disabled"


def test_a_build_ends_in_all_its_regions_or_in_none(retiring: Retiring, old: Build) -> None:
    there = elsewhere(retiring.works, "ec2", THERE)
    tags = [{"Key": "golden:image", "Value": "web"}, {"Key": "golden:build", "Value": old.id}]
    copy = there.copy_image(
        SourceImageId=old.amis[retiring.region], SourceRegion=retiring.region, Name=old.id,
        TagSpecifications=[{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")],
    )["ImageId"]  # fmt: skip
    there.get_waiter("image_available").wait(ImageIds=[copy], WaiterConfig={"Delay": 1})
    retiring.catalogue.add_amis(old.id, {THERE: copy})
    template = there.create_launch_template(
        LaunchTemplateName=name(), LaunchTemplateData={"ImageId": copy, "InstanceType": "m5.large"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    action, why = retiring.action(retiring(), old)
    assert (action, retiring.state(old)) == ("keep", "available")
    assert why.startswith(f"in use in {THERE}: launch template t-")

    there.delete_launch_template(LaunchTemplateId=template)
    retiring.fault(action="DisableImage", region=THERE, kind="denied", times="forever")
    assert "ec2:DisableImage is missing" in retiring()["msg"]
    assert (retiring.status(old), retiring.state(old)) == ("deprecated", "disabled"), "half-done"
    retiring.fault(clear="true")
    assert not retiring().get("failed")
    assert retiring.status(old) == "disabled"
    assert there.describe_images(ImageIds=[copy], IncludeDisabled=True)["Images"][0]["State"] == "disabled"
    assert not retiring().get("failed")
    assert there.describe_images(Filters=[{"Name": "image-id", "Values": [copy]}], IncludeDisabled=True)["Images"] == []
    assert retiring.status(old) == "deregistered"


@pytest.mark.parametrize("region", [THERE, "eu-west-1"])
def test_a_region_that_does_not_answer_stops_it(retiring: Retiring, old: Build, region: str) -> None:
    retiring.fault(action="DescribeInstances", region=region, kind="denied", times="forever")
    done = retiring(regions=["eu-west-1", THERE])
    retiring.fault(clear="true")
    assert done["msg"].startswith(f"Nothing was changed.\nNo answer from 123456789012 {region} about instances: ")
    assert retiring.state(old) == "available"


def test_an_account_that_lets_nobody_in_stops_it(retiring: Retiring, old: Build) -> None:
    retiring.fault(action="AssumeRole", kind="denied", times="forever")
    done = retiring(accounts=PARTNERS)
    retiring.fault(clear="true")
    assert "No answer from partner eu-west-1 about identity: " in done["msg"]
    assert retiring.state(old) == "available"


def just_before(monkeypatch: pytest.MonkeyPatch, operation: str, number: int, do: t.Callable[[], t.Any]) -> None:
    """Let something happen right before a call is made for the nth time."""
    real, made = botocore.client.BaseClient._make_api_call, list[str]()

    def call(client: t.Any, name: str, parameters: t.Any) -> t.Any:
        if name == operation:
            made.append(name)
            if len(made) == number:
                do()
        return real(client, name, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)


def test_what_begins_to_use_it_after_the_plan_is_seen(
    retiring: Retiring, old: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    ami = old.amis[retiring.region]
    # The plan asks for the references of what it wants to disable; by then it has seen all instances.
    just_before(monkeypatch, "DescribeImageReferences", 1, lambda: a_launch_configuration(retiring.works, ami))
    action, why = retiring.action(retiring(), old)
    assert action == "keep"
    assert why.startswith("not any more: in use in eu-west-1: launch configuration t-")
    assert retiring.state(old) == "available"


def test_a_channel_that_moves_after_the_plan_is_seen(
    retiring: Retiring, old: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def move() -> None:
        retiring.catalogue.move_channel("web", "candidate", old.id, "me", None, NOW, None)

    just_before(monkeypatch, "DescribeImageReferences", 1, move)
    action, why = retiring.action(retiring(), old)
    assert (action, why) == ("keep", "not any more: channel candidate points at it")
    assert retiring.state(old) == "available"


def test_a_second_look_that_fails_ends_the_run(retiring: Retiring, old: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny() -> None:
        retiring.fault(action="DescribeLaunchConfigurations", kind="denied", times="forever")

    just_before(monkeypatch, "DescribeImageReferences", 1, deny)
    done = retiring()
    retiring.fault(clear="true")
    assert "stopped before it: No answer from 123456789012 eu-west-1 about launch configurations" in done["msg"]
    assert (retiring.status(old), retiring.state(old)) == ("deprecated", "available")


def test_another_account_by_mistake_changes_nothing(retiring: Retiring, works: Works) -> None:
    """All AMIs of the catalogue seem to be gone."""
    lost = [retiring.make(days, amis={retiring.region: f"ami-0000000{days}"}) for days in (1, 2, 3, 4)]
    done = retiring()
    assert "Of 4 AMIs that the catalogue knows in eu-west-1 only 0 are there" in done["msg"]
    assert "-e sure=true" in done["msg"]
    sure = retiring(sure=True)
    assert not sure.get("failed")
    assert [retiring.status(build) for build in lost] == ["verified"] * 4


def test_a_protected_ami_is_kept(retiring: Retiring, old: Build) -> None:
    retiring.ec2.enable_image_deregistration_protection(ImageId=old.amis[retiring.region])
    action, why = retiring.action(retiring(), old)
    assert action == "keep"
    assert "is protected against deregistration" in why


def test_a_deprecation_that_was_for_later_becomes_one_for_now(retiring: Retiring) -> None:
    new, old = retiring.make(1), retiring.make(100)
    ami = old.amis[retiring.region]
    retiring.ec2.enable_image_deprecation(ImageId=ami, DeprecateAt=NOW + dt.timedelta(days=300))
    assert not retiring().get("failed")
    (found,) = retiring.ec2.describe_images(ImageIds=[ami], IncludeDeprecated=True)["Images"]
    assert dt.datetime.fromisoformat(found["DeprecationTime"]) < NOW + dt.timedelta(minutes=10)
    assert (retiring.status(new), retiring.status(old)) == ("verified", "deprecated")


def test_snapshots_that_were_left_behind_go_with_the_next_run(retiring: Retiring) -> None:
    _new, old = retiring.make(1), retiring.make(100, "disabled")
    retiring.ec2.deregister_image(ImageId=old.amis[retiring.region])
    assert retiring.snapshots(old)
    retiring.fault(action="DeleteSnapshot", kind="denied", times="forever")
    assert "ec2:DeleteSnapshot is missing" in retiring()["msg"]
    assert retiring.status(old) == "disabled"
    retiring.fault(clear="true")
    assert not retiring().get("failed")
    assert (retiring.status(old), retiring.snapshots(old)) == ("deregistered", set())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image": "wbe"}, "There is no image wbe in sqlite:"),
        ({"keep": 0}, "keep is at least 1"),
        ({"grace_days": -1}, "days and grace_days are at least 0"),
        ({"accounts": [{"role_arn": "arn:aws:iam::210987654321:role/x"}]}, "every account needs a name"),
        ({"undo": "20200101T000000Z-000000"}, "There is no build 20200101T000000Z-000000"),
    ],
    ids=["an image that does not exist", "nothing kept", "a negative grace", "an account without a name", "no build"],
)
def test_bad_input_changes_nothing(retiring: Retiring, options: dict[str, t.Any], message: str) -> None:
    old = retiring.make(100)
    assert message in retiring(**options)["msg"]
    assert retiring.state(old) == "available"
