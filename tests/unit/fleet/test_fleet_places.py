# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking regions and accounts: what one says does not depend on the others, and how often AWS is asked."""

from __future__ import annotations

import collections
import json
import pathlib
import typing as t

import boto3
import botocore.loaders
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import AwsSettings
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fleet_models import fleet_models
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fleet_places import Account, Answer, Question, ask

from tests.bench.canned_ec2 import canned

from .conftest import Cloud, Project

RUNNING = Question({"instance-state-name": ["running"]})


@pytest.fixture
def settings(tmp_path: pathlib.Path) -> t.Callable[[str], AwsSettings]:
    """Return what makes the settings that lead to an address."""

    def at(address: str) -> AwsSettings:
        (tmp_path / "config").write_text(
            f"[default]\nregion = eu-west-1\nendpoint_url = {address}\n"
            "aws_access_key_id = testing\naws_secret_access_key = testing\n"
        )
        return AwsSettings(str(tmp_path / "config"), "default", None)

    return at


def calls_for(instances: int, page: int, at: t.Callable[[str], AwsSettings]) -> collections.Counter[str]:
    """Return how often each action is asked for to list a fleet in two regions with 3 AMIs each."""
    with canned(instances, 3, page, ["eu-west-1", "us-east-1"]) as ec2:
        found = ask(at(ec2.address), [Account()], ["eu-west-1", "us-east-1"], RUNNING)
        assert [len(answer.instances) for answer in found.answers] == [instances, instances]
        assert [len(answer.amis or ()) for answer in found.answers] == [3, 3]
        return ec2.calls


def test_calls_grow_with_pages_and_never_with_hosts(settings: t.Callable[[str], AwsSettings]) -> None:
    assert calls_for(10, 5, settings) == {"DescribeInstances": 4, "DescribeImages": 2}
    assert calls_for(40, 5, settings) == {"DescribeInstances": 16, "DescribeImages": 2}
    assert calls_for(40, 20, settings) == {"DescribeInstances": 4, "DescribeImages": 2}
    assert calls_for(400, 200, settings) == {"DescribeInstances": 4, "DescribeImages": 2}


def test_amis_are_asked_for_in_as_many_values_as_ec2_takes(settings: t.Callable[[str], AwsSettings]) -> None:
    with canned(450, 450, 1000, ["eu-west-1"]) as ec2:
        found = ask(settings(ec2.address), [Account()], ["eu-west-1"], RUNNING)
        assert len(found.answers[0].amis or ()) == 450
        assert ec2.calls == {"DescribeInstances": 1, "DescribeImages": 3}


def test_a_region_that_refuses_does_not_hide_the_others(settings: t.Callable[[str], AwsSettings]) -> None:
    with canned(4, 2, 10, ["eu-west-1", "us-east-1"]) as ec2:
        found = ask(settings(ec2.address), [Account()], ["eu-west-1", "ap-south-2", "us-east-1"], RUNNING)
    assert [answer.region for answer in found.answers] == ["eu-west-1", "us-east-1"]
    assert found.problems == [
        "Cannot list instances in ap-south-2: the permission ec2:DescribeInstances is missing "
        "(You are not authorized to perform this operation)."
    ]


def test_all_regions_are_those_that_are_enabled(settings: t.Callable[[str], AwsSettings]) -> None:
    with canned(1, 1, 10, ["eu-west-1", "us-east-1", "eu-north-1"]) as ec2:
        found = ask(settings(ec2.address), [Account()], ["all"], RUNNING)
    assert [answer.region for answer in found.answers] == ["eu-north-1", "eu-west-1", "us-east-1"]
    assert not found.problems


