# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find in a region of EC2 whatever carries the tags or names of builds, proofs and Molecule runs. Decides nothing."""

from __future__ import annotations

import datetime as dt
import typing as t

from .ec2 import Aws
from .fleet_registry import BUILD_TAG
from .sweep import IMAGE, INSTANCE, KEY_PAIR, RUN_TAGS, SECURITY_GROUP, SNAPSHOT, VOLUME, Thing

Raw = dict[str, t.Any]

_TAGGED = [{"Name": "tag-key", "Values": [tag]} for tag in (BUILD_TAG, *RUN_TAGS)]
_ALIVE = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
# What builds name their AMIs and key pairs, and Packer its security groups.
_NAMES = ["golden-*"]
_PACKER_GROUP = "packer_"


def find(aws: Aws) -> list[Thing]:
    """Return everything that may be left over, and much that is not. Raises AwsError."""
    return _Region(aws).things()


class _Region:
    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def things(self) -> list[Thing]:
        instances = [
            one
            for group in self._each("describe_instances", "Reservations", "ReservationId", more=[_ALIVE])
            for one in group["Instances"]
        ]
        images = self._images()
        return [
            *(self._thing(INSTANCE, one, "InstanceId", one.get("LaunchTime")) for one in instances),
            *(
                self._thing(IMAGE, one, "ImageId", _moment(one.get("CreationDate")), one.get("Name", ""))
                for one in images
            ),
            *self._snapshots(images),
            *self._volumes(),
            *self._key_pairs(),
            *self._groups(instances),
        ]

    def _images(self) -> list[Raw]:
        query = {"Owners": ["self"], "IncludeDeprecated": True, "IncludeDisabled": True}
        return self._each("describe_images", "Images", "ImageId", query, named="name")

    def _snapshots(self, images: t.Sequence[Raw]) -> list[Thing]:
        """Return the snapshots that are tagged, and those of AMIs that were not finished, with the AMIs they are in."""
        needed: dict[str, list[Raw]] = {}
        for image in images:
            for device in image.get("BlockDeviceMappings", ()):
                if snapshot := device.get("Ebs", {}).get("SnapshotId"):
                    needed.setdefault(snapshot, []).append(image)
        tagged = self._each("describe_snapshots", "Snapshots", "SnapshotId", {"OwnerIds": ["self"]})
        found = {
            one["SnapshotId"]: self._thing(SNAPSHOT, one, "SnapshotId", one.get("StartTime"))._replace(
                needed_by=tuple(image["ImageId"] for image in needed.get(one["SnapshotId"], ()))
            )
            for one in tagged
        }
        for snapshot, users in needed.items():
            if snapshot not in found:
                names = tuple(image["ImageId"] for image in users)
                owner = self._thing(IMAGE, users[0], "ImageId", None, users[0].get("Name", ""))
                found[snapshot] = Thing(
                    SNAPSHOT, snapshot, self._aws.region, needed_by=names, build=owner.build_id,
                    created=_moment(users[0].get("CreationDate")),
                )  # fmt: skip
        return list(found.values())

    def _volumes(self) -> t.Iterator[Thing]:
        for one in self._each("describe_volumes", "Volumes", "VolumeId"):
            # What is attached goes with its instance, or is somebody's business who attached it.
            if one["State"] == "available":
                yield self._thing(VOLUME, one, "VolumeId", one.get("CreateTime"))

    def _key_pairs(self) -> t.Iterator[Thing]:
        for one in self._each("describe_key_pairs", "KeyPairs", "KeyName", named="key-name"):
            yield self._thing(KEY_PAIR, one, "KeyName", one.get("CreateTime"), one["KeyName"])

    def _groups(self, instances: t.Iterable[Raw]) -> t.Iterator[Thing]:
        """Yield the tagged security groups, and Packer's own, which have no tag, by the instance in them."""
        found = {
            one["GroupId"]: self._thing(SECURITY_GROUP, one, "GroupId", None, one.get("GroupName", ""))
            for one in self._each("describe_security_groups", "SecurityGroups", "GroupId")
        }
        for instance in instances:
            owner = self._thing(INSTANCE, instance, "InstanceId", None)
            for group in instance.get("SecurityGroups", ()):
                if group["GroupName"].startswith(_PACKER_GROUP) and group["GroupId"] not in found:
                    name, region = group["GroupName"], self._aws.region
                    tags = {} if owner.build_id else owner.tags
                    found[group["GroupId"]] = Thing(
                        SECURITY_GROUP, group["GroupId"], region, name, tags=tags, build=owner.build_id
                    )
        yield from found.values()

    def _each(
        self,
        operation: str,
        key: str,
        identity: str,
        query: Raw | None = None,
        more: t.Sequence[Raw] = (),
        named: str = "",
    ) -> list[Raw]:
        """Return what has one of our tags or, if ``named`` says by which filter, one of our names."""
        wanted = [*_TAGGED, *([{"Name": named, "Values": _NAMES}] if named else [])]
        found: dict[str, Raw] = {}
        for one in wanted:
            found.update(
                (raw[identity], raw) for raw in self._all(operation, key, Filters=[one, *more], **(query or {}))
            )
        return list(found.values())

    def _all(self, operation: str, key: str, **query: t.Any) -> list[Raw]:
        client = self._aws.client("ec2")
        with self._aws.explained(operation.replace("_", " ")):
            if not client.can_paginate(operation):
                return list(getattr(client, operation)(**query)[key])
            return [one for page in client.get_paginator(operation).paginate(**query) for one in page[key]]

    def _thing(self, kind: str, raw: Raw, key: str, created: dt.datetime | None, name: str = "") -> Thing:
        tags = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", ())}
        return Thing(kind, raw[key], self._aws.region, name, created, tags)


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
