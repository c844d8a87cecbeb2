# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the AWS API: each in its service's own protocol, for the calls that were named and no others."""

from __future__ import annotations

import typing as t
import urllib.error
import uuid

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.lab.ec2.support import Lab

ACCOUNT = "210987654321"


@pytest.fixture
def once(lab: Lab) -> t.Iterator[t.Callable[..., t.Any]]:
    """Make clients that do not try again."""
    import boto3

    def client(service: str, region: str = "eu-west-1") -> t.Any:
        session = boto3.session.Session("lab", "lab", region_name=region)
        config = Config(retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=lab.state["endpoint_url"], config=config)

    yield client
    lab.control("fault", clear="true")


def code(call: t.Callable[..., t.Any], **options: t.Any) -> tuple[str, int]:
    """Return the code and the HTTP status of the error that a call must fail with."""
    with pytest.raises(ClientError) as error:
        call(**options)
    found = error.value.response
    return found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("throttle", [("RequestLimitExceeded", 503), ("Throttling", 400), ("ThrottlingException", 400)]),
        ("internal", [("InternalError", 500), ("InternalFailure", 500), ("InternalServerError", 500)]),
        ("denied", [("UnauthorizedOperation", 403), ("AccessDenied", 403), ("AccessDeniedException", 400)]),
    ],
)
def test_a_service_fails_in_its_own_words(lab: Lab, once: t.Any, kind: str, codes: list[tuple[str, int]]) -> None:
    lab.control("fault", action="*", kind=kind, times="3")
    assert code(once("ec2").describe_images, Owners=["self"]) == codes[0]
    assert code(once("autoscaling").describe_auto_scaling_groups) == codes[1]
    assert code(once("ssm").describe_parameters) == codes[2]
    once("ec2").describe_images(Owners=["self"])


def test_only_what_was_named_fails(lab: Lab, once: t.Any) -> None:
    lab.control("fault", service="autoscaling", action="DescribeTags", region="us-east-1", times="forever")
    assert code(once("autoscaling", "us-east-1").describe_tags)[0] == "Throttling"
    assert code(once("autoscaling", "us-east-1").describe_tags)[0] == "Throttling"
    once("autoscaling", "us-east-1").describe_auto_scaling_groups()
    once("autoscaling").describe_tags()
    once("ec2", "us-east-1").describe_tags()
    lab.control("fault", service="autoscaling", action="DescribeTags", region="us-east-1", times="0")
    once("autoscaling", "us-east-1").describe_tags()


def test_a_region_is_denied_to_one_account(lab: Lab, once: t.Any) -> None:
    theirs = lab.account(ACCOUNT, "ec2", "eu-north-1")
    lab.control("fault", action="*", region="eu-north-1", account=ACCOUNT, kind="denied", times="forever")
    assert code(theirs.describe_instances)[0] == "UnauthorizedOperation"
    once("ec2", "eu-north-1").describe_instances()
    lab.account(ACCOUNT, "ec2", "eu-west-1").describe_instances()


def test_some_calls_pass_before_the_failure(lab: Lab, once: t.Any) -> None:
    lab.control("fault", service="ec2", action="DescribeImages", after="2", code="Unavailable", status="503")
    client = once("ec2")
    for _ in range(2):
        client.describe_images(Owners=["self"])
    assert code(client.describe_images, Owners=["self"]) == ("Unavailable", 503)
    client.describe_images(Owners=["self"])


@pytest.mark.parametrize("kind", ["internal", "drop"])
def test_a_call_is_carried_out_and_its_answer_lost(lab: Lab, once: t.Any, kind: str) -> None:
    client, name = once("ec2"), f"t-{uuid.uuid4()}"
    lab.control("fault", action="CreateLaunchTemplate", kind=kind, applied="true")
    data = {"InstanceType": "m5.large"}
    with pytest.raises((ClientError, ConnectionClosedError)):
        client.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    assert client.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"]


def test_an_sdk_that_asks_again_starts_one_instance(lab: Lab, ec2: t.Any, run: t.Any, base_image: str) -> None:
    lab.control("fault", action="RunInstances", kind="drop", applied="true", times="2")
    before = lab.control("status")["api_calls"].get("ec2:RunInstances", 0)
    started = run(TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "once", "Value": "yes"}]}])
    assert lab.control("status")["api_calls"]["ec2:RunInstances"] - before == 3
    found = ec2.describe_instances(Filters=[{"Name": "tag:once", "Values": ["yes"]}])["Reservations"]
    assert [item["InstanceId"] for row in found for item in row["Instances"]] == [started["InstanceId"]]
    options = {"ImageId": base_image, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1, "ClientToken": "mine"}
    first = run(**options)
    assert run(**options)["InstanceId"] == first["InstanceId"]
    assert code(run, **{**options, "InstanceType": "m5.xlarge"})[0] == "IdempotentParameterMismatch"


@pytest.mark.parametrize("query", [{"action": "*", "kind": "sulk"}, {"action": "*", "servise": "ec2"}, {}])
def test_an_order_that_makes_no_sense_is_refused(lab: Lab, query: dict[str, str]) -> None:
    with pytest.raises(urllib.error.HTTPError):
        lab.control("fault", **query)
