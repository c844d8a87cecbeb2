# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read what a run of Packer left behind: its manifest, the recorder's report, the AMI's snapshots."""

from __future__ import annotations

import contextlib
import json
import pathlib
import typing as t

from .ec2 import Aws
from .packer_output import Story, from_log


def ami_in_manifest(path: pathlib.Path, region: str) -> str | None:
    """Return the AMI that Packer's manifest names for a region: artifact ids are ``region:ami`` with commas between."""
    try:
        builds = json.loads(path.read_text(encoding="utf-8"))["builds"]
        pairs = [pair.split(":", 1) for pair in builds[-1]["artifact_id"].split(",")]
        return dict(pairs).get(region)
    except (OSError, ValueError, KeyError, IndexError):
        return None


def read_run_file(path: pathlib.Path) -> dict[str, t.Any]:
    """Return what the recorder saw in the provisioning run, nothing when that run never began."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def failure_in(run: t.Mapping[str, t.Any]) -> str | None:
    """Return the task that ended the provisioning run and its message, None when no task failed."""
    failure = run.get("failure")
    return f"{failure['task']}: {failure['message']}" if failure else None


def read_story(log: pathlib.Path) -> Story:
    """Return what the log of a build tells, nothing when there is no log."""
    story = Story()
    with contextlib.suppress(OSError):
        for text in log.read_text(encoding="utf-8", errors="replace").splitlines():
            story.hear_line(from_log(text))
    return story


def console_tail(aws: Aws, instance: str, count: int = 10) -> list[str]:
    """Return the last lines of an instance's console."""
    ec2 = aws.client("ec2")
    with aws.explained(f"read the console of {instance}"):
        try:
            answer = ec2.get_console_output(InstanceId=instance, Latest=True)
        except ec2.exceptions.ClientError:
            # Not every type of instance knows the latest; then EC2 has a copy from some minutes ago.
            answer = ec2.get_console_output(InstanceId=instance)
    lines = [line.strip() for line in str(answer.get("Output", "")).splitlines()]
    return [line for line in lines if line][-count:]


def snapshots_of(aws: Aws, ami: str) -> list[str]:
    """Return the snapshots behind an AMI."""
    with aws.explained(f"read the snapshots of {ami}"):
        images = aws.client("ec2").describe_images(ImageIds=[ami])["Images"]
    devices = [device.get("Ebs", {}) for image in images for device in image.get("BlockDeviceMappings", ())]
    return [device["SnapshotId"] for device in devices if "SnapshotId" in device]
