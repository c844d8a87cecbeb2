# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups start real guests, hold their capacity, and say why when they cannot."""

from __future__ import annotations

import typing as t
import uuid

from lab.ec2 import stock
from tests.lab.autoscaling.support import Groups, refused
from tests.lab.ec2.support import Lab, eventually


def test_a_group_starts_guests_and_replaces_what_it_loses(
    lab: Lab, ec2: t.Any, groups: Groups, base_image: str
) -> None:
    tags = [{"Key": "role", "Value": "web", "PropagateAtLaunch": True}]
    name = groups.make(groups.template(base_image), capacity=2, Tags=tags)
    first, second = groups.settled(name, 2)
    for row in (first, second):
        guest = lab.instance(row["InstanceId"])
        assert (guest["state"], guest["image_id"]) == ("running", base_image)
        assert guest["tags"]["aws:autoscaling:groupName"] == name
        assert guest["tags"]["role"] == "web"
        assert row["LaunchTemplate"]["Version"] == "1"
    ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    ec2.stop_instances(InstanceIds=[second["InstanceId"]])
    old = {first["InstanceId"], second["InstanceId"]}

    def replaced() -> bool:
        found = {row["InstanceId"] for row in groups.look(name)["Instances"]}
        return len(found) == 2 and not found & old

    eventually(replaced, "two other instances", 30)
    groups.settled(name, 2)
    assert lab.instance(second["InstanceId"])["state"] == "terminated", "what is stopped is no use to the group"
    causes = [row["Cause"] for row in groups.activities(name)]
    assert any("EC2 health check indicating it has been terminated or stopped" in cause for cause in causes)
    assert any("a user request created an AutoScalingGroup" in cause for cause in causes)
    assert {row["StatusCode"] for row in groups.activities(name)} == {"Successful"}
    details = groups.asg.describe_auto_scaling_instances()["AutoScalingInstances"]
    assert {row["AutoScalingGroupName"] for row in details} == {name}


def test_a_group_whose_image_was_withdrawn_cannot_replace_an_instance(lab: Lab, ec2: t.Any, groups: Groups) -> None:
    image_id = stock.stock_images(lab.state["region"])[3].image_id
    template = groups.template(image_id)
    name = groups.make(template)
    running = groups.settled(name, 1)[0]["InstanceId"]
    lab.control("withdraw", image_id=image_id)
    assert groups.settled(name, 1)[0]["InstanceId"] == running, "what runs is left alone"
    ec2.terminate_instances(InstanceIds=[running])
    activity = groups.failed(name)
    text = f"The image id '[{image_id}]' does not exist. Launching EC2 instance failed."
    assert activity["StatusMessage"] == text
    assert activity["Description"] == f"Launching a new EC2 instance.  Status Reason: {text}"
    assert groups.serving(name) == []
    eventually(lambda: len(groups.activities(name, "Failed")) > 1, "another attempt")
    other = stock.stock_images(lab.state["region"])[4].image_id
    groups.version(template, other)
    groups.asg.update_auto_scaling_group(
        AutoScalingGroupName=name, LaunchTemplate={"LaunchTemplateId": template, "Version": "2"}
    )
    groups.settled(name, 1)
    assert groups.images(name) == [other]


def test_capacity_is_followed_within_its_bounds(groups: Groups, base_image: str) -> None:
    name = groups.make(groups.template(base_image), capacity=0, MinSize=0, MaxSize=2)
    groups.asg.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)
    groups.settled(name, 2)
    code, text = refused(groups.asg.set_desired_capacity, AutoScalingGroupName=name, DesiredCapacity=3)
    assert (code, text) == (
        "ValidationError",
        "New SetDesiredCapacity value 3 is above max value 2 for the AutoScalingGroup.",
    )
    groups.asg.update_auto_scaling_group(AutoScalingGroupName=name, MaxSize=1)
    left = groups.settled(name, 1)
    assert groups.look(name)["DesiredCapacity"] == 1
    assert refused(groups.asg.delete_auto_scaling_group, AutoScalingGroupName=name)[0] == "ResourceInUse"
    groups.asg.terminate_instance_in_auto_scaling_group(
        InstanceId=left[0]["InstanceId"], ShouldDecrementDesiredCapacity=True
    )
    groups.settled(name, 0)
    groups.asg.delete_auto_scaling_group(AutoScalingGroupName=name)
    gone = groups.asg.describe_scaling_activities(AutoScalingGroupName=name, IncludeDeletedGroups=True)["Activities"]
    assert {row["AutoScalingGroupState"] for row in gone} == {"Deleted"}


