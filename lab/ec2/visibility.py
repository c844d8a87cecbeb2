# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images and snapshots an account sees: its own, public ones, and those that other accounts share with it."""

from __future__ import annotations

import typing as t

from moto.ec2 import models as moto_models
from moto.ec2.models.amis import Ami
from moto.ec2.utils import generic_filter

from lab.ec2 import errors
from lab.ec2.image import Image, SharedImage
from lab.ec2.sharing import SharingBackend
from lab.ec2.stock import OWNER_ID


class VisibilityBackend(SharingBackend):
    """The layer of the EC2 backend that looks at images, across accounts."""

    def sibling(self, region: str) -> t.Any:
        """Return the same account's backend in another region."""
        return moto_models.ec2_backends[self.account_id][region]

    def neighbours(self) -> list[t.Any]:
        """Return the backends of the other accounts that have used this region."""
        return [
            regions[self.region_name]
            for account, regions in list(moto_models.ec2_backends.items())
            if account != self.account_id and self.region_name in regions.keys()  # noqa: SIM118 - moto's `in` lies
        ]

    def describe_images(
        self,
        ami_ids: list[str] | None = None,
        filters: dict[str, t.Any] | None = None,
        exec_users: list[str] | None = None,
        owners: list[str] | None = None,
        include_deprecated: bool = True,
        include_disabled: bool = True,
    ) -> list[Ami]:
        """Describe images as EC2 does: an id that is unknown, gone, withdrawn or not shared is an error.

        moto itself calls this too, and must find what is disabled or deprecated.
        """
        for image_id in ami_ids or ():
            if not image_id.startswith("ami-"):
                raise errors.image_malformed(image_id)
        seen = self._seen(include_deprecated, include_disabled)
        if ami_ids:
            missing = [image_id for image_id in ami_ids if self._look_up(image_id) is None]
            if missing:
                raise errors.image_not_found(missing)
            seen = [image for image in seen if image.id in ami_ids]
        if exec_users:
            wanted = {self.account_id if user == "self" else user for user in exec_users}
            seen = [image for image in seen if _grants(image) & wanted]
        if owners:
            wanted = {self.account_id if owner == "self" else owner for owner in owners}
            seen = [image for image in seen if {image.owner_id, image.owner_alias} & wanted]
        return t.cast("list[Ami]", generic_filter(filters or {}, seen))

    def visible(self, image_id: str) -> bool:
        return self._look_up(image_id) is not None

    def find_image(self, image_id: str) -> Image:
        """Return an image that this account sees, disabled or not, or fail as every call on an image does."""
        if not image_id.startswith("ami-"):
            raise errors.image_malformed(image_id)
        image = self._look_up(image_id)
        if image is None:
            raise errors.image_not_found([image_id])
        return image

    def own_image(self, image_id: str) -> Image:
        """Return an image of this account's, or fail as calls do that change one."""
        image = self.find_image(image_id)
        if image.owner_id != self.account_id:
            raise errors.not_the_owner(image_id)
        return image

    def launchable_image(self, image_id: str) -> Image:
        """Return the image, or fail as RunInstances does."""
        image = self.find_image(image_id)
        if image.state != "available":
            raise errors.image_unavailable(image_id, image.state)
        return image

    def get_snapshot(self, snapshot_id: str) -> t.Any:
        """Return a snapshot, also one of another account's image: to launch an image is to read its snapshots."""
        if snapshot_id not in self.snapshots:
            for neighbour in self.neighbours():
                found = neighbour.snapshots.get(snapshot_id)
                if found is not None and (self.may_read(found) or self.visible(found.from_ami or "")):
                    return found
        return super().get_snapshot(snapshot_id)

    def describe_snapshots(self, snapshot_ids: list[str] | None = None, filters: t.Any = None) -> list[t.Any]:
        """Describe snapshots of this account, and those that others have shared with it."""
        shared = [
            snapshot
            for neighbour in self.neighbours()
            for snapshot in list(neighbour.snapshots.values())
            if snapshot.owner_id == neighbour.account_id and self.may_read(snapshot)
        ]
        matches = [*self.snapshots.values(), *shared]
        if snapshot_ids:
            known = {snapshot.id for snapshot in matches}
            for snapshot_id in snapshot_ids:
                if snapshot_id not in known:
                    raise errors.snapshot_not_found(snapshot_id)
            matches = [snapshot for snapshot in matches if snapshot.id in snapshot_ids]
        return generic_filter(filters or {}, matches)

    def may_read(self, snapshot: t.Any) -> bool:
        """Say whether this account may make a volume of a snapshot, and so copy an image that is made of it."""
        return (
            snapshot.owner_id == self.account_id
            or self.account_id in snapshot.create_volume_permission_userids
            or "all" in snapshot.create_volume_permission_groups
        )

    def may_copy(self, image: Image) -> bool:
        """Say whether this account may read all that an image is made of. Amazon's images are there to be copied."""
        return image.owner_id == OWNER_ID or all(self.may_read(device.snapshot) for device in image.devices)

    def _look_up(self, image_id: str) -> Image | None:
        image = self.amis.get(image_id)
        if isinstance(image, Image):
            return None if image.withdrawn else image
        for neighbour in self.neighbours():
            other = neighbour.amis.get(image_id)
            if other is not None and other.owner_id == neighbour.account_id and other.launchable_by(self.account_id):
                return t.cast("Image", SharedImage(other))
        return None

    def _seen(self, include_deprecated: bool, include_disabled: bool) -> list[t.Any]:
        shared: list[t.Any] = [
            SharedImage(image)
            for neighbour in self.neighbours()
            for image in list(neighbour.amis.values())
            if image.owner_id == neighbour.account_id and image.launchable_by(self.account_id)
        ]
        own: list[t.Any] = list(self.amis.values())
        return [
            image
            for image in own + shared
            if not image.withdrawn
            and (include_disabled or image.state != "disabled")
            and (include_deprecated or not image.deprecated or image.owner_id == self.account_id)
        ]


def _grants(image: t.Any) -> set[str]:
    return {grant.get("UserId") or grant.get("Group", "") for grant in image.launch_permissions}
