# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of real guests in a lab, two builds of an image, and a channel that points at the newer one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.action import image_rollout
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import ANY
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.e2e.conftest import ROOT
from tests.lab.autoscaling.support import Groups
from tests.lab.ec2.support import Lab
from tests.unit.actions import run_action
from tests.verbs.conftest import Works

IMAGE = "iis_dotnet"
# A group of two would otherwise be replaced one by one, each after EC2's idea of a warm-up.
QUICK = {"min_healthy_percentage": 0, "instance_warmup": 0}


@dataclasses.dataclass
class Site:
    """What tests roll out to."""

    works: Works
    groups: Groups
    older: Build
    newer: Build

    @property
    def old(self) -> str:
        return self.older.amis[self.works.region]

    @property
    def new(self) -> str:
        return self.newer.amis[self.works.region]

    def options(self, **more: t.Any) -> dict[str, t.Any]:
        aws = {"config_file": self.works.lab.info["aws_config_file"], "profile": "default"}
        given = {"image": IMAGE, "channel": "stable", "catalogue": self.works.catalogue.url, "aws": aws}
        return {**given, "preferences": QUICK, "poll_seconds": 0.1, "wait_seconds": 60, **more}

    def roll_out(self, *names: str, check_mode: bool = False, **more: t.Any) -> dict[str, t.Any]:
        """Run the action in this process; without names for all groups."""
        options = self.options(**({"groups": list(names)} if names else {}), **more)
        return run_action(image_rollout.ActionModule, options, {}, ROOT, check_mode)

    def point(self, build: Build, channel: str = "stable") -> None:
        """Move the channel."""
        now = dt.datetime.now(dt.UTC)
        self.works.catalogue.move_channel(IMAGE, channel, build.id, "test", None, now, ANY)

    def tag(self, group: str, value: str) -> None:
        tag = {"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": "golden:channel", "Value": value}
        self.groups.asg.create_or_update_tags(Tags=[{**tag, "PropagateAtLaunch": False}])

    def versions(self, template: str) -> dict[int, str]:
        """Return the AMI of each version of a template."""
        rows = self.groups.ec2.describe_launch_template_versions(LaunchTemplateId=template)["LaunchTemplateVersions"]
        return {row["VersionNumber"]: row["LaunchTemplateData"]["ImageId"] for row in rows}

    def refreshes(self, group: str) -> list[dict[str, t.Any]]:
        found = self.groups.asg.describe_instance_refreshes(AutoScalingGroupName=group)["InstanceRefreshes"]
        return t.cast(list[dict[str, t.Any]], found)


@pytest.fixture(scope="module")
def builds(works: Works) -> tuple[Build, Build]:
    return works.make_build(IMAGE, age_days=9), works.make_build(IMAGE)


@pytest.fixture
def site(works: Works, builds: tuple[Build, Build]) -> t.Iterator[Site]:
    """Return a site without groups, whose channel points at the newer build."""
    site = Site(works, Groups(Lab(works.lab.info)), *builds)
    site.point(site.newer)
    yield site
    site.groups.remove()
