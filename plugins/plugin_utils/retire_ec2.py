# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to one region of EC2 that end an AMI's life, or take that back. They decide nothing.

Each is made so that it may be repeated after a crash: what is done already is no error.
"""

from __future__ import annotations

import collections
import datetime as dt
import typing as t

from .ec2 import Aws, AwsError
from .estate import DISABLED, GONE
from .records import parse_timestamp

Raw = dict[str, t.Any]

# The most AMIs that DescribeImageReferences takes.
_REFERENCES = 10
_ALIVE = ["pending", "running", "shutting-down", "stopping", "stopped"]
_NO_IMAGE = frozenset({"InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"})
_NO_SNAPSHOT = frozenset({"InvalidSnapshot.NotFound"})
_SNAPSHOT_USED = frozenset({"InvalidSnapshot.InUse"})
# EC2 takes no moment in the past, and counts in minutes.
_SOON = dt.timedelta(minutes=1)


class Image(t.NamedTuple):
    """An AMI right now; ``state`` is EC2's word, GONE when there is none. ``deprecated``: when it is, or will be."""

    id: str
    state: str
    deprecated: str | None = None
    snapshots: tuple[str, ...] = ()


class Region:
    """One region. Every failure is an AwsError that names it."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.name = aws.region

    def image(self, ami: str) -> Image:
        """Return what an AMI is now."""
        try:
            with self._aws.explained(f"look at AMI {ami}"):
                answer = self._ec2.describe_images(ImageIds=[ami], IncludeDeprecated=True, IncludeDisabled=True)
        except AwsError as exc:
            if exc.code in _NO_IMAGE:
                return Image(ami, GONE)
            raise
        return _image(ami, answer["Images"])

    def references(self, amis: t.Sequence[str], depth: int) -> dict[str, list[str]]:
        """Return what of this account names AMIs, by AMI: instances, launch templates, parameters, recipes.

        ``depth`` says how many versions of a launch template count, newest first.
        """
        kinds: list[Raw] = [
            {"ResourceType": "ec2:Instance", "ResourceTypeOptions": [_option("state-name", _ALIVE)]},
            {"ResourceType": "ec2:LaunchTemplate", "ResourceTypeOptions": [_option("version-depth", [str(depth)])]},
            {"ResourceType": "ssm:Parameter"},
            {"ResourceType": "imagebuilder:ImageRecipe"},
            {"ResourceType": "imagebuilder:ContainerRecipe"},
        ]
        found: dict[str, list[str]] = collections.defaultdict(list)
        with self._aws.explained("see what refers to AMIs"):
            paginator = self._ec2.get_paginator("describe_image_references")
            for start in range(0, len(amis), _REFERENCES):
                pages = paginator.paginate(ImageIds=list(amis[start : start + _REFERENCES]), ResourceTypes=kinds)
                for page in pages:
                    for one in page["ImageReferences"]:
                        found[one["ImageId"]].append(_resource(one["Arn"]))
        return dict(found)

    def permissions(self, ami: str) -> list[Raw]:
        """Return who may launch an AMI beside its owner, as EC2 writes it; nobody for one that is gone."""
        try:
            with self._aws.explained(f"see who may use {ami}"):
                answer = self._ec2.describe_image_attribute(ImageId=ami, Attribute="launchPermission")
        except AwsError as exc:
            if exc.code in _NO_IMAGE:
                return []
            raise
        return list(answer.get("LaunchPermissions", ()))

    def deprecate(self, image: Image, now: dt.datetime) -> None:
        """Deprecate an AMI from this minute on."""
        if not image.deprecated or parse_timestamp(image.deprecated) > now + 2 * _SOON:
            with self._aws.explained(f"deprecate {image.id}"):
                self._ec2.enable_image_deprecation(ImageId=image.id, DeprecateAt=now + _SOON)

    def undeprecate(self, image: Image) -> None:
        """Take a deprecation back."""
        if image.deprecated:
            with self._aws.explained(f"take back the deprecation of {image.id}"):
                self._ec2.disable_image_deprecation(ImageId=image.id)

    def disable(self, image: Image) -> None:
        """Let nothing start from an AMI any more. EC2 forgets who it was shared with."""
        if image.state != DISABLED:
            with self._aws.explained(f"disable {image.id}"):
                self._ec2.disable_image(ImageId=image.id)

    def enable(self, image: Image) -> None:
        """Let instances start from an AMI again."""
        if image.state == DISABLED:
            with self._aws.explained(f"enable {image.id}"):
                self._ec2.enable_image(ImageId=image.id)

    def share(self, ami: str, permissions: t.Sequence[Raw]) -> None:
        """Give launch permissions back."""
        missing = [one for one in permissions if one not in self.permissions(ami)]
        if missing:
            with self._aws.explained(f"share {ami} as before"):
                self._ec2.modify_image_attribute(ImageId=ami, LaunchPermission={"Add": missing})

    def deregister(self, image: Image, recorded: t.Sequence[str]) -> list[str]:
        """Remove an AMI and its snapshots, those that a record names too; return a sentence for each one that stays.

        A snapshot that another AMI needs is left to that one.
        """
        if image.state != GONE:
            with self._aws.explained(f"deregister {image.id}"):
                self._ec2.deregister_image(ImageId=image.id, DeleteAssociatedSnapshots=True)
        snapshots = list(dict.fromkeys((*image.snapshots, *recorded)))
        return [problem for snapshot in self._existing(snapshots) for problem in self._delete(snapshot)]

    def _existing(self, snapshots: t.Sequence[str]) -> list[str]:
        if not snapshots:
            return []
        wanted = [{"Name": "snapshot-id", "Values": list(snapshots)}]
        with self._aws.explained(f"look for the snapshots {', '.join(snapshots)}"):
            found = self._ec2.describe_snapshots(OwnerIds=["self"], Filters=wanted)["Snapshots"]
        return [one["SnapshotId"] for one in found]

    def _delete(self, snapshot: str) -> list[str]:
        try:
            with self._aws.explained(f"delete snapshot {snapshot}"):
                self._ec2.delete_snapshot(SnapshotId=snapshot)
        except AwsError as exc:
            if exc.code in _NO_SNAPSHOT | _SNAPSHOT_USED:
                return []
            return [str(exc)]
        return []

    @property
    def _ec2(self) -> t.Any:
        return self._aws.client("ec2")


def _image(ami: str, images: t.Sequence[Raw]) -> Image:
    if not images:
        return Image(ami, GONE)
    found = images[0]
    devices = (device.get("Ebs", {}) for device in found.get("BlockDeviceMappings", ()))
    snapshots = tuple(device["SnapshotId"] for device in devices if "SnapshotId" in device)
    state = GONE if found["State"] == "deregistered" else found["State"]
    return Image(ami, state, found.get("DeprecationTime"), snapshots)


def _option(name: str, values: list[str]) -> Raw:
    return {"OptionName": name, "OptionValues": values}


def _resource(arn: str) -> str:
    """Return how messages call a resource: arn:…:launch-template/lt-1 -> launch-template lt-1."""
    return arn.split(":", 5)[-1].replace("/", " ", 1)
