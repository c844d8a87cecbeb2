# SPDX-License-Identifier: GPL-3.0-or-later
"""Launch templates, parameters that name images, and spot fleets."""

from __future__ import annotations

import typing as t
import uuid

import pytest

from tests.lab.ec2.support import Lab, eventually, newest_image
from tests.lab.ec2.test_image_lifecycle import REGION, copy, image_id, launch, refused, there

__all__ = ["copy", "image_id", "there"]  # fixtures


def test_a_parameter_for_an_image_takes_only_what_can_be_launched(lab: Lab, there: t.Any, image_id: str) -> None:
    ssm = lab.client("ssm", REGION)
    name = f"/golden/{uuid.uuid4()}"
    options = {"Name": name, "Type": "String", "DataType": "aws:ec2:image", "Overwrite": True}

    def value() -> str:
        return t.cast("str", ssm.get_parameter(Name=name)["Parameter"]["Value"])

    assert ssm.put_parameter(Value="ami-00000000000000000", **options)["Version"] == 1
    assert ssm.put_parameter(Value=image_id, **options)["Version"] == 2
    eventually(
        lambda: ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"], name
    )
    assert value() == image_id
    assert ssm.get_parameter(Name=name)["Parameter"]["Version"] == 1, "what was no image left no version"
    other = newest_image(lab)  # of another region
    assert ssm.put_parameter(Value=other, **options)["Version"] == 2
    ssm.put_parameter(Value=image_id, **options)
    eventually(lambda: ssm.get_parameter(Name=name)["Parameter"]["Version"] == 2, "the second version")
    assert value() == image_id
    ssm.label_parameter_version(Name=name, ParameterVersion=1, Labels=["stable"])
    for text in (f"resolve:ssm:{name}", f"resolve:ssm:{name}:1", f"resolve:ssm:{name}:stable"):
        there.terminate_instances(InstanceIds=[launch(there, text)])
    assert refused(launch, client=there, image_id=f"resolve:ssm:{name}:nowhere") == "InvalidParameterValue"
    history = ssm.get_parameter_history(Name=name)["Parameters"]
    assert [(row["Version"], row["Labels"]) for row in history] == [(1, ["stable"]), (2, [])]


def test_a_version_of_a_template_builds_on_another(lab: Lab, there: t.Any, image_id: str) -> None:
    name = f"t-{uuid.uuid4()}"
    data = {"ImageId": newest_image(lab), "InstanceType": "m5.large", "UserData": "aGVsbG8="}
    there.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    asked = {"LaunchTemplateName": name, "SourceVersion": "1", "LaunchTemplateData": {"ImageId": image_id}}
    made = there.create_launch_template_version(ClientToken="one", **asked)["LaunchTemplateVersion"]
    assert made["VersionNumber"] == 2
    assert made["LaunchTemplateData"] == {"ImageId": image_id, "InstanceType": "m5.large", "UserData": "aGVsbG8="}
    again = there.create_launch_template_version(ClientToken="one", **asked)["LaunchTemplateVersion"]
    assert again["VersionNumber"] == 2
    for version, wanted in (("$Latest", image_id), ("$Default", data["ImageId"]), ("1", data["ImageId"])):
        found = there.describe_launch_template_versions(LaunchTemplateName=name, Versions=[version])
        assert found["LaunchTemplateVersions"][0]["LaunchTemplateData"]["ImageId"] == wanted
    missing = {"LaunchTemplateName": name, "Versions": ["0"]}
    assert refused(there.describe_launch_template_versions, **missing) == "InvalidLaunchTemplateId.VersionNotFound"


def test_what_a_template_says_is_what_starts(lab: Lab, there: t.Any, image_id: str) -> None:
    iam = lab.client("iam")
    profile = f"p-{uuid.uuid4()}"
    iam.create_instance_profile(InstanceProfileName=profile)
    group = there.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]
    subnet = there.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [group["VpcId"]]}])["Subnets"][1]["SubnetId"]
    data = {
        "ImageId": image_id,
        "InstanceType": "m5.xlarge",
        "IamInstanceProfile": {"Name": profile},
        "MetadataOptions": {"HttpTokens": "required"},
        "InstanceInitiatedShutdownBehavior": "terminate",
        "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group["GroupId"]]}],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "role", "Value": "web"}]}],
    }
    name = f"t-{uuid.uuid4()}"
    there.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    started = there.run_instances(LaunchTemplate={"LaunchTemplateName": name}, MinCount=1, MaxCount=1)["Instances"][0]
    found = there.describe_instances(InstanceIds=[started["InstanceId"]])["Reservations"][0]["Instances"][0]
    assert (found["ImageId"], found["InstanceType"], found["SubnetId"]) == (image_id, "m5.xlarge", subnet)
    assert found["IamInstanceProfile"]["Arn"].endswith(f"/{profile}")
    assert found["MetadataOptions"]["HttpTokens"] == "required"
    assert {"Key": "role", "Value": "web"} in found["Tags"]
    there.terminate_instances(InstanceIds=[started["InstanceId"]])


def test_no_template_is_lost_between_pages(there: t.Any) -> None:
    names = {f"many-{uuid.uuid4()}" for _ in range(20)}
    for name in names:
        there.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "m5.large"})
    answer = there.describe_launch_templates()
    assert names <= {template["LaunchTemplateName"] for template in answer["LaunchTemplates"]}
    pages = there.get_paginator("describe_launch_template_versions").paginate(
        Versions=["$Latest", "$Default"], PaginationConfig={"PageSize": 7}
    )
    assert names <= {version["LaunchTemplateName"] for page in pages for version in page["LaunchTemplateVersions"]}


@pytest.mark.parametrize("through", ["a template", "a specification"])
def test_a_spot_fleet_says_what_it_starts_from(lab: Lab, there: t.Any, image_id: str, through: str) -> None:
    data = {"ImageId": image_id, "InstanceType": "m5.large"}
    asked: dict[str, t.Any] = {"LaunchSpecifications": [data]}
    if through == "a template":
        template = there.create_launch_template(LaunchTemplateName=f"t-{uuid.uuid4()}", LaunchTemplateData=data)
        there.create_launch_template_version(
            LaunchTemplateId=template["LaunchTemplate"]["LaunchTemplateId"],
            LaunchTemplateData={**data, "ImageId": newest_image(lab)},
        )
        specification = {"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}
        asked = {"LaunchTemplateConfigs": [{"LaunchTemplateSpecification": specification}]}
    role = {"TargetCapacity": 1, "IamFleetRole": "arn:aws:iam::123456789012:role/fleet"}
    config = {**role, "AllocationStrategy": "lowestPrice", **asked}
    fleet = there.request_spot_fleet(SpotFleetRequestConfig=config)["SpotFleetRequestId"]
    told = there.describe_spot_fleet_requests(SpotFleetRequestIds=[fleet])["SpotFleetRequestConfigs"][0]
    assert told["SpotFleetRequestState"] == "active"
    for name, value in asked.items():
        assert told["SpotFleetRequestConfig"][name] == value
    active = there.describe_spot_fleet_instances(SpotFleetRequestId=fleet)["ActiveInstances"]
    found = there.describe_instances(InstanceIds=[active[0]["InstanceId"]])["Reservations"][0]["Instances"][0]
    assert (found["ImageId"], found["InstanceLifecycle"]) == (image_id, "spot")
    there.cancel_spot_fleet_requests(SpotFleetRequestIds=[fleet], TerminateInstances=True)
    there.disable_image(ImageId=image_id)
    assert refused(there.request_spot_fleet, SpotFleetRequestConfig=config) == "InvalidAMIID.Unavailable"
