# SPDX-License-Identifier: GPL-3.0-or-later
"""moto's EC2 with the lab's images and instances in front of its own."""

from __future__ import annotations

import typing as t

from moto.ec2 import models as moto_models

from lab.ec2.images import ImageBackend, make_stock_images
from lab.ec2.instances import InstanceBackend
from lab.ec2.network import NetworkBackend

if t.TYPE_CHECKING:
    from lab.ec2.hypervisor import Hypervisor


class EC2Backend(ImageBackend, InstanceBackend, NetworkBackend, moto_models.EC2Backend):
    """One region of one account. `hypervisor` is set by `install`, before the first request."""

    hypervisor: t.ClassVar[Hypervisor]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        make_stock_images(self)

    def create_default_vpc(self) -> t.Any:
        """Give the default VPC addresses that this machine can answer at, and no public ones."""
        vpc = self.create_vpc(self.hypervisor.open_region(self.region_name), is_default=True)
        for zone in self.describe_availability_zones():
            self.create_default_subnet(zone.name).map_public_ip_on_launch = False
        return vpc

    def sibling(self, region: str) -> EC2Backend:
        """Return the same account's backend in another region."""
        return t.cast("EC2Backend", moto_models.ec2_backends[self.account_id][region])


def install(hypervisor: Hypervisor) -> None:
    """Make moto use this backend, with these guests behind its instances. Call before the first request."""
    EC2Backend.hypervisor = hypervisor
    moto_models.ec2_backends.backend = EC2Backend


def backend(account: str, region: str) -> EC2Backend:
    return t.cast("EC2Backend", moto_models.ec2_backends[account][region])
