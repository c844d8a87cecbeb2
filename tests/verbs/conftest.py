# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab for each file of tests, with a catalogue, and AMIs of ours that no Packer has built."""

from __future__ import annotations

import datetime as dt
import itertools
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import Catalogue, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, timestamp

from tests.e2e.conftest import Finished, Lab, running_lab

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


class Works:
    """A lab, its catalogue, and what it takes to fill both and to run playbooks on them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.region: str = lab.info["region"]
        self.catalogue: Catalogue = open_catalogue(f"sqlite:{lab.directory}/catalogue.sqlite")
        self._numbers = itertools.count(1)

    def play(self, playbook: str, *arguments: str, timeout: float = 300, **environment: str) -> Finished:
        """Run a playbook such as ``promote.yml`` with the lab's inventory, as its users do."""
        return self.lab.run("ansible-playbook", f"playbooks/{playbook}", *arguments, timeout=timeout, **environment)

    def stock_ami(self, family: str = "Windows_Server-2022-English-Full-Base") -> str:
        """Return Amazon's newest AMI of a family."""
        name = f"/aws/service/ami-windows-latest/{family}"
        return str(self.lab.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])

    def start(self, ami: str, **more: t.Any) -> str:
        """Start an instance where builders start, and return its id when it runs."""
        ec2 = self.lab.client("ec2")
        made = ec2.run_instances(
            ImageId=ami, MinCount=1, MaxCount=1, InstanceType="m5.large", SubnetId=self.lab.info["subnet_id"], **more
        )["Instances"][0]["InstanceId"]
        ec2.get_waiter("instance_running").wait(InstanceIds=[made], WaiterConfig={"Delay": 1})
        return str(made)

    def make_build(
        self, image: str = "iis_dotnet", status: str = "verified", age_days: int = 0, **values: t.Any
    ) -> Build:
        """Make an AMI (of a stock instance, not sealed), tag it as ours, and record it as a build some days old."""
        ec2, started = self.lab.client("ec2"), NOW - dt.timedelta(days=age_days)
        build_id = f"{started:%Y%m%dT%H%M%SZ}-{next(self._numbers):06x}"
        instance = self.start(self.stock_ami())
        name = f"golden-{image}-{build_id}"
        ami = str(ec2.create_image(InstanceId=instance, Name=name)["ImageId"])
        ec2.get_waiter("image_available").wait(ImageIds=[ami], WaiterConfig={"Delay": 1})
        ec2.terminate_instances(InstanceIds=[instance])
        devices = ec2.describe_images(ImageIds=[ami])["Images"][0]["BlockDeviceMappings"]
        snapshots = [device["Ebs"]["SnapshotId"] for device in devices if "SnapshotId" in device.get("Ebs", {})]
        tags = {"golden:image": image, "golden:build": build_id, "Name": name}
        ec2.create_tags(Resources=[ami, *snapshots], Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
        if age_days:
            self.lab.get(f"/lab/age?image_id={ami}&days={age_days}&region={self.region}")
        record: dict[str, t.Any] = {
            "id": build_id, "image": image, "status": status, "started": timestamp(started),
            "finished": timestamp(started), "seconds": 60.0, "amis": {self.region: ami},
            "snapshots": {self.region: snapshots}, "source_ami": self.stock_ami(), "ami_name": name,
        }  # fmt: skip
        return self.catalogue.finish(Build(**{**record, **values}))


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Works]:
    """Return a lab of this file's own, with an empty catalogue."""
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield Works(lab)
