# SPDX-License-Identifier: GPL-3.0-or-later
"""What the instance metadata service tells a guest."""

from __future__ import annotations

import base64
import dataclasses
import typing as t

from lab.ec2.profile import read_parameter

if t.TYPE_CHECKING:
    from lab.ec2.hypervisor import Instance


@dataclasses.dataclass
class InstanceMetadata:
    """Implements lab.windows.runtime.Metadata."""

    instance_id: str
    region: str
    account: str
    image_id: str
    instance_type: str
    availability_zone: str
    local_ipv4: str
    public_ipv4: str
    public_key: str
    user_data: bytes
    post: t.Callable[[str], None]
    read_parameter: t.Callable[[str, bool], tuple[str, str]]

    def post_password(self, encrypted: str) -> None:
        """Hand the encrypted password to EC2, in base64, where GetPasswordData finds it."""
        self.post(encrypted)

    def ssm_parameter(self, name: str, decrypt: bool) -> tuple[str, str]:
        """Give the type and value of a parameter of SSM."""
        return self.read_parameter(name, decrypt)

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
            user_data=user_data_of(instance),
            post=post,
            read_parameter=lambda name, decrypt: read_parameter(instance, name, decrypt),
        )


def user_data_of(instance: Instance) -> bytes:
    """Return the user data as it is now: it may be changed while the instance is stopped."""
    return base64.b64decode(str(instance.user_data)) if instance.user_data is not None else b""
