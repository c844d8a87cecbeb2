# SPDX-License-Identifier: GPL-3.0-or-later
"""Images: the stock ones, and those made from instances, with snapshots of what the instance really has."""

from __future__ import annotations

import datetime
import re
import typing as t

from moto.ec2.models.amis import Ami
from moto.ec2.utils import random_ami_id

from lab.ec2 import errors, stock
from lab.ec2.image import Device, Image
from lab.ec2.visibility import VisibilityBackend

# Stock images that Amazon has withdrawn, for accounts that come to the region later.
WITHDRAWN: set[str] = set()
NAME = re.compile(r"[A-Za-z0-9()\[\] ./'@_-]{3,128}\Z")


def make_stock_images(backend: ImageBackend) -> None:
    """Register the region's stock images, public and Amazon's own."""
    for item in stock.stock_images(backend.region_name):
        device = Device(stock.ROOT_DEVICE, _snapshot_of(backend, item.image_id, stock.ROOT_GIB, stock.OWNER_ID), "gp2")
        created = datetime.datetime.combine(item.released, datetime.time(6), datetime.UTC)
        image = Image(
            backend,
            item.image_id,
            [device],
            name=item.name,
            description=item.family.description,
            owner_id=stock.OWNER_ID,
            owner_alias=stock.OWNER_ALIAS,
            public=True,
            architecture="x86_64",
            creation_date=created.replace(tzinfo=None),
            root_device_name=stock.ROOT_DEVICE,
        )
        image.withdrawn = item.image_id in WITHDRAWN
        backend.amis[item.image_id] = image


class ImageBackend(VisibilityBackend):
    """The layer of the EC2 backend that deals in images."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        # What CopyImage was asked under a client token, and the image that it made of it.
        self._copies: dict[str, tuple[tuple[t.Any, ...], Image]] = {}
        make_stock_images(self)

    def _load_amis(self) -> None:
        """moto calls this before there are zones and volumes: the images follow in the constructor."""

    def register_image(self, name: str | None = None, description: str | None = None) -> Ami:
        raise errors.action_unknown("RegisterImage: images of the lab come from instances")

    def create_image(
        self,
        instance_id: str,
        name: str,
        description: str,
        tag_specifications: list[dict[str, t.Any]],
        no_reboot: bool = False,
    ) -> Image:
        """Snapshot every volume of the instance, keep its disk, and answer with an image that is still pending."""
        instance = self.get_instance(instance_id)
        if instance.state not in ("running", "stopped"):
            raise errors.wrong_state(instance_id, instance.state, "imaged")
        image_id = random_ami_id()
        self._check_name(name)
        image = Image(
            self,
            image_id,
            self._snapshots_of(instance, image_id),
            instance=instance,
            name=name,
            description=description,
            state="pending",
            root_device_name=instance.root_device_name,
        )
        image.source_image_id, image.source_image_region = instance.image_id, self.region_name
        self._publish(image, tag_specifications)
        self.hypervisor.capture(instance, image, reboot=instance.state == "running" and not no_reboot)
        return image

    def copy_image(
        self,
        source_image_id: str,
        source_region: str,
        name: str | None = None,
        description: str | None = None,
        encrypted: bool = False,
        kms_key_id: str | None = None,
        tag_specifications: list[dict[str, t.Any]] | None = None,
        client_token: str | None = None,
    ) -> Image:
        """Copy an image between regions, or within one, encrypting its snapshots when asked to.

        The same request with the same token makes no second image, whatever became of the first. With a key that EC2
        cannot use the call succeeds and the copy fails later.
        """
        asked = (source_image_id, source_region, name, description, encrypted, kms_key_id, str(tag_specifications))
        if client_token and client_token in self._copies:
            before, made = self._copies[client_token]
            if before != asked:
                raise errors.token_of_another_request(client_token)
            return made
        if kms_key_id and not encrypted:
            raise errors.key_without_encryption()
        source = self.sibling(source_region).launchable_image(source_image_id)
        if not self.sibling(source_region).may_copy(source):
            raise errors.storage_denied()
        image_id = random_ami_id()
        name = name or source.name or ""
        self._check_name(name)
        usable = self.key_arn(kms_key_id) if kms_key_id else None
        devices = [
            device._replace(
                snapshot=_snapshot_of(
                    self,
                    image_id,
                    device.snapshot.volume_size,
                    self.account_id,
                    encrypted or device.snapshot.encrypted,
                    usable or kms_key_id,
                )
            )
            for device in source.devices
        ]
        image = Image(
            self,
            image_id,
            devices,
            source_ami=source,
            name=name,
            description=description or source.description,
            state="pending",
            root_device_name=source.root_device_name,
        )
        image.source_image_id, image.source_image_region = source_image_id, source_region
        self._publish(image, tag_specifications or [])
        self.hypervisor.copy_image(source_image_id, image, fails=bool(kms_key_id and not usable))
        if client_token:
            self._copies[client_token] = (asked, image)
        return image

    def _check_name(self, name: str) -> None:
        if not NAME.match(name or ""):
            raise errors.image_name_malformed(name)
        for image in self.amis.values():
            if image.name == name and image.owner_id == self.account_id:
                raise errors.image_name_taken(name, image.id)

    def _snapshots_of(self, instance: t.Any, image_id: str) -> list[Device]:
        devices = []
        for device_name, block in sorted(instance.block_device_mapping.items()):
            volume = self.get_volume(block.volume_id)
            text = f"Created by CreateImage({instance.id}) for {image_id}"
            snapshot = self.create_snapshot(volume.id, text, self.account_id, from_ami=image_id)
            snapshot.kms_key_id = volume.kms_key_id and (self.key_arn(volume.kms_key_id) or volume.kms_key_id)
            snapshot.status = "pending"
            devices.append(
                Device(
                    device_name,
                    snapshot,
                    volume.volume_type,
                    block.delete_on_termination,
                    volume.iops,
                    volume.throughput,
                )
            )
        return devices

    def _publish(self, image: Image, tag_specifications: list[dict[str, t.Any]]) -> None:
        self.amis[image.id] = image
        for specification in tag_specifications:
            tags = {tag["Key"]: tag["Value"] for tag in specification["Tags"]}
            targets = {"image": [image], "snapshot": [device.snapshot for device in image.devices]}
            for resource in targets[specification["ResourceType"]]:
                resource.add_tags(tags)


def _snapshot_of(
    backend: ImageBackend,
    image_id: str,
    gib: int,
    owner_id: str,
    encrypted: bool = False,
    kms_key_id: str | None = None,
) -> t.Any:
    """Make the snapshot of a volume that never was: of a stock image, or a copy."""
    volume = backend.create_volume(gib, f"{backend.region_name}a", encrypted=encrypted, kms_key_id=kms_key_id)
    snapshot = backend.create_snapshot(volume.id, f"Copied for {image_id}", owner_id, from_ami=image_id)
    snapshot.kms_key_id = volume.kms_key_id
    backend.delete_volume(volume.id)
    return snapshot
