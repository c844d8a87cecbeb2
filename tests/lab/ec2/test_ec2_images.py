# SPDX-License-Identifier: GPL-3.0-or-later
"""Images: stock ones, those made from instances, copies, and what becomes of them."""

from __future__ import annotations

import typing as t
import uuid

import pytest
from botocore.exceptions import ClientError

from lab.ec2 import stock
from tests.lab.ec2.support import Lab, eventually


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return t.cast("str", error.value.response["Error"]["Code"])


def describe(client: t.Any, image_id: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", client.describe_images(ImageIds=[image_id])["Images"][0])


def available(client: t.Any, image_id: str) -> dict[str, t.Any]:
    def look() -> dict[str, t.Any] | None:
        image = describe(client, image_id)
        return image if image["State"] == "available" else None

    return t.cast("dict[str, t.Any]", eventually(look, image_id))


@pytest.fixture
def stopped(ec2: t.Any, run: t.Any, wait_state: t.Any) -> str:
    """A stopped instance with an encrypted root volume of 50 GiB."""
    mapping = {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 50, "VolumeType": "gp3", "Encrypted": True}}
    instance_id = run(BlockDeviceMappings=[mapping])["InstanceId"]
    ec2.stop_instances(InstanceIds=[instance_id])
    wait_state(instance_id, "stopped")
    return t.cast("str", instance_id)


@pytest.mark.parametrize("version", ["2016", "2019", "2022", "2025"])
def test_the_parameter_names_the_newest_image_of_its_family(lab: Lab, ec2: t.Any, version: str) -> None:
    family = f"Windows_Server-{version}-English-Full-Base"
    parameter = lab.client("ssm").get_parameter(Name=stock.PARAMETER_PREFIX + family)["Parameter"]
    images = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": [f"{family}-*"]}])["Images"]
    newest = max(images, key=lambda image: image["CreationDate"])
    assert parameter["Value"] == newest["ImageId"]
    assert parameter["DataType"] == "aws:ec2:image"
    assert len(images) == len(stock.RELEASES)
    assert newest["OwnerId"] == stock.OWNER_ID
    assert newest["ImageOwnerAlias"] == "amazon"
    assert newest["Platform"] == "windows"
    assert newest["Public"] is True


def test_ids_differ_between_regions_and_are_found_only_in_theirs(lab: Lab, base_image: str) -> None:
    with pytest.raises(ClientError) as error:
        lab.client("ec2", "us-east-1").describe_images(ImageIds=[base_image])
    assert code_of(error) == "InvalidAMIID.NotFound"


def test_a_withdrawn_image_is_gone_for_every_call(lab: Lab, ec2: t.Any) -> None:
    image_id = stock.stock_images(lab.state["region"])[0].image_id
    lab.control("withdraw", image_id=image_id)
    for call, options in (
        (ec2.describe_images, {"ImageIds": [image_id]}),
        (ec2.run_instances, {"ImageId": image_id, "MinCount": 1, "MaxCount": 1}),
        (ec2.copy_image, {"SourceImageId": image_id, "SourceRegion": lab.state["region"], "Name": "copy"}),
    ):
        with pytest.raises(ClientError) as error:
            call(**options)
        assert code_of(error) == "InvalidAMIID.NotFound"
    assert image_id not in {image["ImageId"] for image in ec2.describe_images(Owners=["amazon"])["Images"]}


