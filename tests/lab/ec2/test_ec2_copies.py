# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of images: repeated requests, keys, and what can be shared with other accounts."""

from __future__ import annotations

import typing as t
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.lab.ec2.support import Lab, eventually

THERE = "us-east-1"
STRANGER = "210987654321"


@pytest.fixture(scope="module")
def there(lab: Lab) -> t.Any:
    return lab.client("ec2", THERE)


@pytest.fixture(scope="module")
def key(lab: Lab) -> str:
    """A key of the account's own, in the region that is copied to."""
    return str(lab.client("kms", THERE).create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def request_(lab: Lab, base_image: str) -> dict[str, t.Any]:
    return {
        "SourceImageId": base_image,
        "SourceRegion": lab.state["region"],
        "Name": f"copy-{uuid.uuid4()}",
        "Encrypted": True,
    }


def finished(there: t.Any, image_id: str) -> dict[str, t.Any]:
    def look() -> dict[str, t.Any] | None:
        image = there.describe_images(ImageIds=[image_id])["Images"][0]
        return image if image["State"] != "pending" else None

    return t.cast("dict[str, t.Any]", eventually(look, f"the end of copying {image_id}"))


def snapshot(there: t.Any, image: dict[str, t.Any]) -> dict[str, t.Any]:
    wanted = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    return t.cast("dict[str, t.Any]", there.describe_snapshots(SnapshotIds=[wanted])["Snapshots"][0])


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_the_same_request_makes_one_copy(there: t.Any, request_: dict[str, t.Any]) -> None:
    token = str(uuid.uuid4())
    first = there.copy_image(**request_, ClientToken=token)["ImageId"]
    assert there.copy_image(**request_, ClientToken=token)["ImageId"] == first
    with pytest.raises(ClientError) as error:
        there.copy_image(**{**request_, "Name": "another"}, ClientToken=token)
    assert code_of(error) == "IdempotentParameterMismatch"


def test_a_copy_is_encrypted_with_the_key_that_is_named(there: t.Any, request_: dict[str, t.Any], key: str) -> None:
    copy = finished(there, there.copy_image(**request_, KmsKeyId=key.rpartition("/")[2])["ImageId"])
    assert (copy["State"], snapshot(there, copy)["KmsKeyId"]) == ("available", key)


def test_a_key_needs_encryption(there: t.Any, request_: dict[str, t.Any], key: str) -> None:
    with pytest.raises(ClientError) as error:
        there.copy_image(**{**request_, "Encrypted": False}, KmsKeyId=key)
    assert code_of(error) == "InvalidParameterDependency"


def test_a_copy_with_a_key_that_is_not_there_fails_later(lab: Lab, there: t.Any, request_: dict[str, t.Any]) -> None:
    elsewhere = lab.client("kms", "eu-central-1").create_key()["KeyMetadata"]["Arn"]
    copy = there.copy_image(**request_, KmsKeyId=elsewhere)["ImageId"]
    assert finished(there, copy)["State"] == "failed"
    there.deregister_image(ImageId=copy)


def test_what_the_default_key_encrypts_cannot_be_shared(there: t.Any, lab: Lab, request_: dict[str, t.Any]) -> None:
    copy = finished(there, there.copy_image(**request_)["ImageId"])
    default = snapshot(there, copy)
    assert lab.client("kms", THERE).describe_key(KeyId=default["KmsKeyId"])["KeyMetadata"]["KeyManager"] == "AWS"
    with pytest.raises(ClientError) as error:
        there.modify_image_attribute(ImageId=copy["ImageId"], LaunchPermission={"Add": [{"UserId": STRANGER}]})
    assert code_of(error) == "OperationNotPermitted"
    adding = {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": [STRANGER]}
    with pytest.raises(ClientError) as error:
        there.modify_snapshot_attribute(SnapshotId=default["SnapshotId"], **adding)
    assert code_of(error) == "OperationNotPermitted"


def test_what_a_key_of_ones_own_encrypts_can_be_shared(there: t.Any, request_: dict[str, t.Any], key: str) -> None:
    copy = finished(there, there.copy_image(**request_, KmsKeyId=key)["ImageId"])
    image_id = copy["ImageId"]
    there.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": STRANGER}]})
    permissions = there.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")["LaunchPermissions"]
    assert permissions == [{"UserId": STRANGER}]
    with pytest.raises(ClientError) as error:
        there.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"Group": "all"}]})
    assert code_of(error) == "OperationNotPermitted"
