# SPDX-License-Identifier: GPL-3.0-or-later
"""The build_preflight action against a moto EC2 and a Packer of its own."""

from __future__ import annotations

import pathlib
import typing as t

import boto3
import pytest
from ansible_collections.golden.windows_ami.plugins.action import build_preflight
from moto import mock_aws

from tests.unit.actions import run_action

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def ec2() -> t.Iterator[t.Any]:
    """Return a client of an EC2 in this process."""
    with mock_aws():
        yield boto3.client("ec2", REGION)


@pytest.fixture
def options(ec2: t.Any, tmp_path: pathlib.Path) -> dict[str, t.Any]:
    """Return the options of a build that can work."""
    vpc = ec2.create_vpc(CidrBlock="127.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="127.0.1.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]
    packer = tmp_path / "packer"
    packer.write_text("#!/bin/sh\necho Packer v1.6.6\n")
    packer.chmod(0o700)
    ami = ec2.describe_images()["Images"][0]["ImageId"]
    return {
        "plan": [{"image": "web", "action": "build", "region": REGION, "source_ami": ami}],
        "builder": {"subnet_id": subnet["SubnetId"], "instance_type": "m5.large"},
        "aws": {"region": REGION},
        "packer": str(packer),
    }


def run(options: dict[str, t.Any], tmp_path: pathlib.Path) -> tuple[dict[str, t.Any], dict[str, str]]:
    """Return the result, and the status of each check."""
    result = run_action(build_preflight.ActionModule, options, {}, tmp_path)
    return result, {check["name"]: check["status"] for check in result.get("checks", ())}


def test_all_is_well(options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    result, status = run(options, tmp_path)
    assert result.get("failed") is None
    assert result["changed"] is False
    # A loopback subnet: this machine reaches it from loopback.
    assert result["source_cidrs"] == ["127.0.0.1/32"]
    quota = status.pop("vCPU quota")
    assert quota == "warning"  # moto knows no quotas of EC2
    assert set(status.values()) == {"ok"}
    assert {"credentials", "subnet", "source address", "instance type", "root volume", "Packer"} < set(status)


def test_nothing_to_build_means_nothing_to_check(options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    options["plan"] = [{"image": "web", "action": "skip", "region": REGION}]
    result, _ = run({**options, "packer": "/none", "aws": {"config_file": "/none"}}, tmp_path)
    assert (result["checks"], result.get("failed")) == ([], None)


def test_all_problems_are_in_one_message(options: dict[str, t.Any], ec2: t.Any, tmp_path: pathlib.Path) -> None:
    vpc = ec2.describe_subnets(SubnetIds=[options["builder"]["subnet_id"]])["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName=f"closed-{vpc}", Description="x", VpcId=vpc)["GroupId"]
    options["builder"] |= {"security_group_id": group, "instance_type": "m5.gigantic", "kms_key_id": "alias/none"}
    options["plan"][0]["artefacts"] = [{"variable": "web_url", "url": "http://127.0.0.1:9/web.msi", "required": True}]
    result, _ = run({**options, "packer": "/none/packer"}, tmp_path)
    assert result["failed"] is True
    lines = result["msg"].splitlines()
    assert lines[0] == "5 problems stand in the way of a build; nothing was started."
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "- security group",
        "- instance type",
        "- KMS key",
        "- Packer",
        "- artefact web_url",
    ]


def test_an_optional_artefact_is_a_warning(options: dict[str, t.Any], tmp_path: pathlib.Path) -> None:
    options["plan"][0]["artefacts"] = [{"variable": "web_url", "url": "http://127.0.0.1:9/web.msi", "required": False}]
    result, status = run(options, tmp_path)
    assert result.get("failed") is None
    assert status["artefact web_url"] == "warning"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"aws": {"region": REGION, "config_file": "/none"}}, "- credentials: There is no AWS config file /none"),
        ({"builder": {"subnet_id": ""}}, "- subnet: No subnet is set."),
        ({"builder": {"subnet_id": "subnet-0123456789abcdef0"}}, "- subnet: subnet-0123456789abcdef0 does not exist"),
        ({"free_mib": 10**9}, "- disk space in "),
        ({"plan": [{"image": "web"}]}, "This is not an entry of a plan"),
        ({"builder": {"subnet": "x"}}, "subnet"),
    ],
)
def test_a_problem_is_explained(
    options: dict[str, t.Any], tmp_path: pathlib.Path, changes: dict[str, t.Any], message: str
) -> None:
    result, _ = run({**options, **changes}, tmp_path)
    assert result["failed"] is True
    assert message in result["msg"]
