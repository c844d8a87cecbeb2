# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of an image's life: deprecated, disabled, protected, deregistered, or withdrawn by Amazon."""

from __future__ import annotations

import datetime
import typing as t

from lab.ec2 import errors, stock
from lab.ec2.image import Image, iso, now
from lab.ec2.images import WITHDRAWN, ImageBackend

# EC2 refuses a deprecation further away than this: for any image, and from the creation of a public one.
FARTHEST = datetime.timedelta(days=3652)
FARTHEST_PUBLIC = datetime.timedelta(days=730)


class LifecycleBackend(ImageBackend):
    """The layer of the EC2 backend that ends images."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        # Deregistered images: what was launched from them still names them.
        self.gone: dict[str, Image] = {}

    def deprecate_image(self, image_id: str, when: datetime.datetime) -> None:
        """Deprecate an image at a time, to the nearest minute. Nothing else changes: it can be launched as before."""
        image = self.own_image(image_id)
        minute = (when + datetime.timedelta(seconds=30)).replace(second=0, microsecond=0)
        if when < now() - datetime.timedelta(minutes=1):
            raise errors.deprecation_out_of_range(f"{iso(when)} is in the past")
        if minute > now() + FARTHEST:
            raise errors.deprecation_out_of_range(f"{iso(when)} is more than 10 years from now")
        created = image.creation_date.replace(tzinfo=datetime.UTC)
        if image.is_public and minute > created + FARTHEST_PUBLIC:
            raise errors.deprecation_out_of_range(f"{iso(when)} is more than 2 years after a public image was created")
        image.deprecates_at = minute

    def undeprecate_image(self, image_id: str) -> None:
        self.own_image(image_id).deprecates_at = None

    def disable_image(self, ami_id: str) -> None:
        """Make an image unusable and private. Its permissions do not come back with EnableImage."""
        image = self.own_image(ami_id)
        if image.state not in ("available", "disabled"):
            raise errors.image_unavailable(ami_id, image.state)
        image.state = "disabled"
        image.launch_permissions.clear()

    def enable_image(self, ami_id: str) -> None:
        image = self.own_image(ami_id)
        if image.state not in ("available", "disabled"):
            raise errors.image_unavailable(ami_id, image.state)
        image.state = "available"

    def deregister_image(self, ami_id: str, delete_snapshots: bool = False) -> t.Any:
        """Drop an image and its disk, and its snapshots if asked; return what became of each snapshot."""
        image = self.own_image(ami_id)
        if image.protection:
            raise errors.image_protected(ami_id)
        if image.cooling_down:
            raise errors.image_protected(ami_id, iso(t.cast("datetime.datetime", image.cooldown_until)))
        super().deregister_image(ami_id)
        image.state = "deregistered"
        self.gone[ami_id] = image
        self.hypervisor.forget_image(ami_id)
        snapshots = [device.snapshot.id for device in image.devices] if delete_snapshots else []
        for snapshot_id in snapshots:
            self.delete_snapshot(snapshot_id)
        return [{"SnapshotId": snapshot_id, "ReturnCode": "success"} for snapshot_id in snapshots]

    def withdraw_image(self, image_id: str) -> None:
        """Do as Amazon does with an old stock image: it is suddenly private, for every account."""
        image = self.find_image(image_id)
        if image.owner_id != stock.OWNER_ID:
            raise errors.image_not_found([image_id])
        WITHDRAWN.add(image_id)
        for backend in (self, *self.neighbours()):
            backend.amis[image_id].withdrawn = True
            backend.amis[image_id].launch_permissions.clear()

    def age_image(self, image_id: str, days: float) -> Image:
        """Let an image, and its snapshots, have been made `days` earlier than they were."""
        image = self.find_image(image_id)
        image.grow_older(days)
        for device in image.devices:
            device.snapshot.start_time -= datetime.timedelta(days=days)
        return image

    def modify_image_attribute(
        self,
        ami_id: str,
        launch_permissions_to_add: list[dict[str, str]],
        launch_permissions_to_remove: list[dict[str, str]],
    ) -> None:
        """Share an image, or no longer. One that is disabled cannot be shared."""
        image = self.own_image(ami_id)
        if launch_permissions_to_add and image.state == "disabled":
            raise errors.image_unavailable(ami_id, image.state)
        super().modify_image_attribute(ami_id, launch_permissions_to_add, launch_permissions_to_remove)

    def trace_image(self, image_id: str) -> Image | None:
        """Return what is known of an image that something was launched from, also when nobody sees it any more."""
        for backend in (self, *self.neighbours()):
            found = backend.amis.get(image_id) or backend.gone.get(image_id)
            if isinstance(found, Image):
                return found
        return None