def test_an_image_has_the_volumes_of_its_instance_and_takes_a_moment(ec2: t.Any, stopped: str) -> None:
    name = f"golden-{uuid.uuid4()}"
    tags = [{"Key": "golden:image", "Value": "x"}]
    specifications = [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")]
    image_id = ec2.create_image(InstanceId=stopped, Name=name, TagSpecifications=specifications)["ImageId"]
    assert describe(ec2, image_id)["State"] == "pending"
    with pytest.raises(ClientError) as error:
        ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)
    assert code_of(error) == "InvalidAMIID.Unavailable"
    image = available(ec2, image_id)
    ebs = image["BlockDeviceMappings"][0]["Ebs"]
    assert (ebs["VolumeSize"], ebs["VolumeType"], ebs["Encrypted"]) == (50, "gp3", True)
    assert ebs["DeleteOnTermination"] is True
    assert image["Tags"] == tags
    assert image["Public"] is False
    snapshot = ec2.describe_snapshots(SnapshotIds=[ebs["SnapshotId"]])["Snapshots"][0]
    assert (snapshot["State"], snapshot["Encrypted"], snapshot["VolumeSize"]) == ("completed", True, 50)
    assert snapshot["Tags"] == tags
    own = {found["SnapshotId"] for found in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    amazons = {found["SnapshotId"] for found in ec2.describe_snapshots(OwnerIds=["amazon"])["Snapshots"]}
    assert snapshot["SnapshotId"] in own
    assert amazons
    assert not own & amazons
    with pytest.raises(ClientError) as error:
        ec2.delete_snapshot(SnapshotId=ebs["SnapshotId"])
    assert code_of(error) == "InvalidSnapshot.InUse"
    ec2.deregister_image(ImageId=image_id)
    ec2.delete_snapshot(SnapshotId=ebs["SnapshotId"])


def test_two_images_of_one_account_cannot_share_a_name(ec2: t.Any, stopped: str) -> None:
    name = f"golden-{uuid.uuid4()}"
    first = ec2.create_image(InstanceId=stopped, Name=name)["ImageId"]
    with pytest.raises(ClientError, match=first) as error:
        ec2.create_image(InstanceId=stopped, Name=name)
    assert code_of(error) == "InvalidAMIName.Duplicate"
    ec2.deregister_image(ImageId=first, DeleteAssociatedSnapshots=True)
    assert available(ec2, ec2.create_image(InstanceId=stopped, Name=name)["ImageId"])["Name"] == name


def test_what_can_be_changed_of_an_image(ec2: t.Any, stopped: str) -> None:
    image_id = ec2.create_image(InstanceId=stopped, Name=f"golden-{uuid.uuid4()}")["ImageId"]
    ec2.modify_image_attribute(ImageId=image_id, Description={"Value": "said later"})
    ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt="2035-01-01T00:00:00Z")
    image = describe(ec2, image_id)
    assert (image["Description"], image["DeprecationTime"]) == ("said later", "2035-01-01T00:00:00.000Z")
    ec2.disable_image_deprecation(ImageId=image_id)
    assert "DeprecationTime" not in describe(ec2, image_id)
    ec2.deregister_image(ImageId=image_id)


@pytest.mark.parametrize("name", ["a:b", "x{y}", "tab\there"])
def test_names_that_ec2_refuses(ec2: t.Any, stopped: str, name: str) -> None:
    with pytest.raises(ClientError) as error:
        ec2.create_image(InstanceId=stopped, Name=name)
    assert code_of(error) == "InvalidAMIName.Malformed"


def test_a_copy_can_be_encrypted_on_the_way(lab: Lab, ec2: t.Any, base_image: str) -> None:
    there = lab.client("ec2", "us-east-1")
    copy = there.copy_image(
        SourceImageId=base_image, SourceRegion=lab.state["region"], Name=f"copy-{uuid.uuid4()}", Encrypted=True
    )["ImageId"]
    image = available(there, copy)
    assert image["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    assert image["OwnerId"] == lab.state["account"]


def test_a_deregistered_image_is_gone(ec2: t.Any, stopped: str) -> None:
    image_id = ec2.create_image(InstanceId=stopped, Name=f"golden-{uuid.uuid4()}")["ImageId"]
    available(ec2, image_id)
    ec2.deregister_image(ImageId=image_id)
    with pytest.raises(ClientError) as error:
        ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)
    assert code_of(error) == "InvalidAMIID.NotFound"


def test_what_the_lab_has_not_got_names_itself(ec2: t.Any) -> None:
    with pytest.raises(ClientError, match="describe_fast_launch_images") as error:
        ec2.describe_fast_launch_images()
    assert code_of(error) == "InvalidAction"
