# SPDX-License-Identifier: GPL-3.0-or-later
"""AMIs and parameters as the adapter reports them."""

from __future__ import annotations

import typing as t
import uuid

import boto3
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws

from .conftest import REGION


@pytest.fixture
def register(ec2: t.Any) -> t.Callable[[str], str]:
    """Return a function that makes an AMI of a given name."""

    def make(name: str) -> str:
        volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=31)["VolumeId"]
        snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        devices = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot, "VolumeSize": 31}}]
        answer = ec2.register_image(Name=name, RootDeviceName="/dev/sda1", BlockDeviceMappings=devices)
        ec2.create_tags(Resources=[answer["ImageId"]], Tags=[{"Key": "golden:image", "Value": "x"}])
        return str(answer["ImageId"])

    return make


def test_an_ami_is_found_by_its_id(aws: Aws, register: t.Callable[[str], str]) -> None:
    name = f"test-{uuid.uuid4()}"
    ami_id = register(name)
    ami = aws.image(ami_id)
    assert ami is not None
    assert (ami.id, ami.name, ami.state, ami.tags) == (ami_id, name, "available", {"golden:image": "x"})


@pytest.mark.parametrize("ami_id", ["ami-0123456789abcdef0", "nonsense"])
def test_an_ami_that_is_not_there_is_none(aws: Aws, ami_id: str) -> None:
    assert aws.image(ami_id) is None


def test_a_deregistered_ami_is_none(aws: Aws, ec2: t.Any, register: t.Callable[[str], str]) -> None:
    ami_id = register(f"test-{uuid.uuid4()}")
    ec2.deregister_image(ImageId=ami_id)
    assert aws.image(ami_id) is None


def test_amis_are_found_by_name(aws: Aws, register: t.Callable[[str], str]) -> None:
    family = f"test-{uuid.uuid4()}"
    for day in ("02", "01"):
        register(f"{family}-2026.11.{day}")
    found = [ami.name for ami in aws.images_named(f"{family}-*", "self")]
    assert sorted(found) == [f"{family}-2026.11.01", f"{family}-2026.11.02"]
    assert aws.images_named(f"{family}-*", "amazon") == []


def test_parameters(aws: Aws) -> None:
    boto3.client("ssm", REGION).put_parameter(Name="/test/x", Value="ami-1", Type="String", Overwrite=True)
    assert aws.parameter("/test/x") == "ami-1"
    assert aws.parameter("/test/none") is None
