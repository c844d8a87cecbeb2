# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Packer, an EC2 in moto, and a project to build in."""

from __future__ import annotations

import json
import pathlib
import sys
import time
import typing as t

import boto3
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import Catalogue, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.plan import PlanEntry
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

REGION = "eu-west-1"


class Diary:
    """What the stand-in noted: its signals, its processes, and the files that it got."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def signals(self) -> list[str]:
        return [line for line in self.lines() if "SIG" in line or line == "cleaned up"]

    def wait_until_ready(self) -> None:
        wait_until(lambda: "ready" in self.lines())

    def alive(self) -> list[int]:
        pids = [int(line.split()[1]) for line in self.lines() if line.startswith("pid ")]
        return [pid for pid in pids if is_alive(pid)]

    def file(self, suffix: str) -> dict[str, t.Any]:
        return json.loads(self.path.with_suffix(suffix).read_text())


class Workshop:
    """A directory with a stand-in for Packer, a catalogue and an EC2."""

    def __init__(self, path: pathlib.Path, endpoint: str) -> None:
        self.path = path
        self.endpoint = endpoint
        self.diary = Diary(path / "diary")
        self.packer = path / "packer"
        self.packer.write_text(
            f'#!/bin/sh\nexec {sys.executable} {pathlib.Path(__file__).with_name("stand_in.py")} "$@"\n'
        )
        self.packer.chmod(0o755)
        self.aws_config = path / "aws-config"
        self.aws_config.write_text(
            f"[default]\nregion = {REGION}\nendpoint_url = {endpoint}\n"
            "aws_access_key_id = a\naws_secret_access_key = b\n"
        )
        self.ec2 = boto3.client(
            "ec2", region_name=REGION, endpoint_url=endpoint, aws_access_key_id="a", aws_secret_access_key="b"
        )

    @property
    def catalogue(self) -> Catalogue:
        return open_catalogue(f"sqlite:{self.path / 'catalogue.sqlite'}")

    def environment(self, **plan: t.Any) -> dict[str, str]:
        return {"STAND_IN": json.dumps({"diary": str(self.diary.path), **plan})}

    def an_ami(self, name: str = "an-ami") -> str:
        """Make an AMI; return its id."""
        source = self.ec2.describe_images(Filters=[{"Name": "platform", "Values": ["windows"]}])["Images"][0]
        launched = self.ec2.run_instances(ImageId=source["ImageId"], MinCount=1, MaxCount=1)["Instances"][0]
        made = self.ec2.create_image(InstanceId=launched["InstanceId"], Name=name)["ImageId"]
        self.ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])
        return made

    def leave(self, build: Build) -> dict[str, str]:
        """Leave behind what a Packer that was killed leaves; return the names that only its output tells."""
        source = self.ec2.describe_images(Filters=[{"Name": "platform", "Values": ["windows"]}])["Images"][0]
        tags = [{"Key": "golden:build", "Value": build.id}]
        group = self.ec2.create_security_group(GroupName=f"packer_{build.id}", Description="Temporary")["GroupId"]
        self.ec2.create_key_pair(KeyName=f"golden-{build.id}")
        instance = self.ec2.run_instances(
            ImageId=source["ImageId"],
            MinCount=1,
            MaxCount=1,
            SecurityGroupIds=[group],
            TagSpecifications=[{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
        )["Instances"][0]["InstanceId"]
        self.ec2.create_image(InstanceId=instance, Name=build.ami_name or "")
        self.ec2.create_volume(
            AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": tags}]
        )
        return {"instance": instance, "security_group": f"packer_{build.id}"}

    def left(self) -> dict[str, list[str]]:
        """Return what this account has in EC2 now, by kind."""
        ec2 = self.ec2
        instances = [
            item["InstanceId"]
            for reservation in ec2.describe_instances()["Reservations"]
            for item in reservation["Instances"]
            if item["State"]["Name"] != "terminated"
        ]
        groups = ec2.describe_security_groups()["SecurityGroups"]
        return {
            "instances": instances,
            "images": [item["ImageId"] for item in ec2.describe_images(Owners=["self"])["Images"]],
            "volumes": [item["VolumeId"] for item in ec2.describe_volumes()["Volumes"]],
            "key pairs": [item["KeyName"] for item in ec2.describe_key_pairs()["KeyPairs"]],
            "groups": [item["GroupName"] for item in groups if item["GroupName"] != "default"],
        }


NOTHING: dict[str, list[str]] = {"instances": [], "images": [], "volumes": [], "key pairs": [], "groups": []}


def wait_until(condition: t.Callable[[], t.Any], seconds: float = 30) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that ended and that nobody has asked about yet does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def an_entry(**values: t.Any) -> PlanEntry:
    """Return an entry of a plan that says to build."""
    return PlanEntry(
        **{
            "image": "web",
            "action": "build",
            "region": REGION,
            "source_ami": "ami-0123456789abcdef0",
            "source_ami_name": "Windows_Server-2022-English-Full-Base-2026.11.11",
            "roles": ("golden.windows_ami.iis_dotnet",),
            "fingerprint": "f" * 64,
            **values,
        }
    )


def a_build(**values: t.Any) -> Build:
    """Return the record of a build that begins."""
    build_id = "20261122T164500Z-1a2b3c"
    return Build(
        **{
            "id": build_id,
            "image": "web",
            "started": "2026-11-22T16:45:00Z",
            "source_ami": "ami-0123456789abcdef0",
            "ami_name": f"golden-web-{build_id}",
            **values,
        }
    )
