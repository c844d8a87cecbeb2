# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances as EC2 has them: what it refuses, what they own, and what is left of them."""

from __future__ import annotations

import ipaddress
import typing as t
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.lab.ec2.support import Lab, eventually


def refusal(call: t.Callable[[], object]) -> str:
    with pytest.raises(ClientError) as error:
        call()
    return t.cast("str", error.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"ImageId": "ami-00000000000000000"}, "InvalidAMIID.NotFound"),
        ({"KeyName": "no-such-key"}, "InvalidKeyPair.NotFound"),
        ({"InstanceType": "m5.gigantic"}, "InvalidInstanceType.NotFound"),
        ({"SubnetId": "subnet-00000000000000000"}, "InvalidSubnetID.NotFound"),
        ({"SecurityGroupIds": ["sg-00000000000000000"]}, "InvalidGroup.NotFound"),
        ({"UserData": "x" * 16385}, "InvalidParameterValue"),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 10}}]},
            "InvalidBlockDeviceMapping",
        ),
        ({"BlockDeviceMappings": [{"DeviceName": "xvdf", "Ebs": {"VolumeType": "gp3"}}]}, "MissingParameter"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_what_run_instances_refuses(run: t.Any, options: dict[str, t.Any], code: str) -> None:
    assert refusal(lambda: run(**options)) == code


def test_windows_takes_no_ed25519_key(ec2: t.Any, run: t.Any) -> None:
    name = f"key-{uuid.uuid4()}"
    ec2.create_key_pair(KeyName=name, KeyType="ed25519")
    assert refusal(lambda: run(KeyName=name)) == "InvalidParameterCombination"
    ec2.delete_key_pair(KeyName=name)


def test_an_instance_lives_in_the_labs_own_network(lab: Lab, run: t.Any, wait_state: t.Any) -> None:
    started = run()
    assert started["State"]["Name"] == "pending"
    instance = wait_state(started["InstanceId"], "running")
    assert ipaddress.ip_address(instance["PrivateIpAddress"]) in ipaddress.ip_network(lab.state["cidr"])
    assert instance["SubnetId"] == lab.state["subnet_id"]
    assert "PublicIpAddress" not in instance


def test_a_volume_left_unsaid_is_the_images(ec2: t.Any, run: t.Any) -> None:
    mappings = [
        {"DeviceName": "/dev/sda1", "Ebs": {"VolumeType": "gp3", "Throughput": 250, "Encrypted": True}},
        {"DeviceName": "xvdf", "Ebs": {"VolumeSize": 5}},
    ]
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "owner", "Value": "me"}]}]
    instance_id = run(BlockDeviceMappings=mappings, TagSpecifications=tags)["InstanceId"]
    found = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance_id]}])["Volumes"]
    volumes = {volume["Attachments"][0]["Device"]: volume for volume in found}
    root, data = volumes["/dev/sda1"], volumes["xvdf"]
    assert (root["Size"], root["VolumeType"], root["Throughput"], root["Encrypted"]) == (30, "gp3", 250, True)
    assert root["SnapshotId"].startswith("snap-")
    assert (data["Size"], data["Encrypted"]) == (5, False)
    assert all(volume["Tags"] == tags[0]["Tags"] for volume in found)


def test_nothing_is_left_of_a_terminated_instance(ec2: t.Any, run: t.Any, wait_state: t.Any) -> None:
    # In a subnet where no other test starts and stops instances.
    zone = [{"Name": "availability-zone", "Values": ["eu-west-1b"]}]

    def free() -> int:
        return t.cast("int", ec2.describe_subnets(Filters=zone)["Subnets"][0]["AvailableIpAddressCount"])

    before = free()
    instance = run(Placement={"AvailabilityZone": "eu-west-1b"})
    instance_id = instance["InstanceId"]
    assert free() == before - 1
    ec2.terminate_instances(InstanceIds=[instance_id])
    wait_state(instance_id, "terminated")
    assert free() == before
    volumes = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance_id]}])["Volumes"]
    assert volumes == []
    address = {"Name": "private-ip-address", "Values": [instance["PrivateIpAddress"]]}
    assert ec2.describe_network_interfaces(Filters=[address])["NetworkInterfaces"] == []
    assert refusal(lambda: ec2.start_instances(InstanceIds=[instance_id])) == "IncorrectInstanceState"


def test_a_volume_that_should_stay_stays(ec2: t.Any, run: t.Any, wait_state: t.Any) -> None:
    mapping = {"DeviceName": "xvdf", "Ebs": {"VolumeSize": 5, "DeleteOnTermination": False}}
    instance_id = run(BlockDeviceMappings=[mapping])["InstanceId"]
    found = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance_id]}])["Volumes"]
    data = next(volume["VolumeId"] for volume in found if volume["Size"] == 5)
    ec2.terminate_instances(InstanceIds=[instance_id])
    wait_state(instance_id, "terminated")
    assert ec2.describe_volumes(VolumeIds=[data])["Volumes"][0]["State"] == "available"
    ec2.delete_volume(VolumeId=data)


