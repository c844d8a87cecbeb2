# SPDX-License-Identifier: GPL-3.0-or-later
"""What generalize marks for removal, and what the first boot after it makes anew."""

from __future__ import annotations

import secrets
import string
import typing as t
import uuid

from lab.windows.certificates import LOCATIONS, STORES
from lab.windows.errors import UnsupportedError
from lab.windows.machine import CRYPTOGRAPHY, new_sid

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

IMAGE_STATE_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Setup\\State"
SEALED = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"
UNDEPLOYABLE = "IMAGE_STATE_UNDEPLOYABLE"
COMPLETE = "IMAGE_STATE_COMPLETE"
TERMINAL_SERVER = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server"
SPECIALIZE_SCRIPTS = (
    "C:\\ProgramData\\Amazon\\EC2Launch\\sysprep\\SysprepSpecialize.cmd",
    "C:\\ProgramData\\Amazon\\EC2-Windows\\Launch\\Sysprep\\SysprepSpecialize.cmd",
)
PANTHER = "C:\\Windows\\System32\\Sysprep\\Panther"
_NAME_LETTERS = string.ascii_uppercase + string.digits


def image_state(machine: Machine) -> str:
    """The ImageState value; complete when it is missing, as Windows takes it."""
    return str(machine.registry.data(IMAGE_STATE_KEY, "ImageState", COMPLETE))


def set_image_state(machine: Machine, state: str) -> None:
    """Write the ImageState value."""
    machine.registry.set(IMAGE_STATE_KEY, "ImageState", state)


def is_sealed(machine: Machine) -> bool:
    """Say whether the next boot makes a new computer of this installation."""
    return image_state(machine) == SEALED


def deny_remote_desktop(machine: Machine, deny: bool) -> None:
    """Close Remote Desktop while an image is being sealed, and open it again in the next first boot."""
    machine.registry.set(TERMINAL_SERVER, "fDenyTSConnections", int(deny))


def commands_in(batch: str) -> list[str]:
    """The lines of a batch file that do something."""
    lines = (line.strip() for line in batch.splitlines())
    return [line for line in lines if line and line.lower() != "@echo off" and not line.lower().startswith("rem ")]


def generalize(machine: Machine) -> None:
    """Forget what sysprep takes at once: WinRM's configuration, and the use of every private key.

    The name, the SID and the passwords stay until the next boot.
    """
    machine.winrm.reset()
    for location in LOCATIONS:
        for store in STORES:
            for certificate in machine.certificates.store(store, location).values():
                # The certificate stays, its key can no longer be used: IIS then answers error 0x80070520.
                certificate.key_pem = b""
    set_image_state(machine, SEALED)


def specialize(machine: Machine) -> None:
    """Become a new computer: name, SID, machine GUID.

    The answer files of Amazon's launch agents disable the Administrator here; the agent enables it with a new password.

    Raises:
        UnsupportedError: the agent's SysprepSpecialize.cmd has commands.
    """
    for path in SPECIALIZE_SCRIPTS:
        if machine.files.exists(path) and commands_in(machine.files.read_text(path)):
            raise UnsupportedError(f"commands in {path}")
    machine.sid = new_sid()
    machine.rename("EC2AMAZ-" + "".join(secrets.choice(_NAME_LETTERS) for _ in range(7)), at_once=True)
    machine.registry.set(CRYPTOGRAPHY, "MachineGuid", str(uuid.uuid4()))
    administrator = machine.users.get("Administrator")
    administrator.password, administrator.enabled = None, False
    deny_remote_desktop(machine, False)
    set_image_state(machine, COMPLETE)
