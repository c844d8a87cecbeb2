# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS says about the place where images are built. Asks, and decides nothing."""

from __future__ import annotations

import collections.abc as c
import contextlib
import typing as t

from .ec2 import Aws, AwsError
from .preflight import Ingress, SecurityGroup, Subnet

# "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", counted in vCPUs.
QUOTA = "L-1216C47A"
_STANDARD_FAMILIES = frozenset("acdhimrtz")
_OTHER_FAMILIES = ("dl", "hpc", "inf", "trn")


def subnet(aws: Aws, subnet_id: str) -> Subnet | None:
    """Return a subnet, None when there is none."""
    with (
        _none_if("InvalidSubnetID.NotFound", "InvalidSubnetId.Malformed"),
        aws.explained(f"look at subnet {subnet_id}"),
    ):
        found = aws.client("ec2").describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]
        return Subnet(
            id=found["SubnetId"],
            state=found["State"],
            vpc=found["VpcId"],
            zone=found["AvailabilityZone"],
            cidr=found["CidrBlock"],
            free_addresses=found["AvailableIpAddressCount"],
            gives_public_addresses=found.get("MapPublicIpOnLaunch", False),
        )
    return None


def security_group(aws: Aws, group_id: str) -> SecurityGroup | None:
    """Return a security group, None when there is none."""
    with _none_if("InvalidGroup.NotFound", "InvalidGroupId.Malformed"), aws.explained(f"look at group {group_id}"):
        found = aws.client("ec2").describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
        return SecurityGroup(found["GroupId"], found["VpcId"], tuple(map(_ingress, found["IpPermissions"])))
    return None


def zones_offering(aws: Aws, instance_type: str) -> set[str]:
    """Return the availability zones of the region that offer an instance type."""
    filters = [{"Name": "instance-type", "Values": [instance_type]}]
    with aws.explained(f"ask where {instance_type} is offered"):
        pages = aws.client("ec2").get_paginator("describe_instance_type_offerings")
        answer = pages.paginate(LocationType="availability-zone", Filters=filters)
        return {offer["Location"] for page in answer for offer in page["InstanceTypeOfferings"]}


def vcpus(aws: Aws, instance_type: str) -> int:
    """Return the vCPUs of an instance type."""
    with aws.explained(f"ask how large {instance_type} is"):
        answer = aws.client("ec2").describe_instance_types(InstanceTypes=[instance_type])
    return int(answer["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"])


def vcpus_in_use(aws: Aws) -> int:
    """Return the vCPUs that count against `QUOTA`."""
    filters = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    with aws.explained("count the running instances"):
        pages = aws.client("ec2").get_paginator("describe_instances").paginate(Filters=filters)
        running = [item for page in pages for group in page["Reservations"] for item in group["Instances"]]
    options = [item.get("CpuOptions", {}) for item in running if _counts(item)]
    return sum(option.get("CoreCount", 1) * option.get("ThreadsPerCore", 1) for option in options)


def vcpu_limit(aws: Aws) -> float:
    """Return the account's `QUOTA` in this region."""
    with aws.explained("read the vCPU quota"):
        answer = aws.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode=QUOTA)
    return float(answer["Quota"]["Value"])


def key_state(aws: Aws, key_id: str) -> str | None:
    """Return the state of a KMS key ("Enabled" is the good one), None when there is no such key."""
    with _none_if("NotFoundException"), aws.explained(f"look at KMS key {key_id}"):
        return str(aws.client("kms").describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"])
    return None


def try_run(aws: Aws, request: c.Mapping[str, t.Any]) -> None:
    """Ask EC2 whether it would start an instance; raise AwsError when it would not. Starts nothing."""
    try:
        with aws.explained(f"start {request['InstanceType']} (only tried)"):
            aws.client("ec2").run_instances(**request, MinCount=1, MaxCount=1, DryRun=True)
    except AwsError as exc:
        if exc.code != "DryRunOperation":
            raise


def run_request(ami: str, builder: c.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what Packer will ask EC2 for, so that policies with conditions judge the same thing."""
    volume = {"VolumeType": "gp3", "VolumeSize": builder["root_volume_gib"], "Encrypted": True}
    if builder["kms_key_id"]:
        volume["KmsKeyId"] = builder["kms_key_id"]
    request: dict[str, t.Any] = {
        "ImageId": ami,
        "InstanceType": builder["instance_type"],
        "SubnetId": builder["subnet_id"],
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": volume}],
        # docs/iam/build.json lets only builders start that are tagged so.
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": [{"Key": "golden:build", "Value": "preflight"}]}
            for kind in ("instance", "volume")
        ],
    }
    if builder["security_group_id"]:
        request["SecurityGroupIds"] = [builder["security_group_id"]]
    if builder["iam_instance_profile"]:
        request["IamInstanceProfile"] = {"Name": builder["iam_instance_profile"]}
    return request


def is_standard(instance_type: str) -> bool:
    """Whether instances of a type count against `QUOTA`."""
    return instance_type[:1] in _STANDARD_FAMILIES and not instance_type.startswith(_OTHER_FAMILIES)


def _counts(instance: c.Mapping[str, t.Any]) -> bool:
    return is_standard(instance["InstanceType"]) and instance.get("InstanceLifecycle") is None


def _ingress(permission: c.Mapping[str, t.Any]) -> Ingress:
    blocks = [item["CidrIp"] for item in permission.get("IpRanges", ())]
    blocks += [item["CidrIpv6"] for item in permission.get("Ipv6Ranges", ())]
    others = [item["GroupId"] for item in permission.get("UserIdGroupPairs", ())]
    others += [item["PrefixListId"] for item in permission.get("PrefixListIds", ())]
    return Ingress(
        protocol=permission["IpProtocol"],
        first_port=permission.get("FromPort", 0),
        last_port=permission.get("ToPort", 65535),
        cidrs=tuple(blocks),
        others=tuple(others),
    )


@contextlib.contextmanager
def _none_if(*codes: str) -> t.Iterator[None]:
    """Let the function go on, to its ``return None``, when AWS answers with one of these codes."""
    try:
        yield
    except AwsError as exc:
        if exc.code not in codes:
            raise
