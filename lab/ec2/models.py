# SPDX-License-Identifier: GPL-3.0-or-later
"""moto's EC2 with the lab's layers on top: network, images, templates, instances, spot fleets."""

from __future__ import annotations

import typing as t

from moto.ec2 import models as moto_models

from lab.ec2.spot import SpotBackend

if t.TYPE_CHECKING:
    from lab.ec2.hypervisor import Hypervisor


class EC2Backend(SpotBackend):
    """One region of one account. It is defined here, for moto looks for its URLs in the module beside this one."""


def install(hypervisor: Hypervisor) -> None:
    """Make moto use this backend, with these guests behind its instances. Call before the first request."""
    EC2Backend.hypervisor = hypervisor
    moto_models.ec2_backends.backend = EC2Backend


def backend(account: str, region: str) -> EC2Backend:
    """Return the backend of an account's region."""
    return t.cast("EC2Backend", moto_models.ec2_backends[account][region])