def test_accounts_are_asked_with_their_roles_and_one_may_fail(
    settings: t.Callable[[str], AwsSettings], cloud: Cloud
) -> None:
    here = cloud.run()
    there = _in_account(cloud, "111122223333")
    accounts = [
        Account("development"),
        Account("production", "arn:aws:iam::111122223333:role/golden-fleet", "golden"),
        Account("typo", "no role"),
    ]
    found = ask(settings(cloud.address), accounts, ["eu-west-1", "us-east-1"], RUNNING)
    assert _instances(found.answers) == {
        ("development", "eu-west-1"): [here],
        ("development", "us-east-1"): [],
        ("production", "eu-west-1"): [there],
        ("production", "us-east-1"): [],
    }
    assert len(found.problems) == 1
    assert found.problems[0].startswith("Account typo: Cannot assume the role no role in eu-west-1: ")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"role_arn": "x"}, "every account needs a name"),
        ("production", "every account needs a name"),
        ({"name": "a", "role": "x"}, "a has role. Known: name, role_arn, external_id"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(entry: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Account.of(entry)


def test_a_wrong_configuration_is_said_once_whatever_the_number_of_regions(tmp_path: pathlib.Path) -> None:
    missing = AwsSettings(str(tmp_path / "nowhere"), "default", "eu-west-1")
    found = ask(missing, [Account("a"), Account("b")], ["eu-west-1", "us-east-1"], RUNNING)
    assert not found.answers
    assert found.problems == [f"There is no AWS config file {tmp_path}/nowhere, which golden_aws.config_file names."]


def test_the_small_description_of_ec2_reads_what_the_whole_one_does(cloud: Cloud, project: Project) -> None:
    instance = cloud.run(cloud.make_ami("iis-1", team="red"), name="web")
    whole = cloud.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    found = ask(AwsSettings(str(project.path / "config"), "default", None), [Account()], [], RUNNING)
    mine = found.answers[0].instances[0]
    launched = str(mine.pop("LaunchTime"))
    assert launched.startswith(f"{whole['LaunchTime']:%Y-%m-%dT%H:%M:%S}")
    state, placement = mine.pop("State"), mine.pop("Placement")
    assert (state["Name"], placement["AvailabilityZone"]) == ("running", whole["Placement"]["AvailabilityZone"])
    assert mine == {name: whole[name] for name in mine}
    assert {"InstanceId", "ImageId", "InstanceType", "PrivateIpAddress", "Platform", "Tags"} < mine.keys()


def test_the_small_description_of_ec2_is_small_and_keeps_the_moments_that_are_sent() -> None:
    whole = botocore.loaders.create_loader().load_service_model("ec2", "service-2")
    small = fleet_models().load_service_model("ec2", "service-2")
    assert set(small["operations"]) == {"DescribeImages", "DescribeInstances", "DescribeRegions"}
    assert len(json.dumps(small)) < len(json.dumps(whole)) / 40
    shapes = small["shapes"]
    assert set(shapes["Instance"]["members"]) < set(whole["shapes"]["Instance"]["members"])
    references = [
        reference["shape"]
        for shape in shapes.values()
        for reference in [*shape.get("members", {}).values(), *([shape["member"]] if "member" in shape else [])]
    ]
    assert set(references) <= set(shapes)


def _in_account(cloud: Cloud, account: str) -> str:
    """Start an instance in another account of moto, and return its id."""
    sts = boto3.client("sts", "eu-west-1", endpoint_url=cloud.address, aws_access_key_id="a", aws_secret_access_key="b")
    role = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/x", RoleSessionName="test")["Credentials"]
    keys = {
        "aws_access_key_id": role["AccessKeyId"],
        "aws_secret_access_key": role["SecretAccessKey"],
        "aws_session_token": role["SessionToken"],
    }
    ec2 = boto3.client("ec2", "eu-west-1", endpoint_url=cloud.address, **keys)
    windows = ec2.describe_images(Filters=[{"Name": "platform", "Values": ["windows"]}])["Images"][0]["ImageId"]
    return str(ec2.run_instances(ImageId=windows, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"])


def _instances(answers: list[Answer]) -> dict[tuple[str, str], list[str]]:
    return {(one.account, one.region): [instance["InstanceId"] for instance in one.instances] for one in answers}
