# SPDX-License-Identifier: GPL-3.0-or-later
"""What the adapter reports about the place where images are built."""

from __future__ import annotations

import typing as t
import uuid

import boto3
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils import builder_facts
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws, AwsError
from ansible_collections.golden.windows_ami.plugins.plugin_utils.preflight import Ingress
from botocore.stub import Stubber

from .conftest import REGION


@pytest.fixture
def subnet(ec2: t.Any) -> dict[str, t.Any]:
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    return dict(ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone=f"{REGION}b")["Subnet"])


def test_a_subnet(aws: Aws, subnet: dict[str, t.Any]) -> None:
    found = builder_facts.subnet(aws, subnet["SubnetId"])
    assert found is not None
    assert found._replace(id="") == ("", "available", subnet["VpcId"], f"{REGION}b", "10.9.1.0/24", 251, False)


@pytest.mark.parametrize("look", [builder_facts.subnet, builder_facts.security_group])
def test_what_is_not_there_is_none(aws: Aws, look: t.Callable[[Aws, str], t.Any]) -> None:
    kind = "subnet" if look is builder_facts.subnet else "sg"
    assert look(aws, f"{kind}-0123456789abcdef0") is None


def test_a_security_group(aws: Aws, ec2: t.Any, subnet: dict[str, t.Any]) -> None:
    names = [
        ec2.create_security_group(GroupName=f"t{uuid.uuid4()}", Description="x", VpcId=subnet["VpcId"]) for _ in "ab"
    ]
    group, other = (name["GroupId"] for name in names)
    rules = [
        {"IpProtocol": "tcp", "FromPort": 5986, "ToPort": 5986, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": other}]},
    ]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
    found = builder_facts.security_group(aws, group)
    assert found is not None
    assert found.vpc == subnet["VpcId"]
    assert sorted(found.ingress) == [
        Ingress("-1", 0, 65535, (), (other,)),
        Ingress("tcp", 5986, 5986, ("10.0.0.0/8",), ()),
    ]


def test_where_an_instance_type_is_offered(aws: Aws) -> None:
    assert f"{REGION}a" in builder_facts.zones_offering(aws, "m5.large")
    assert builder_facts.zones_offering(aws, "m5.gigantic") == set()


def test_vcpus_of_running_instances(aws: Aws, ec2: t.Any, subnet: dict[str, t.Any]) -> None:
    before = builder_facts.vcpus_in_use(aws)
    ami = ec2.describe_images()["Images"][0]["ImageId"]
    started = [
        ec2.run_instances(ImageId=ami, InstanceType=kind, MinCount=1, MaxCount=1, SubnetId=subnet["SubnetId"])
        for kind in ("m5.large", "g4dn.xlarge")
    ]
    assert builder_facts.vcpus(aws, "m5.large") == 2
    after = builder_facts.vcpus_in_use(aws)
    ec2.terminate_instances(InstanceIds=[item["Instances"][0]["InstanceId"] for item in started])
    assert after > before
    assert builder_facts.vcpus_in_use(aws) == before


def test_the_state_of_a_key(aws: Aws) -> None:
    kms = boto3.client("kms", REGION)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert builder_facts.key_state(aws, key) == "Enabled"
    kms.disable_key(KeyId=key)
    assert builder_facts.key_state(aws, key) == "Disabled"
    assert builder_facts.key_state(aws, "alias/none") is None


def test_trying_starts_nothing(aws: Aws, ec2: t.Any, subnet: dict[str, t.Any]) -> None:
    ami = ec2.describe_images()["Images"][0]["ImageId"]
    builder = {"instance_type": "m5.large", "subnet_id": subnet["SubnetId"], "root_volume_gib": 50}
    request = builder_facts.run_request(
        ami, {**builder, "kms_key_id": "", "security_group_id": "", "iam_instance_profile": ""}
    )
    tagged = {tags["ResourceType"]: tags["Tags"][0]["Key"] for tags in request["TagSpecifications"]}
    assert tagged == {"instance": "golden:build", "volume": "golden:build"}, "the policy in docs/iam asks for it"
    filters = [{"Name": "subnet-id", "Values": [subnet["SubnetId"]]}]
    builder_facts.try_run(aws, request)
    assert ec2.describe_instances(Filters=filters)["Reservations"] == []


def test_what_ec2_would_refuse_is_raised(aws: Aws) -> None:
    with Stubber(aws.client("ec2")) as refusing:
        refusing.add_client_error("run_instances", "UnauthorizedOperation", "You are not authorized.")
        with pytest.raises(
            AwsError, match=r"Cannot start m5.large \(only tried\) in eu-west-1: the permission"
        ) as caught:
            builder_facts.try_run(aws, {"InstanceType": "m5.large", "ImageId": "ami-0123456789abcdef0"})
    assert caught.value.denied


@pytest.mark.parametrize(
    ("instance_type", "standard"),
    [
        ("m5.large", True),
        ("t3.micro", True),
        ("i4i.large", True),
        ("hpc7a.12xlarge", False),
        ("inf2.xlarge", False),
        ("trn1.2xlarge", False),
        ("dl1.24xlarge", False),
        ("g5.xlarge", False),
        ("p4d.24xlarge", False),
    ],
)
def test_which_types_count(instance_type: str, standard: bool) -> None:
    assert builder_facts.is_standard(instance_type) is standard
