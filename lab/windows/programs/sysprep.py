# SPDX-License-Identifier: GPL-3.0-or-later
"""sysprep.exe: /generalize /oobe, and how it fails."""

from __future__ import annotations

import typing as t

from lab.types import Completed
from lab.windows import appx, identity
from lab.windows.errors import UnsupportedError
from lab.windows.programs.base import Invocation, done, failed

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

_SWITCHES = ("/generalize", "/oobe", "/quiet", "/shutdown", "/quit", "/reboot")


def main(call: Invocation) -> Completed:
    """Generalize, then do as told: quit, shut down or restart."""
    switches, unattend = _arguments(call)
    if not {"/generalize", "/oobe"} <= switches:
        raise UnsupportedError(f"sysprep.exe {' '.join(call.arguments)}: only /generalize /oobe")
    if not call.elevated:
        return failed("Access is denied.", 5)
    if unattend and not call.machine.files.is_file(unattend):
        _log(call.machine, [f"SYSPRP Unattend file {unattend} does not exist"], good=False)
        return failed(f"The answer file {unattend} does not exist", 1)
    problems = validate(call.machine)
    if problems:
        # Validation comes before anything is changed: the image is as it was, and its state too.
        _log(call.machine, problems, good=False)
        return failed("Sysprep was not able to validate your Windows installation.", 1)
    identity.generalize(call.machine)
    _log(call.machine, ["SYSPRP Sysprep_Generalize: generalize phase of Sysprep succeeded"], good=True)
    call.machine.files.write("C:\\Windows\\System32\\Sysprep\\Sysprep_succeeded.tag", b"")
    if "/shutdown" in switches:
        call.machine.power("shutdown")
    elif "/reboot" in switches:
        call.machine.power("reboot")
    return done()


def _arguments(call: Invocation) -> tuple[set[str], str]:
    switches: set[str] = set()
    unattend = ""
    for word in call.arguments:
        switch = word.lower().replace("-", "/", 1) if word.startswith("-") else word.lower()
        if switch.startswith("/unattend:"):
            unattend = word.partition(":")[2].strip('"')
        elif switch in _SWITCHES:
            switches.add(switch)
        else:
            raise UnsupportedError(f"sysprep.exe {word}")
    return switches, unattend


def validate(machine: Machine) -> list[str]:
    """What stops sysprep on this machine, as its log puts it; nothing when it can go on."""
    problems = [
        line
        for package in appx.blockers(machine)
        for line in (
            f"SYSPRP Package {package} was installed for a user, but not provisioned for all users. This package will "
            "not function properly in the sysprep image.",
            "SYSPRP Failed to remove apps for the current user: 0x80073cf2.",
        )
    ]
    waiting = {"servicing", "updates"} & set(machine.pending_reboot.reasons())
    if waiting:
        problems.append(
            "SYSPRP Sysprep_Clean_Validate_Opk: There are one or more Windows updates that require a reboot. "
            "To run Sysprep, reboot the computer and restart the application.; hr = 0x8007139f"
        )
    if problems:
        problems.append("SYSPRP RunPlatformActions:Failed while validating Sysprep session actions; dwRet = 0x3cf2")
    return problems


def _log(machine: Machine, lines: list[str], *, good: bool) -> None:
    """Write setupact.log, and setuperr.log with the errors only (it exists, empty, after a success too)."""
    stamp = machine.clock().strftime("%Y-%m-%d %H:%M:%S")
    level = "Info " if good else "Error"
    text = "".join(f"{stamp}, {level}                 {line}\r\n" for line in lines)
    start = f"{stamp}, Info                  SYSPRP ========================================================\r\n"
    files = machine.files
    files.mkdir(identity.PANTHER)
    files.append(f"{identity.PANTHER}\\setupact.log", start + text)
    files.append(f"{identity.PANTHER}\\setuperr.log", "" if good else text)