def test_a_security_group_in_use_cannot_be_deleted(ec2: t.Any, run: t.Any, wait_state: t.Any, lab: Lab) -> None:
    group = ec2.create_security_group(GroupName=f"group-{uuid.uuid4()}", Description="test", VpcId=lab.state["vpc_id"])[
        "GroupId"
    ]
    instance_id = run(SecurityGroupIds=[group])["InstanceId"]
    assert refusal(lambda: ec2.delete_security_group(GroupId=group)) == "DependencyViolation"
    ec2.terminate_instances(InstanceIds=[instance_id])
    wait_state(instance_id, "terminated")
    ec2.delete_security_group(GroupId=group)


def test_a_group_of_another_network_is_refused(ec2: t.Any, run: t.Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName=f"group-{uuid.uuid4()}", Description="test", VpcId=vpc)["GroupId"]
    assert refusal(lambda: run(SecurityGroupIds=[group])) == "InvalidParameter"


def test_a_subnet_can_be_full(ec2: t.Any, run: t.Any, lab: Lab) -> None:
    block = lab.state["cidr"].replace("0.0/16", "240.0/28")
    subnet = ec2.create_subnet(VpcId=lab.state["vpc_id"], CidrBlock=block, AvailabilityZone="eu-west-1a")["Subnet"]
    refused = refusal(lambda: run(SubnetId=subnet["SubnetId"], MinCount=12, MaxCount=12))
    assert refused == "InsufficientFreeAddressesInSubnet"
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])


def test_a_volume_key_must_be_there(lab: Lab, ec2: t.Any, run: t.Any, wait_state: t.Any) -> None:
    def root(key: str) -> list[dict[str, t.Any]]:
        return [{"DeviceName": "/dev/sda1", "Ebs": {"Encrypted": True, "KmsKeyId": key}}]

    dead = wait_state(run(BlockDeviceMappings=root("alias/no-such-key"))["InstanceId"], "terminated")
    assert "Client.InvalidKMSKey.InvalidState" in dead["StateTransitionReason"]
    key = lab.client("kms").create_key()["KeyMetadata"]["KeyId"]
    lab.client("kms").create_alias(AliasName="alias/golden", TargetKeyId=key)
    alive = run(BlockDeviceMappings=root("alias/golden"))["InstanceId"]
    wait_state(alive, "running")
    found = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [alive]}])["Volumes"]
    assert (found[0]["Encrypted"], found[0]["KmsKeyId"]) == (True, "alias/golden")


def test_a_call_fails_as_often_as_it_was_told_to(lab: Lab, ec2: t.Any) -> None:
    lab.control("fault", action="DescribeKeyPairs", code="UnauthorizedOperation", status="403", times="2")
    assert refusal(ec2.describe_key_pairs) == "UnauthorizedOperation"
    assert refusal(ec2.describe_key_pairs) == "UnauthorizedOperation"
    ec2.describe_key_pairs()


def test_an_unknown_fault_is_refused(lab: Lab, run: t.Any, wait_state: t.Any) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "lab:fault", "Value": "bad-mood"}]}]
    instance = wait_state(run(TagSpecifications=tags)["InstanceId"], "terminated")
    assert "bad-mood" in instance["StateTransitionReason"]


def test_a_guest_that_never_boots_has_no_password(ec2: t.Any, run: t.Any, wait_state: t.Any, key_pair: t.Any) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "lab:fault", "Value": "never-boot"}]}]
    instance_id = run(TagSpecifications=tags, KeyName=key_pair["KeyName"])["InstanceId"]
    wait_state(instance_id, "running")
    ec2.stop_instances(InstanceIds=[instance_id])
    wait_state(instance_id, "stopped")
    assert ec2.get_password_data(InstanceId=instance_id)["PasswordData"] == ""


def test_stop_and_start(ec2: t.Any, run: t.Any, wait_state: t.Any, lab: Lab) -> None:
    instance_id = run()["InstanceId"]
    wait_state(instance_id, "running")
    eventually(lambda: lab.instance(instance_id)["power"] == "on", "the guest")
    change = ec2.stop_instances(InstanceIds=[instance_id])["StoppingInstances"][0]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "stopping")
    stopped = wait_state(instance_id, "stopped")
    assert stopped["StateTransitionReason"].startswith("User initiated")
    ec2.start_instances(InstanceIds=[instance_id])
    assert wait_state(instance_id, "running")["PrivateIpAddress"] == stopped["PrivateIpAddress"]
    eventually(lambda: lab.instance(instance_id)["boots"] == 2, "the second boot")