def test_versions_of_a_template_are_what_they_say(groups: Groups, base_image: str, own_image: t.Any) -> None:
    newer = own_image()
    template = groups.template(base_image)
    latest = groups.make(template, version="$Latest")
    default = groups.make(template, version="$Default")
    groups.version(template, newer)
    for name, wanted in ((latest, newer), (default, base_image)):
        groups.ec2.terminate_instances(InstanceIds=[groups.settled(name, 1)[0]["InstanceId"]])
        eventually(lambda name=name: len(groups.activities(name)) >= 3, "a replacement")
        row = groups.settled(name, 1)[0]
        assert row["ImageId"] == wanted
        assert groups.images(name) == [wanted]
    assert groups.look(latest)["LaunchTemplate"]["Version"] == "$Latest"
    assert groups.settled(latest, 1)[0]["LaunchTemplate"]["Version"] == "2"


def test_a_template_follows_a_parameter(lab: Lab, groups: Groups, base_image: str, own_image: t.Any) -> None:
    ssm, parameter = lab.client("ssm"), f"/golden/{uuid.uuid4()}"
    options = {"Name": parameter, "Type": "String", "DataType": "aws:ec2:image", "Overwrite": True}

    def publish(image_id: str) -> None:
        ssm.put_parameter(Value=image_id, **options)
        eventually(lambda: ssm.get_parameters(Names=[parameter])["Parameters"][0]["Value"] == image_id, parameter)

    ssm.put_parameter(Value=base_image, **options)
    eventually(lambda: ssm.get_parameters(Names=[parameter])["Parameters"], parameter)
    name = groups.make(groups.template(f"resolve:ssm:{parameter}"))
    assert groups.images(name) == [base_image]
    newer = own_image()
    publish(newer)
    groups.ec2.terminate_instances(InstanceIds=[groups.settled(name, 1)[0]["InstanceId"]])
    eventually(lambda: groups.images(name) == [newer], "an instance from the parameter's new image")
    ssm.delete_parameter(Name=parameter)
    groups.ec2.terminate_instances(InstanceIds=[groups.settled(name, 1)[0]["InstanceId"]])
    assert "cannot be resolved" in groups.failed(name)["StatusMessage"]


