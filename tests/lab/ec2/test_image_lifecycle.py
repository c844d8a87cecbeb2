# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of an image's life, and who sees it: deprecation, disabling, protection, sharing, references."""

from __future__ import annotations

import datetime
import json
import typing as t
import uuid

import pytest
from botocore.exceptions import ClientError

from lab.ec2 import stock
from tests.lab.ec2.support import Lab, eventually, newest_image
from tests.lab.ec2.test_ec2_images import code_of

OTHER = "210987654321"
REGION = "eu-west-2"  # of their own, so that nothing is shared with the other tests' region


@pytest.fixture(scope="module")
def there(lab: Lab) -> t.Any:
    return lab.client("ec2", REGION)


@pytest.fixture(scope="module")
def stranger(lab: Lab) -> t.Any:
    return lab.account(OTHER, "ec2", REGION)


@pytest.fixture(scope="module")
def copy(lab: Lab, there: t.Any) -> t.Callable[..., str]:
    """Make an image that is the account's own: a copy of a stock one."""

    def make(**options: t.Any) -> str:
        source = newest_image(lab)
        options = {"Name": f"own-{uuid.uuid4()}", "SourceRegion": lab.state["region"], **options}
        image_id = there.copy_image(SourceImageId=source, **options)["ImageId"]
        eventually(lambda: describe(there, image_id)["State"] == "available", image_id)
        return t.cast("str", image_id)

    return make


@pytest.fixture
def image_id(copy: t.Callable[..., str]) -> str:
    return copy()


def describe(client: t.Any, image_id: str, **options: t.Any) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", client.describe_images(ImageIds=[image_id], **options)["Images"][0])


def listed(client: t.Any, image_id: str, **options: t.Any) -> bool:
    return any(image["ImageId"] == image_id for image in client.describe_images(**options)["Images"])


def launch(client: t.Any, image_id: str) -> str:
    started = client.run_instances(ImageId=image_id, InstanceType="m5.large", MinCount=1, MaxCount=1)
    return t.cast("str", started["Instances"][0]["InstanceId"])


def refused(call: t.Callable[..., t.Any], **options: t.Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**options)
    return code_of(error)


def share(client: t.Any, image_id: str, account: str = OTHER) -> None:
    client.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": account}]})


def test_a_disabled_image_starts_nothing_and_is_hidden(there: t.Any, image_id: str) -> None:
    share(there, image_id)
    there.disable_image(ImageId=image_id)
    assert not listed(there, image_id, Owners=["self"])
    assert there.describe_images(ImageIds=[image_id])["Images"] == []
    assert describe(there, image_id, IncludeDisabled=True)["State"] == "disabled"
    assert refused(launch, client=there, image_id=image_id) == "InvalidAMIID.Unavailable"
    assert refused(share, client=there, image_id=image_id) == "InvalidAMIID.Unavailable"
    filters = [{"Name": "state", "Values": ["disabled"]}]
    assert refused(there.describe_images, Filters=filters) == "InvalidParameter"
    assert listed(there, image_id, Filters=filters, IncludeDisabled=True)
    there.enable_image(ImageId=image_id)
    granted = there.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")["LaunchPermissions"]
    assert granted == [], "what was shared before is not shared again"
    there.terminate_instances(InstanceIds=[launch(there, image_id)])


def test_a_deprecated_image_is_hidden_from_others_only(lab: Lab, there: t.Any, stranger: t.Any, image_id: str) -> None:
    share(there, image_id)
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    there.enable_image_deprecation(ImageId=image_id, DeprecateAt=soon)
    assert listed(stranger, image_id)
    told = describe(there, image_id)["DeprecationTime"]
    assert told.endswith(":00.000Z")
    lab.control("age", image_id=image_id, days="3", region=REGION)
    assert listed(there, image_id, Owners=["self"])
    assert not listed(stranger, image_id)
    assert listed(stranger, image_id, IncludeDeprecated=True)
    stranger.terminate_instances(InstanceIds=[launch(stranger, image_id)])


@pytest.mark.parametrize("days", [-1, 3700])
def test_a_deprecation_has_its_limits(there: t.Any, image_id: str, days: int) -> None:
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    assert refused(there.enable_image_deprecation, ImageId=image_id, DeprecateAt=when) == "InvalidParameterValue"


