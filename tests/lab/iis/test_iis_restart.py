# SPDX-License-Identifier: GPL-3.0-or-later
"""The role iis_dotnet restarts Windows once, and only when Windows asks for it."""

from __future__ import annotations

import hashlib
import pathlib
import threading
import typing as t

from lab.windows import artefacts
from lab.windows.boot import LOGON_UI_KEY
from lab.windows.machine import Machine
from tests.lab.sealing.guests import serving

ROLE = {"ansible.builtin.include_role": {"name": "golden.windows_ami.iis_dotnet"}}
FRAMEWORK, BUNDLE = "ndp48-x86-x64-allos-enu.exe", "dotnet-hosting-8.0.31-win.exe"


def prepared(machine: Machine) -> tuple[dict[str, t.Any], list[str]]:
    """Lay down the installers and give the machine a power switch; return variables, and what the switch was asked."""
    asked: list[str] = []

    def power(action: str, delay: float) -> None:
        asked.append(action)

        def restart() -> None:
            machine.power_off()
            machine.power_on()
            machine.registry.create_key(LOGON_UI_KEY)

        threading.Timer(0.3, restart).start()

    machine.attach(power=power)
    variables: dict[str, t.Any] = {"iis_dotnet_hosting_bundle_version": "8.0.31"}
    for name, file in (("framework", FRAMEWORK), ("hosting_bundle", BUNDLE)):
        content = artefacts.catalogue()[file]
        machine.files.write(rf"C:\p\{file}", content, parents=True)
        variables |= {
            f"iis_dotnet_{name}_url": rf"C:\p\{file}",
            f"iis_dotnet_{name}_sha256": hashlib.sha256(content).hexdigest(),
        }
    return variables, asked


def test_one_restart_for_all_that_was_installed_and_none_when_nothing_was(tmp_path: pathlib.Path) -> None:
    with serving("2016", "v1") as server:
        variables, asked = prepared(server.machine)
        played = server.play(tmp_path, [ROLE], **variables)
        assert played.status == 0, played.output
        assert asked == ["reboot"]
        assert server.machine.pending_reboot.reasons() == []
        assert server.machine.services.get("W3SVC").state == "Running"
        played = server.play(tmp_path, [ROLE], **variables)
        assert played.status == 0, played.output
        assert asked == ["reboot"]


def test_windows_that_has_all_of_it_is_not_restarted(tmp_path: pathlib.Path) -> None:
    with serving("2025", "v2", core=True) as server:
        variables, asked = prepared(server.machine)
        played = server.play(tmp_path, [ROLE], **variables)
        assert played.status == 0, played.output
        assert asked == []
        assert server.machine.services.get("W3SVC").state == "Running"