def test_a_mixed_group_starts_from_its_overrides(groups: Groups, base_image: str, own_image: t.Any) -> None:
    other = groups.template(own_image())
    specification = {"LaunchTemplateId": groups.template(base_image), "Version": "1"}
    overrides: list[dict[str, t.Any]] = [
        {"InstanceType": "m5.xlarge", "LaunchTemplateSpecification": {"LaunchTemplateId": other, "Version": "1"}},
        {"InstanceType": "m5.2xlarge"},
    ]
    policy = {
        "LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": overrides},
        "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0},
    }
    name = groups.make(capacity=3, MixedInstancesPolicy=policy)
    found = groups.settled(name, 3)
    assert sorted(row["InstanceType"] for row in found) == ["m5.2xlarge", "m5.xlarge", "m5.xlarge"]
    assert base_image in groups.images(name)
    assert len(set(groups.images(name))) == 2
    told = groups.look(name)
    assert "LaunchTemplate" not in told
    assert [row["InstanceType"] for row in told["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]] == [
        "m5.xlarge",
        "m5.2xlarge",
    ]


def test_a_launch_configuration_is_launched_too(lab: Lab, groups: Groups, base_image: str) -> None:
    name = f"configuration-{uuid.uuid4()}"
    options = {"LaunchConfigurationName": name, "InstanceType": "m5.large"}
    missing = "ami-00000000000000000"
    code, text = refused(groups.asg.create_launch_configuration, ImageId=missing, **options)
    assert (code, text) == (
        "ValidationError",
        f"AMI {missing} is invalid: The image id '[{missing}]' does not exist",
    )
    groups.asg.create_launch_configuration(ImageId=base_image, UserData="aGVsbG8=", **options)
    group = groups.make(LaunchConfigurationName=name)
    assert groups.settled(group, 1)[0]["LaunchConfigurationName"] == name
    assert groups.images(group) == [base_image]
    assert refused(groups.asg.delete_launch_configuration, LaunchConfigurationName=name)[0] == "ResourceInUse"


def test_a_group_is_not_made_of_what_cannot_be_launched(ec2: t.Any, groups: Groups, own_image: t.Any) -> None:
    image_id = own_image()
    template = groups.template(image_id)
    ec2.disable_image(ImageId=image_id)
    options = {"AutoScalingGroupName": "x", "MinSize": 0, "MaxSize": 1, "AvailabilityZones": ["eu-west-1a"]}
    for launch in ({"LaunchTemplateId": template}, {"LaunchTemplateId": template, "Version": "7"}):
        code, text = refused(groups.asg.create_auto_scaling_group, LaunchTemplate=launch, **options)
        assert code == "ValidationError"
        assert text.startswith("You must use a valid fully-formed launch template. ")


def test_a_group_sees_the_loss_of_its_key(lab: Lab, groups: Groups, base_image: str) -> None:
    kms = lab.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    device = {"DeviceName": "/dev/sda1", "Ebs": {"Encrypted": True, "KmsKeyId": key, "VolumeSize": 30}}
    name = groups.make(groups.template(base_image, BlockDeviceMappings=[device]), capacity=0)
    kms.disable_key(KeyId=key)
    groups.asg.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=1)
    assert "Client.InvalidKMSKey.InvalidState" in groups.failed(name)["StatusMessage"]
    kms.enable_key(KeyId=key)
    groups.settled(name, 1)


def test_a_guest_that_never_boots_is_replaced(lab: Lab, groups: Groups, base_image: str) -> None:
    lab.control("guest-fault", fault="never-boot")
    name = groups.make(groups.template(base_image), capacity=0)
    groups.asg.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=1)
    eventually(
        lambda: any("instance status checks failure" in row["Cause"] for row in groups.activities(name)),
        "a failed status check",
    )
    row = groups.settled(name, 1)[0]
    eventually(lambda: lab.instance(row["InstanceId"])["power"] == "on", "the second guest")


def test_suspended_and_standby_instances_are_left_alone(groups: Groups, base_image: str) -> None:
    name = groups.make(groups.template(base_image))
    groups.asg.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["Launch"])
    kept = groups.settled(name, 1)[0]["InstanceId"]
    groups.asg.enter_standby(InstanceIds=[kept], AutoScalingGroupName=name, ShouldDecrementDesiredCapacity=False)
    groups.asg.resume_processes(AutoScalingGroupName=name)
    eventually(lambda: len(groups.serving(name)) == 1, "another instance")
    states = {row["InstanceId"]: row["LifecycleState"] for row in groups.look(name)["Instances"]}
    assert states[kept] == "Standby"
    assert len(states) == 2


def test_accounts_and_regions_have_groups_of_their_own(lab: Lab, groups: Groups, base_image: str) -> None:
    groups.make(groups.template(base_image), capacity=0)
    other = lab.account("210987654321", "autoscaling")
    elsewhere = lab.client("autoscaling", "us-east-1")
    for client in (other, elsewhere):
        assert client.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_what_the_lab_has_not_got_names_itself(groups: Groups, base_image: str) -> None:
    code, text = refused(groups.asg.describe_traffic_sources, AutoScalingGroupName="x")
    assert code == "ValidationError"
    assert "describe_traffic_sources" in text
    assert refused(groups.asg.delete_auto_scaling_group, AutoScalingGroupName="nowhere")[0] == "ValidationError"