def test_a_protected_image_cannot_be_deregistered(there: t.Any, image_id: str) -> None:
    assert describe(there, image_id)["DeregistrationProtection"] == "disabled"
    answer = there.enable_image_deregistration_protection(ImageId=image_id)
    assert answer["Return"] == "enabled-without-cooldown"
    assert describe(there, image_id)["DeregistrationProtection"] == "enabled-without-cooldown"
    assert refused(there.deregister_image, ImageId=image_id) == "OperationNotPermitted"
    there.disable_image_deregistration_protection(ImageId=image_id)
    there.deregister_image(ImageId=image_id)


def test_a_cooldown_protects_for_a_day_longer(lab: Lab, there: t.Any, image_id: str) -> None:
    there.enable_image_deregistration_protection(ImageId=image_id, WithCooldown=True)
    there.disable_image_deregistration_protection(ImageId=image_id)
    assert refused(there.deregister_image, ImageId=image_id) == "OperationNotPermitted"
    lab.control("age", image_id=image_id, days="1.01", region=REGION)
    there.deregister_image(ImageId=image_id)


def test_snapshots_go_with_the_image_when_asked(there: t.Any, image_id: str) -> None:
    snapshot = describe(there, image_id)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    there.disable_image(ImageId=image_id)
    assert refused(there.delete_snapshot, SnapshotId=snapshot) == "InvalidSnapshot.InUse"
    answer = there.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    assert answer["DeleteSnapshotResults"] == [{"SnapshotId": snapshot, "ReturnCode": "success"}]
    assert refused(there.describe_snapshots, SnapshotIds=[snapshot]) == "InvalidSnapshot.NotFound"


def test_another_account_sees_what_is_shared_with_it(lab: Lab, there: t.Any, stranger: t.Any, image_id: str) -> None:
    there.create_tags(Resources=[image_id], Tags=[{"Key": "golden:image", "Value": "x"}])
    assert not listed(stranger, image_id)
    assert refused(launch, client=stranger, image_id=image_id) == "InvalidAMIID.NotFound"
    share(there, image_id)
    seen = describe(stranger, image_id)
    assert (seen["OwnerId"], seen["Public"]) == (lab.state["account"], False)
    assert not seen.get("Tags")
    assert listed(stranger, image_id, ExecutableUsers=["self"])
    assert not listed(stranger, image_id, Owners=["self"])
    started = launch(stranger, image_id)
    assert stranger.describe_instances(InstanceIds=[started])["Reservations"]
    assert refused(there.describe_instances, InstanceIds=[started]) == "InvalidInstanceID.NotFound"
    stranger.terminate_instances(InstanceIds=[started])
    for call in (stranger.deregister_image, stranger.disable_image, stranger.enable_image_deregistration_protection):
        assert refused(call, ImageId=image_id) == "AuthFailure"
    there.modify_image_attribute(ImageId=image_id, LaunchPermission={"Remove": [{"UserId": OTHER}]})
    assert refused(describe, client=stranger, image_id=image_id) == "InvalidAMIID.NotFound"


def test_a_shared_image_is_copied_only_with_its_snapshots(there: t.Any, stranger: t.Any, image_id: str) -> None:
    share(there, image_id)
    asked = {"SourceImageId": image_id, "SourceRegion": REGION, "Name": f"theirs-{uuid.uuid4()}"}
    assert refused(stranger.copy_image, **asked) == "InvalidRequest"
    snapshot = describe(there, image_id)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    there.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": OTHER}]})
    assert stranger.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    theirs = stranger.copy_image(**asked)["ImageId"]
    eventually(lambda: describe(stranger, theirs)["State"] == "available", theirs)
    assert describe(stranger, theirs)["OwnerId"] == OTHER


def test_the_same_client_token_makes_one_copy(lab: Lab, there: t.Any) -> None:
    asked = {"SourceImageId": newest_image(lab), "SourceRegion": lab.state["region"], "Name": f"own-{uuid.uuid4()}"}
    first = there.copy_image(ClientToken="once", **asked)["ImageId"]
    assert there.copy_image(ClientToken="once", **asked)["ImageId"] == first
    asked["Name"] = "another"
    assert refused(there.copy_image, ClientToken="once", **asked) == "IdempotentParameterMismatch"


