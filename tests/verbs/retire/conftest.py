# SPDX-License-Identifier: GPL-3.0-or-later
"""The action in this process, so that its calls can be counted and cut off; and builds that are made quickly."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import pathlib
import time
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.action import image_retirement
from ansible_collections.golden.windows_ami.plugins.plugin_utils import estate_ec2, retire_run, retire_undo
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, timestamp

from tests.e2e.conftest import ROOT
from tests.unit.actions import run_action
from tests.verbs.conftest import NOW, Works

Result = dict[str, t.Any]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def sessions() -> t.Iterator[None]:
    """Let all runs share their clients: it is those that take the time."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (retire_run, retire_undo, estate_ec2):
            patch.setattr(module, "Aws", functools.cache(module.Aws))
        yield


class Retiring:
    """Runs the action on a lab with a catalogue of its own, and says what became of builds."""

    def __init__(self, works: Works, path: pathlib.Path) -> None:
        self.works = works
        self.region = works.region
        self.ec2 = works.lab.client("ec2")
        self.catalogue = open_catalogue(f"sqlite:{path}/catalogue.sqlite")

    def __call__(self, check_mode: bool = False, **options: t.Any) -> Result:
        aws = {"config_file": self.works.lab.info["aws_config_file"], "profile": "default", "region": self.region}
        policy = {"keep": 1, "days": 30, "grace_days": 0}
        given = {"catalogue": self.catalogue.url, "aws": aws, **policy, **options}
        return run_action(image_retirement.ActionModule, given, {}, ROOT, check_mode)

    def make(self, age_days: float, status: str = "verified", image: str = "web", **values: t.Any) -> Build:
        """Make an AMI, a copy of a stock one, and record it as a build some days old."""
        moment = NOW - dt.timedelta(days=age_days)
        build_id = f"{moment:%Y%m%dT%H%M%SZ}-{next(_NUMBERS):06x}"
        tags = [{"Key": "golden:image", "Value": image}, {"Key": "golden:build", "Value": build_id}]
        ami = self.ec2.copy_image(
            SourceImageId=self.works.stock_ami(), SourceRegion=self.region, Name=build_id,
            TagSpecifications=[{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")],
        )["ImageId"]  # fmt: skip
        while (found := self._described(ami))["State"] != "available":
            time.sleep(0.05)
        snapshots = [device["Ebs"]["SnapshotId"] for device in found["BlockDeviceMappings"]]
        record = {"amis": {self.region: ami}, "snapshots": {self.region: snapshots}, "finished": timestamp(moment)}
        build = Build(id=build_id, image=image, status=status, started=timestamp(moment), **{**record, **values})
        return self.catalogue.finish(build)

    def status(self, build: Build) -> str:
        found = self.catalogue.get(build.id)
        assert found
        return found.status

    def state(self, build: Build) -> str:
        """Return what EC2 says of a build's AMI: available, disabled or gone, and deprecated."""
        found = self._described(build.amis[self.region])
        return f"{found['State']}{', deprecated' if found.get('DeprecationTime') else ''}" if found else "gone"

    def snapshots(self, build: Build) -> set[str]:
        """Return the snapshots of a build that are there."""
        found = self.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        return {one["SnapshotId"] for one in found} & set(build.snapshots[self.region])

    def action(self, result: Result, build: Build) -> tuple[str, str]:
        """Return what a result says of a build: what is done, and why."""
        if build.id in result["kept"]:
            return "keep", result["kept"][build.id]
        found = next(one for one in result["builds"] if one["build"] == build.id)
        return found["action"], "; ".join(found["reasons"])

    def fault(self, **query: t.Any) -> None:
        self.works.lab.get("/lab/fault?" + "&".join(f"{key}={value}" for key, value in query.items()))

    def _described(self, ami: str) -> Result:
        wanted = [{"Name": "image-id", "Values": [ami]}]
        found = self.ec2.describe_images(Filters=wanted, IncludeDeprecated=True, IncludeDisabled=True)["Images"]
        return dict(found[0]) if found else {}


@pytest.fixture
def retiring(works: Works, tmp_path: pathlib.Path) -> Retiring:
    return Retiring(works, tmp_path)
