# SPDX-License-Identifier: GPL-3.0-or-later
"""AppX packages, as far as sysprep cares: one that a user has and the machine does not provision stops it."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

STORE = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Appx\\AppxAllUserStore"


def install_for_user(machine: Machine, user: str, package: str) -> None:
    """Install a package (full name, ``Vendor.App_1.0.0.0_x64__8wekyb3d8bbwe``) for one user, as the Store would."""
    machine.registry.create_key(f"{STORE}\\{machine.user_sid(user)}\\{package}")


def provision(machine: Machine, package: str) -> None:
    """Make a package part of the image, for every user."""
    machine.registry.create_key(f"{STORE}\\Applications\\{package}")


def remove_for_user(machine: Machine, user: str, package: str) -> bool:
    """Take a user's package away; says whether it was there."""
    return machine.registry.delete_key(f"{STORE}\\{machine.user_sid(user)}\\{package}")


def blockers(machine: Machine) -> list[str]:
    """Packages that users have and the image does not provision: each makes sysprep fail."""
    provisioned = {name.lower() for name in machine.registry.subkeys(f"{STORE}\\Applications")}
    return [
        package
        for owner in machine.registry.subkeys(STORE)
        if owner.startswith("S-1-")
        for package in machine.registry.subkeys(f"{STORE}\\{owner}")
        if package.lower() not in provisioned
    ]
