# SPDX-License-Identifier: GPL-3.0-or-later
"""Ec2Config.exe, the launch agent before EC2Launch."""

from __future__ import annotations

import typing as t

from lab.types import Completed
from lab.windows import identity
from lab.windows.ec2config_files import BUNDLE, LOG, PENDING, ROOT, read
from lab.windows.errors import UnsupportedError
from lab.windows.programs import sysprep
from lab.windows.programs.base import Invocation, done, failed

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine


def main(call: Invocation) -> Completed:
    """-sysprep: seal as BundleConfig.xml says."""
    if [word.lower() for word in call.arguments] != ["-sysprep"]:
        raise UnsupportedError(f"Ec2Config.exe {' '.join(call.arguments)}")
    if not call.elevated:
        return failed("Ec2Config must be run by an administrator")
    machine = call.machine
    bundle = read(machine, BUNDLE)
    identity.deny_remote_desktop(machine, True)
    switches = (bundle.findtext("GeneralSettings/Sysprep/Switches") or "").split()
    answers = f"{ROOT}\\{bundle.findtext('GeneralSettings/Sysprep/AnswerFilePath')}"
    machine.extras[PENDING] = bundle.findtext("Property[Name='SetPasswordAfterSysprep']/Value") == "Yes"
    path = "C:\\Windows\\System32\\Sysprep\\sysprep.exe"
    finished = sysprep.main(call._replace(path=path, arguments=[*switches, f"/unattend:{answers}"]))
    write_log(machine, "Sysprep failed" if finished.rc else "Sysprep done")
    return done()  # the service does the work: its exit code is not sysprep's


def write_log(machine: Machine, text: str) -> None:
    """Add a line to EC2Config's log."""
    machine.files.mkdir(ROOT + "\\Logs")
    machine.files.append(LOG, f"{machine.clock().strftime('%Y-%m-%dT%H:%M:%SZ')}: {text}\r\n")
