# SPDX-License-Identifier: GPL-3.0-or-later
"""An image: an AMI that knows its snapshots, who may launch it, and how far its life has gone."""

from __future__ import annotations

import datetime
import typing as t

from moto.ec2.models.amis import Ami

if t.TYPE_CHECKING:
    from lab.ec2.network import NetworkBackend

COOLDOWN = datetime.timedelta(hours=24)


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
        self.deprecates_at: datetime.datetime | None = None
        self.imds_support: str | None = None
        # Amazon withdraws a stock image by making it private: gone for all but Amazon.
        self.withdrawn = False
        # "", or what EnableImageDeregistrationProtection was asked for.
        self.protection = ""
        self.cooldown_until: datetime.datetime | None = None
        self.launched_at: datetime.datetime | None = None

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
    def deprecation_time(self) -> str | None:
        return iso(self.deprecates_at) if self.deprecates_at else None

    @property
    def last_launched_time(self) -> str | None:
        return iso(self.launched_at) if self.launched_at else None

    @property
    def deprecated(self) -> bool:
        return self.deprecates_at is not None and self.deprecates_at <= now()

    @property
    def deregistration_protection(self) -> str:
        return self.protection or "disabled"

    @property
    def cooling_down(self) -> bool:
        return self.cooldown_until is not None and self.cooldown_until > now()

    def protect(self, with_cooldown: bool) -> str:
        """Forbid DeregisterImage; return the protection in EC2's word."""
        self.protection = "enabled-with-cooldown" if with_cooldown else "enabled-without-cooldown"
        self.cooldown_until = None
        return self.protection

    def unprotect(self) -> str:
        """Allow DeregisterImage: at once, or in 24 hours when the protection was with cooldown."""
        if self.protection == "enabled-with-cooldown":
            self.cooldown_until = now() + COOLDOWN
        self.protection = ""
        return "disabled"

    def launchable_by(self, account: str) -> bool:
        """Say whether an account sees this image: its own, a public one, or one that was shared with it."""
        if self.withdrawn:
            return False
        return self.owner_id == account or self.is_public or {"UserId": account} in self.launch_permissions

    def grow_older(self, days: float) -> None:
        """Put every time of this image into the past, as if it had been made `days` earlier."""
        earlier = datetime.timedelta(days=days)
        self.creation_date -= earlier
        for name in ("deprecates_at", "cooldown_until", "launched_at"):
            if getattr(self, name) is not None:
                setattr(self, name, getattr(self, name) - earlier)


class SharedImage:
    """Another account's image, as the account sees it that it is shared with: without its tags and permissions."""

    def __init__(self, image: Image) -> None:
        self._image = image

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._image, name)

    @property
    def tag_set(self) -> list[dict[str, str]]:
        return []

    tag_list = tag_set
    tags = tag_set

    def get_tags(self) -> list[dict[str, str]]:
        return []

    def get_filter_value(self, filter_name: str, method_name: str | None = None) -> t.Any:
        if filter_name.startswith("tag"):
            return None if filter_name.startswith("tag:") else []
        return self._image.get_filter_value(filter_name, method_name)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def iso(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
