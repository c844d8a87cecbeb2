# SPDX-License-Identifier: GPL-3.0-or-later
"""The seam between moto's instances and the machines behind them."""

from __future__ import annotations

import typing as t

Instance = t.Any  # moto.ec2.models.instances.Instance; moto carries no usable types

# EC2's own codes for the states of an instance.
STATE_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


class Hypervisor(t.Protocol):
    """What runs the guests. Calls return at once; the instance's state follows as the guest does."""

    def launch(self, instance: Instance) -> None: ...

    def start(self, instance: Instance) -> None: ...

    def stop(self, instance: Instance) -> None: ...

    def reboot(self, instance: Instance) -> None: ...

    def terminate(self, instance: Instance) -> None: ...

    def capture(self, instance: Instance, image: t.Any, reboot: bool) -> None:
        """Keep the instance's disk as the image's; the image is usable when its state says so."""

    def copy_image(self, source_id: str, image: t.Any, fails: bool) -> None: ...

    def forget_image(self, image_id: str) -> None: ...

    def password_data(self, instance_id: str) -> str:
        """Return the encrypted password the guest posted, in base64, or nothing."""

    def console(self, instance_id: str) -> str:
        """Return what the guest wrote to its console."""

    def status_checks(self, instance_id: str) -> str:
        """Return how the status checks of a running instance stand: ok, initializing or impaired."""

    def open_region(self, region: str, account: str) -> str:
        """Be ready for a region's stock images; return the address range of the account's default VPC there."""


def set_state(instance: Instance, name: str, reason: str = "") -> None:
    """Move the instance to another state and say why, as DescribeInstances shows it."""
    instance._state.name = name
    instance._state.code = STATE_CODES[name]
    instance._reason = reason
