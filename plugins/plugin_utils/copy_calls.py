# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to one region of EC2 and KMS that copying needs. They answer with plain records and decide nothing."""

from __future__ import annotations

import collections.abc as c
import typing as t

from .copies import Copy, Key, Source
from .ec2 import Aws, AwsError

_GONE = frozenset({"InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"})
_NO_KEY = frozenset({"NotFoundException", "InvalidArnException"})
TAG = "golden:build"


class State(t.NamedTuple):
    """How far a copy is: ``percent`` of its slowest snapshot, None as long as EC2 does not say."""

    state: str
    percent: int | None
    snapshots: tuple[str, ...]
    reason: str


class Region:
    """One region. Every failure is an AwsError that names it."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.name = aws.region

    def enabled_regions(self) -> list[str]:
        """Return the regions that this account may use."""
        with self._aws.explained("list the regions"):
            return [region["RegionName"] for region in self._ec2.describe_regions()["Regions"]]

    def key(self, key_id: str) -> Key | None:
        """Return a KMS key of this region by id, ARN or alias, None when there is none."""
        try:
            with self._aws.explained(f"look at KMS key {key_id}"):
                found = self._aws.client("kms").describe_key(KeyId=key_id)["KeyMetadata"]
        except AwsError as exc:
            if exc.code in _NO_KEY:
                return None
            raise
        return Key(found["Arn"], found.get("KeyManager", "CUSTOMER"), found.get("KeyState", "Enabled"))

    def image(self, ami_id: str, details: bool = False) -> Copy | None:
        """Return an AMI, None when there is none. With ``details`` also its keys and who may use it."""
        found = self._images(f"look for AMI {ami_id}", ImageIds=[ami_id])
        return self._copy(found[0], details) if found else None

    def copies(self, build_id: str, name: str, known: str | None, details: bool) -> list[Copy]:
        """Return the AMIs that may be the build's copy: by tag; else the one that the catalogue knows; else by name."""
        found = self._mine([{"Name": f"tag:{TAG}", "Values": [build_id]}])
        if not found and known:
            found = self._images(f"look for AMI {known}", ImageIds=[known])
        if not found:
            found = self._mine([{"Name": "name", "Values": [name]}])
        return [self._copy(image, details) for image in found]

    def copy(self, source: Source, token: str, kms_key: str | None, tags: c.Mapping[str, str]) -> str:
        """Begin to copy an AMI to this region, encrypted, with the tags from its first moment; return its id."""
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        with self._aws.explained(f"copy {source.copy.ami_id} from {source.region}"):
            answer = self._ec2.copy_image(
                SourceImageId=source.copy.ami_id,
                SourceRegion=source.region,
                Name=source.copy.name,
                Description=f"Build {source.build_id}, copied from {source.copy.ami_id} in {source.region}",
                ClientToken=token,
                Encrypted=True,
                TagSpecifications=[{"ResourceType": kind, "Tags": listed} for kind in ("image", "snapshot")],
                **({"KmsKeyId": kms_key} if kms_key else {}),
            )
        return str(answer["ImageId"])

    def state(self, ami_id: str) -> State | None:
        """Return how far a copy is, None when EC2 does not (yet, or any more) know it."""
        found = self._images(f"look for AMI {ami_id}", ImageIds=[ami_id])
        if not found:
            return None
        image, snapshots = found[0], _snapshots(found[0])
        percent = self._percent(snapshots) if image["State"] == "pending" and snapshots else None
        reason = image.get("StateReason", {}).get("Message", "")
        return State(image["State"], percent, snapshots, reason)

    def share_snapshot(self, snapshot: str, accounts: c.Sequence[str]) -> None:
        """Let accounts make volumes from a snapshot, which copying the AMI needs."""
        with self._aws.explained(f"share snapshot {snapshot} with {', '.join(accounts)}"):
            self._ec2.modify_snapshot_attribute(
                SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=list(accounts)
            )

    def share_image(self, ami_id: str, accounts: c.Sequence[str]) -> None:
        """Let accounts start instances from an AMI."""
        with self._aws.explained(f"share {ami_id} with {', '.join(accounts)}"):
            self._ec2.modify_image_attribute(
                ImageId=ami_id, LaunchPermission={"Add": [{"UserId": account} for account in accounts]}
            )

    def deregister(self, ami_id: str) -> None:
        """Remove a copy that failed, so that its name is free. One that is gone already is removed."""
        try:
            with self._aws.explained(f"remove {ami_id}, a copy that failed"):
                self._ec2.deregister_image(ImageId=ami_id)
        except AwsError as exc:
            if exc.code not in _GONE:
                raise

    @property
    def _ec2(self) -> t.Any:
        return self._aws.client("ec2")

    def _mine(self, filters: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
        return self._images("look for copies that are there already", Owners=["self"], Filters=filters)

    def _images(self, attempt: str, **query: t.Any) -> list[dict[str, t.Any]]:
        """Return AMIs, deprecated and disabled ones too."""
        try:
            with self._aws.explained(attempt):
                answer = self._ec2.describe_images(**query, IncludeDeprecated=True, IncludeDisabled=True)
        except AwsError as exc:
            if exc.code in _GONE:
                return []
            raise
        return list(answer["Images"])

    def _copy(self, image: dict[str, t.Any], details: bool) -> Copy:
        snapshots = _snapshots(image)
        tags = {tag["Key"]: tag["Value"] for tag in image.get("Tags", ())}
        return Copy(
            ami_id=image["ImageId"],
            name=image.get("Name", ""),
            state=image["State"],
            created=image.get("CreationDate", ""),
            build_id=tags.get(TAG),
            snapshots=snapshots,
            keys=self._keys(snapshots) if details else (),
            accounts=self._accounts(image["ImageId"], snapshots) if details else frozenset(),
            tags=tags,
        )

    def _keys(self, snapshots: tuple[str, ...]) -> tuple[Key, ...]:
        """Return the KMS keys behind snapshots, each once."""
        if not snapshots:
            return ()
        with self._aws.explained(f"look at the snapshots {', '.join(snapshots)}"):
            found = self._ec2.describe_snapshots(SnapshotIds=list(snapshots))["Snapshots"]
        arns = dict.fromkeys(one["KmsKeyId"] for one in found if one.get("KmsKeyId"))
        # A key that KMS does not show is not this account's to judge.
        return tuple(self.key(arn) or Key(arn, "CUSTOMER", "Unavailable") for arn in arns)

    def _accounts(self, ami_id: str, snapshots: tuple[str, ...]) -> frozenset[str]:
        """Return the accounts that may launch an AMI and use every one of its snapshots."""
        with self._aws.explained(f"see who may use {ami_id}"):
            answer = self._ec2.describe_image_attribute(ImageId=ami_id, Attribute="launchPermission")
            allowed = {one["UserId"] for one in answer.get("LaunchPermissions", ()) if "UserId" in one}
            for snapshot in snapshots:
                answer = self._ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
                allowed &= {one["UserId"] for one in answer.get("CreateVolumePermissions", ()) if "UserId" in one}
        return frozenset(allowed)

    def _percent(self, snapshots: tuple[str, ...]) -> int | None:
        with self._aws.explained(f"see how far the snapshots {', '.join(snapshots)} are"):
            found = self._ec2.describe_snapshots(SnapshotIds=list(snapshots))["Snapshots"]
        texts = [str(one.get("Progress", "")).rstrip("%") for one in found]
        return min((int(text) for text in texts if text.isdigit()), default=None)


def _snapshots(image: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    devices = [device.get("Ebs", {}) for device in image.get("BlockDeviceMappings", ())]
    return tuple(device["SnapshotId"] for device in devices if "SnapshotId" in device)
