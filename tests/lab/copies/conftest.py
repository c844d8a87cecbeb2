# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab, an AMI of the account's own in it, and builds in a catalogue that claim to have made it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.action import ami_copies
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import Catalogue, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, new_build_id

from tests.lab.ec2.support import ROOT, Lab, eventually, lab_command, newest_image
from tests.unit.actions import run_action

HOME = "eu-west-1"
THERE = "us-east-1"
FURTHER = "eu-central-1"
PARTNER = "210987654321"
OTHER = "012345678901"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    directory = tmp_path_factory.mktemp("lab")
    started = lab_command(directory, "up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield Lab(json.loads((directory / "lab.json").read_text()))
    assert lab_command(directory, "down").returncode == 0


@pytest.fixture(scope="session")
def original(lab: Lab) -> str:
    """An AMI of the account's own, encrypted with the default key, as builds make them."""
    ec2 = lab.client("ec2")
    ami_id = ec2.copy_image(
        SourceImageId=newest_image(lab), SourceRegion=HOME, Name="golden", Encrypted=True
    )["ImageId"]  # fmt: skip
    tags = {"Name": "golden", "golden:image": "web", "golden:commit": "abc123", "team": "ours"}
    ec2.create_tags(Resources=[ami_id], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    eventually(lambda: ec2.describe_images(ImageIds=[ami_id])["Images"][0]["State"] == "available", "the original")
    return str(ami_id)


@pytest.fixture(scope="session")
def keys(lab: Lab) -> dict[str, str]:
    """A KMS key of the account's own in each region, with the alias golden."""
    found = {}
    for region in (HOME, THERE, FURTHER):
        kms = lab.client("kms", region)
        found[region] = kms.create_key()["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName="alias/golden", TargetKeyId=found[region])
    return found


@dataclasses.dataclass
class Workplace:
    """A catalogue of its own, and the action run in this process."""

    lab: Lab
    path: pathlib.Path
    original: str

    @property
    def url(self) -> str:
        return f"sqlite:{self.path}/catalogue.sqlite"

    @property
    def catalogue(self) -> Catalogue:
        return open_catalogue(self.url)

    def build(self, **values: t.Any) -> Build:
        """Record a build that made the original."""
        build = Build(
            **{
                "id": new_build_id(dt.datetime.now(dt.UTC)),
                "image": "web",
                "status": "built",
                "started": "2026-11-22T16:00:00Z",
                "amis": {HOME: self.original},
                **values,
            }
        )
        return self.catalogue.finish(build)

    def options(
        self, build: Build | None, regions: t.Any, chosen: t.Mapping[str, str] | None = None, **more: t.Any
    ) -> dict[str, t.Any]:
        aws = {"config_file": self.lab.state["aws_config_file"], "profile": "default", "region": HOME}
        chosen = {"build": build.id} if build else chosen or {}
        times = {"poll_seconds": 0.05, "wait_seconds": 20, "settle_seconds": 0.3}
        return {**chosen, "regions": regions, "aws": aws, "catalogue": self.url, **times, **more}

    def copy(self, build: Build | None, regions: t.Any, check_mode: bool = False, **more: t.Any) -> dict[str, t.Any]:
        return run_action(ami_copies.ActionModule, self.options(build, regions, **more), {}, ROOT, check_mode)

    def of_build(self, build: Build, region: str) -> list[dict[str, t.Any]]:
        """Return the AMIs in a region that say they are of a build."""
        return self.images(region, f"tag:golden:build={build.id}")

    def images(self, region: str, condition: str | None = None) -> list[dict[str, t.Any]]:
        name, _, value = (condition or "").partition("=")
        filters = [{"Name": name, "Values": [value]}] if condition else []
        return list(self.lab.client("ec2", region).describe_images(Owners=["self"], Filters=filters)["Images"])

    def clear(self, *regions: str) -> None:
        """Remove all copies, so that the name is free for the next test."""
        for region in regions:
            for image in self.images(region):
                self.lab.client("ec2", region).deregister_image(ImageId=image["ImageId"])

    def users(self, region: str, ami_id: str) -> tuple[set[str], set[str]]:
        """Return the accounts that may launch an AMI, and those that may use its snapshot."""
        ec2 = self.lab.client("ec2", region)
        snapshot = ec2.describe_images(ImageIds=[ami_id])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        launch = ec2.describe_image_attribute(ImageId=ami_id, Attribute="launchPermission")["LaunchPermissions"]
        volume = ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
        return {one["UserId"] for one in launch}, {one["UserId"] for one in volume["CreateVolumePermissions"]}


@pytest.fixture(scope="session", autouse=True)
def sessions() -> t.Iterator[None]:
    """Let all runs share their clients: it is those that take the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ami_copies, "Aws", functools.cache(ami_copies.Aws))
        yield


@pytest.fixture
def place(lab: Lab, original: str, tmp_path: pathlib.Path) -> t.Iterator[Workplace]:
    place = Workplace(lab, tmp_path, original)
    yield place
    place.clear(THERE, FURTHER)
