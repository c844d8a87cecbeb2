# SPDX-License-Identifier: GPL-3.0-or-later
"""The action in this process, and what crashed runs leave behind."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import pathlib
import time
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.action import leftovers
from ansible_collections.golden.windows_ami.plugins.plugin_utils import sweep_run
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, timestamp

from tests.e2e.conftest import ROOT, ec2_contents
from tests.unit.actions import run_action
from tests.verbs.conftest import NOW, Works

Result = dict[str, t.Any]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def sessions() -> t.Iterator[None]:
    """Let all runs share their clients: it is those that take the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep_run, "Aws", functools.cache(sweep_run.Aws))
        yield


class Sweeping:
    """Runs the action on a lab with a catalogue of its own, and litters."""

    def __init__(self, works: Works, path: pathlib.Path) -> None:
        self.works = works
        self.region = works.region
        self.ec2 = works.lab.client("ec2")
        self.url = f"sqlite:{path}/catalogue.sqlite"
        self.catalogue = open_catalogue(self.url)

    def __call__(self, check_mode: bool = False, **options: t.Any) -> Result:
        aws = {"config_file": self.works.lab.info["aws_config_file"], "profile": "default", "region": self.region}
        given = {"catalogue": self.url, "aws": aws, **options}
        return run_action(leftovers.ActionModule, given, {}, ROOT, check_mode)

    def build(self, status: str, days: float = 2, **values: t.Any) -> Build:
        """Record a build."""
        moment = NOW - dt.timedelta(days=days)
        build = Build(
            id=f"{moment:%Y%m%dT%H%M%SZ}-{next(_NUMBERS):06x}", image="web", started=timestamp(moment), **values
        )
        if status == "building":
            self.catalogue.start(build)
            return build
        return self.catalogue.finish(Build(**{**build.to_dict(), "roles": (), "status": status}))

    def litter(self, name: str, tags: dict[str, str]) -> dict[str, str]:
        """Leave a running instance, a volume, a key pair and a security group; return their ids."""
        tags = {"Name": "golden builder of web", **tags}
        vpc = self.ec2.describe_subnets(SubnetIds=[self.works.lab.info["subnet_id"]])["Subnets"][0]["VpcId"]
        group = self.ec2.create_security_group(
            GroupName=name, Description="left", VpcId=vpc, TagSpecifications=[_tagged("security-group", tags)]
        )["GroupId"]
        self.ec2.create_key_pair(KeyName=name, TagSpecifications=[_tagged("key-pair", tags)])
        instance = self.works.start(
            self.works.stock_ami(), SecurityGroupIds=[group], KeyName=name,
            TagSpecifications=[_tagged(kind, tags) for kind in ("instance", "volume")],
        )  # fmt: skip
        volume = self.ec2.create_volume(
            AvailabilityZone=f"{self.region}a", Size=1, TagSpecifications=[_tagged("volume", tags)]
        )["VolumeId"]
        return {"instances": instance, "volumes": volume, "key pairs": name, "security groups": group}

    def ami(self, build: Build, tags: dict[str, str]) -> dict[str, str]:
        """Make the AMI that a build of this name makes, perhaps without tags; return its id and its snapshot's."""
        kinds = [_tagged(kind, tags) for kind in ("image", "snapshot")] if tags else []
        ami = self.ec2.copy_image(
            SourceImageId=self.works.stock_ami(), SourceRegion=self.region, Name=f"golden-web-{build.id}",
            Encrypted=True, TagSpecifications=kinds,
        )["ImageId"]  # fmt: skip
        while (found := self.ec2.describe_images(ImageIds=[ami])["Images"][0])["State"] != "available":
            time.sleep(0.05)
        self.works.lab.get(f"/lab/age?image_id={ami}&days=2&region={self.region}")
        return {"AMIs": ami, "snapshots": found["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]}

    def there(self, left: dict[str, str]) -> set[str]:
        """Return the kinds of those things that are still there."""
        found = ec2_contents(self.works.lab)
        return {kind for kind, name in left.items() if name in found[kind]}


def _tagged(kind: str, tags: dict[str, str]) -> dict[str, t.Any]:
    return {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


@pytest.fixture
def sweeping(works: Works, tmp_path: pathlib.Path) -> Sweeping:
    return Sweeping(works, tmp_path)
