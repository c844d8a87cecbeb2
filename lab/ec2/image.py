# SPDX-License-Identifier: GPL-3.0-or-later
"""An image: an AMI that knows its snapshots."""

from __future__ import annotations

import datetime
import typing as t

from moto.ec2.models.amis import Ami

if t.TYPE_CHECKING:
    from lab.ec2.network import NetworkBackend


class Device(t.NamedTuple):
    """One entry of an image's block device mapping."""

    name: str
    snapshot: t.Any
    volume_type: str = "gp3"
    delete_on_termination: bool = True
    iops: int | None = None
    throughput: int | None = None

    def to_mapping(self) -> dict[str, t.Any]:
        ebs = {
            "SnapshotId": self.snapshot.id,
            "VolumeSize": self.snapshot.volume_size,
            "VolumeType": self.volume_type,
            "DeleteOnTermination": self.delete_on_termination,
            "Encrypted": self.snapshot.encrypted,
            "Iops": self.iops,
            "Throughput": self.throughput,
        }
        return {"DeviceName": self.name, "Ebs": {key: value for key, value in ebs.items() if value is not None}}


class Image(Ami):
    """An AMI that knows its snapshots. Its disk is in the lab's image store under the same id."""

    platform_details = "Windows"
    usage_operation = "RunInstances:0002"
    ena_support = True
    sriov_net_support = "simple"

    def __init__(
        self, backend: NetworkBackend, image_id: str, devices: t.Sequence[Device] = (), **fields: t.Any
    ) -> None:
        fields.setdefault("region_name", f"{backend.region_name}a")
        super().__init__(backend, image_id, **fields)
        # moto makes every image a 15 GiB snapshot of its own.
        backend.snapshots.pop(self.ebs_snapshot.id)
        del self.boot_mode  # EC2 says nothing when an image has none
        self.platform = "windows"
        self.hypervisor = "xen"
        self.virtualization_type = "hvm"
        self.root_device_type = "ebs"
        self.devices: tuple[Device, ...] = tuple(devices)
        self.source_image_id: str | None = None
        self.source_image_region: str | None = None
        self.deprecation_time: str | None = None
        self.imds_support: str | None = None
        # Amazon withdraws a stock image by making it private: gone for all but Amazon.
        self.withdrawn = False

    @property
    def image_owner_alias(self) -> str | None:
        return self.owner_alias

    @property
    def image_location(self) -> str:
        return f"{self.owner_alias or self.owner_id}/{self.name}"

    @image_location.setter
    def image_location(self, value: str | None) -> None:
        """moto sets it; EC2 derives it."""

    @property
    def block_device_mappings(self) -> list[dict[str, t.Any]]:
        return [device.to_mapping() for device in self.devices]

    @property
    def root_device(self) -> Device:
        return next(device for device in self.devices if device.name == self.root_device_name)

    @property
    def deprecated(self) -> bool:
        return self.deprecation_time is not None and self.deprecation_time <= _iso(datetime.datetime.now(datetime.UTC))


def _iso(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
