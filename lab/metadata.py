# SPDX-License-Identifier: GPL-3.0-or-later
"""What the instance metadata service tells a guest."""

from __future__ import annotations

import base64
import dataclasses
import typing as t

if t.TYPE_CHECKING:
    from lab.ec2.hypervisor import Instance


@dataclasses.dataclass(frozen=True)
class InstanceMetadata:
    """Implements lab.windows.runtime.Metadata; fixed at launch, but for the user data, which EC2 lets one change."""

    instance_id: str
    region: str
    account: str
    image_id: str
    instance_type: str
    availability_zone: str
    local_ipv4: str
    public_ipv4: str
    public_key: str
    read_user_data: t.Callable[[], bytes]
    post: t.Callable[[str], None]

    @property
    def user_data(self) -> bytes:
        return self.read_user_data()

    def post_password(self, encrypted: str) -> None:
        """Hand the encrypted password to EC2, in base64, where GetPasswordData finds it."""
        self.post(encrypted)

    @classmethod
    def of(cls, instance: Instance, post: t.Callable[[str], None]) -> InstanceMetadata:
        pair = instance.ec2_backend.key_pairs.get(instance.key_name)
        return cls(
            instance_id=instance.id,
            region=instance.ec2_backend.region_name,
            account=instance.owner_id,
            image_id=instance.image_id,
            instance_type=instance.instance_type,
            availability_zone=instance.availability_zone,
            local_ipv4=instance.private_ip,
            public_ipv4=instance.public_ip or "",
            public_key=pair.public_key if pair else "",
            read_user_data=lambda: _user_data(instance),
            post=post,
        )


def _user_data(instance: Instance) -> bytes:
    return base64.b64decode(str(instance.user_data)) if instance.user_data is not None else b""
