# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups and templates for tests, and what to look at in them."""

from __future__ import annotations

import typing as t
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.lab.ec2.support import Lab, eventually

Row = dict[str, t.Any]


class Groups:
    """Makes groups and templates, looks at them, and removes them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.ec2 = lab.client("ec2")
        self.asg = lab.client("autoscaling")
        self._names: list[str] = []

    def template(self, image_id: str, **data: t.Any) -> str:
        """Return the id of a new launch template."""
        data = {"ImageId": image_id, "InstanceType": "m5.large", **data}
        made = self.ec2.create_launch_template(LaunchTemplateName=f"t-{uuid.uuid4()}", LaunchTemplateData=data)
        return t.cast("str", made["LaunchTemplate"]["LaunchTemplateId"])

    def version(self, template: str, image_id: str) -> str:
        """Return the number of a new version of a template."""
        data = {"ImageId": image_id}
        made = self.ec2.create_launch_template_version(
            LaunchTemplateId=template, SourceVersion="$Latest", LaunchTemplateData=data
        )
        return str(made["LaunchTemplateVersion"]["VersionNumber"])

    def make(self, template: str | None = None, version: str = "1", capacity: int = 1, **options: t.Any) -> str:
        """Return the name of a new group that has its instances."""
        name = f"group-{uuid.uuid4()}"
        if template is not None:
            options["LaunchTemplate"] = {"LaunchTemplateId": template, "Version": version}
        options = {"VPCZoneIdentifier": self.lab.state["subnet_id"], **options}
        sizes = {"MinSize": 0, "MaxSize": 6, "DesiredCapacity": capacity}
        self.asg.create_auto_scaling_group(AutoScalingGroupName=name, **{**sizes, **options})
        self._names.append(name)
        self.settled(name, capacity)
        return name

    def look(self, name: str) -> Row:
        return t.cast(
            "Row", self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        )

    def serving(self, name: str) -> list[Row]:
        return [row for row in self.look(name)["Instances"] if row["LifecycleState"] == "InService"]

    def settled(self, name: str, capacity: int) -> list[Row]:
        """Wait until the group has its capacity and nothing comes or goes; return its instances."""

        def look() -> list[Row] | bool:
            found = self.look(name)["Instances"]
            calm = all((row["LifecycleState"], row["HealthStatus"]) == ("InService", "Healthy") for row in found)
            return (found or True) if calm and len(found) == capacity else False

        found = eventually(look, f"{capacity} instances of {name}", 30)
        return found if isinstance(found, list) else []

    def images(self, name: str) -> list[str]:
        """Return the AMIs that the group's instances really run from."""
        ids = [row["InstanceId"] for row in self.serving(name)]
        reservations = self.ec2.describe_instances(InstanceIds=ids)["Reservations"] if ids else []
        return sorted(instance["ImageId"] for row in reservations for instance in row["Instances"])

    def activities(self, name: str, status: str | None = None) -> list[Row]:
        found = self.asg.describe_scaling_activities(AutoScalingGroupName=name)["Activities"]
        return [row for row in found if status in (None, row["StatusCode"])]

    def failed(self, name: str) -> Row:
        """Wait for a failed activity; return the newest."""
        return t.cast("Row", eventually(lambda: self.activities(name, "Failed"), f"a failure of {name}")[0])

    def refresh(self, name: str, **options: t.Any) -> str:
        return t.cast("str", self.asg.start_instance_refresh(AutoScalingGroupName=name, **options)["InstanceRefreshId"])

    def refresh_row(self, name: str) -> Row:
        return t.cast("Row", self.asg.describe_instance_refreshes(AutoScalingGroupName=name)["InstanceRefreshes"][0])

    def until(self, name: str, *statuses: str) -> Row:
        """Wait until the newest refresh has one of these statuses; return it."""

        def look() -> Row | None:
            row = self.refresh_row(name)
            return row if row["Status"] in statuses else None

        return t.cast("Row", eventually(look, f"a refresh of {name} that is {statuses}", 40))

    def remove(self) -> None:
        for name in self._names:
            if self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]:
                self.asg.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)


def refused(call: t.Callable[..., t.Any], **options: t.Any) -> tuple[str, str]:
    """Return the code and the message of the error that a call must fail with."""
    with pytest.raises(ClientError) as error:
        call(**options)
    found = error.value.response["Error"]
    return found["Code"], found["Message"]