def test_a_key_that_is_off_leaves_an_image_that_starts_nothing(
    lab: Lab, there: t.Any, copy: t.Callable[..., str]
) -> None:
    kms = lab.client("kms", REGION)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    image_id = copy(Encrypted=True, KmsKeyId=key)
    for off, on in (
        (lambda: kms.disable_key(KeyId=key), lambda: kms.enable_key(KeyId=key)),
        (lambda: kms.schedule_key_deletion(KeyId=key), lambda: kms.cancel_key_deletion(KeyId=key)),
    ):
        off()
        started = launch(there, image_id)
        found = there.describe_instances(InstanceIds=[started])["Reservations"][0]["Instances"][0]
        assert found["State"]["Name"] == "terminated"
        assert found["StateReason"]["Code"] == "Client.InvalidKMSKey.InvalidState"
        on()
    kms.enable_key(KeyId=key)
    there.terminate_instances(InstanceIds=[launch(there, image_id)])


def test_a_key_of_another_account_has_to_let_it_in(
    lab: Lab, there: t.Any, stranger: t.Any, copy: t.Callable[..., str]
) -> None:
    kms = lab.client("kms", REGION)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    image_id = copy(Encrypted=True, KmsKeyId=key)
    share(there, image_id)

    def state() -> str:
        started = launch(stranger, image_id)
        found = stranger.describe_instances(InstanceIds=[started])["Reservations"][0]["Instances"][0]
        stranger.terminate_instances(InstanceIds=[started])
        return t.cast("str", found["State"]["Name"])

    assert state() == "terminated"
    principals = {"AWS": [f"arn:aws:iam::{name}:root" for name in (lab.state["account"], OTHER)]}
    statement = {"Effect": "Allow", "Principal": principals, "Action": "kms:*", "Resource": "*"}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps({"Statement": [statement]}))
    assert state() == "pending"


def test_who_refers_to_an_image(lab: Lab, there: t.Any, image_id: str) -> None:
    started = launch(there, image_id)
    template = there.create_launch_template(
        LaunchTemplateName=f"t-{uuid.uuid4()}", LaunchTemplateData={"ImageId": image_id}
    )["LaunchTemplate"]["LaunchTemplateId"]
    lab.client("ssm", REGION).put_parameter(Name="/golden/x", Value=image_id, Type="String", DataType="aws:ec2:image")

    def kinds() -> set[tuple[str, str]]:
        answer = there.describe_image_references(ImageIds=[image_id], IncludeAllResourceTypes=True)
        return {(row["ResourceType"], row["Arn"].rpartition(":")[2]) for row in answer["ImageReferences"]}

    everything = {
        ("ec2:Instance", f"instance/{started}"),
        ("ec2:LaunchTemplate", f"launch-template/{template}"),
        ("ssm:Parameter", "parameter/golden/x"),
    }
    eventually(lambda: kinds() == everything, "every reference")
    running = {"OptionName": "state-name", "OptionValues": ["stopped"]}
    answer = there.describe_image_references(
        ImageIds=[image_id], ResourceTypes=[{"ResourceType": "ec2:Instance", "ResourceTypeOptions": [running]}]
    )
    assert answer["ImageReferences"] == []
    there.deregister_image(ImageId=image_id)
    told = there.describe_instance_image_metadata(InstanceIds=[started])["InstanceImageMetadata"][0]["ImageMetadata"]
    assert (told["ImageId"], told["State"]) == (image_id, "deregistered")
    there.terminate_instances(InstanceIds=[started])


def test_a_withdrawn_image_is_gone_for_every_account(lab: Lab, there: t.Any, stranger: t.Any) -> None:
    image_id = stock.stock_images(REGION)[0].image_id
    template = there.create_launch_template(
        LaunchTemplateName=f"t-{uuid.uuid4()}", LaunchTemplateData={"ImageId": image_id, "InstanceType": "m5.large"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    lab.control("withdraw", image_id=image_id, region=REGION)
    late = lab.account("333333333333", "ec2", REGION)
    for client in (there, stranger, late):
        assert refused(launch, client=client, image_id=image_id) == "InvalidAMIID.NotFound"
    asked = {"LaunchTemplate": {"LaunchTemplateId": template}, "MinCount": 1, "MaxCount": 1}
    with pytest.raises(ClientError, match=f"The image id '\\[{image_id}\\]' does not exist"):
        there.run_instances(**asked)


def test_pages_of_images_join_to_the_whole(there: t.Any) -> None:
    pages = there.get_paginator("describe_images").paginate(Owners=["amazon"], PaginationConfig={"PageSize": 5})
    paged = [image["ImageId"] for page in pages for image in page["Images"]]
    assert sorted(paged) == sorted(image["ImageId"] for image in there.describe_images(Owners=["amazon"])["Images"])
