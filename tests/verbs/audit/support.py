# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that launch, in a lab, and what may happen to their AMIs."""

from __future__ import annotations

import itertools
import time
import typing as t

import boto3
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, timestamp

from tests.verbs.conftest import NOW, Works

OTHER = "210987654321"
ROLE = f"arn:aws:iam::{OTHER}:role/golden-audit"


class World:
    """Makes things that launch from AMIs, without an instance if possible: it is quicker."""

    def __init__(self, works: Works) -> None:
        self.works = works
        self.ec2 = works.lab.client("ec2")
        self.asg = works.lab.client("autoscaling")
        self.ssm = works.lab.client("ssm")
        self.kms = works.lab.client("kms")
        self._numbers = itertools.count(1)

    def other(self, service: str) -> t.Any:
        """Return a client of another account."""
        arn = {"RoleArn": ROLE, "RoleSessionName": "tests"}
        found = self.works.lab.client("sts").assume_role(**arn)["Credentials"]
        session = boto3.session.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        return session.client(service, self.works.region, endpoint_url=self.works.lab.info["endpoint_url"])

    def copy(self, client: t.Any = None, **options: t.Any) -> str:
        """Return an AMI of one's own: a copy of a stock one."""
        client = client or self.ec2
        source = {"SourceImageId": self.works.stock_ami(), "SourceRegion": self.works.region}
        made = str(client.copy_image(Name=f"own-{next(self._numbers)}", **source, **options)["ImageId"])
        client.get_waiter("image_available").wait(ImageIds=[made], WaiterConfig={"Delay": 1})
        return made

    def build(self, status: str) -> str:
        """Return an AMI that the catalogue knows as a build."""
        ami, number = self.copy(), next(self._numbers)
        record = Build(
            id=f"20261101T120000Z-{number:06x}", image="web", status=status, started=timestamp(NOW),
            amis={self.works.region: ami}, source_ami_name=f"Windows_Server-2022-English-Full-Base-{NOW:%Y.%m.%d}",
        )  # fmt: skip
        self.works.catalogue.finish(record)
        return ami

    def template(self, name: str, image: str) -> str:
        data = {"ImageId": image, "InstanceType": "m5.large"}
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    def group(
        self, name: str, image: str, overrides: t.Sequence[dict[str, t.Any]] = (), version: str = "$Default"
    ) -> str:
        """Make a group without instances, and its template; return the template."""
        template = self.template(f"{name}-template", image)
        specification = {"LaunchTemplateId": template, "Version": version}
        how: dict[str, t.Any] = {"LaunchTemplate": specification}
        if overrides:
            policy = {"LaunchTemplateSpecification": specification, "Overrides": list(overrides)}
            how = {"MixedInstancesPolicy": {"LaunchTemplate": policy}}
        self.asg.create_auto_scaling_group(
            AutoScalingGroupName=name, MinSize=0, MaxSize=2, DesiredCapacity=0,
            VPCZoneIdentifier=self.works.lab.info["subnet_id"], **how,
        )  # fmt: skip
        return template

    def publish(self, name: str, ami: str) -> None:
        """Write a parameter and wait until SSM has checked the AMI."""
        self.ssm.put_parameter(Name=name, Value=ami, Type="String", DataType="aws:ec2:image")
        for _attempt in range(50):
            if not self.ssm.get_parameters(Names=[name])["InvalidParameters"]:
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} is not there")

    def age(self, ami: str, days: int) -> None:
        self.works.lab.get(f"/lab/age?image_id={ami}&days={days}&region={self.works.region}")

    def withdraw(self, ami: str) -> None:
        self.works.lab.get(f"/lab/withdraw?image_id={ami}&region={self.works.region}")
