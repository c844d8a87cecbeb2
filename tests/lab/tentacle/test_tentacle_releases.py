# SPDX-License-Identifier: GPL-3.0-or-later
"""The role octopus_tentacle on every Windows that it is for, in one play."""

from __future__ import annotations

import contextlib
import hashlib
import pathlib
import re

from lab.windows import artefacts
from lab.windows.firewall import Rule
from tests.lab.roles.guests import play_on, running_guest

VERSIONS = ("2016", "2019", "2022", "2025")
MSI = "Octopus.Tentacle.8.2.2297-x64.msi"
PATH = f"C:\\Packages\\{MSI}"
EXE = "C:\\Program Files\\Octopus Deploy\\Tentacle\\Tentacle.exe"
SCRIPT = "C:\\Program Files\\Golden\\register-tentacle.ps1"


def test_it_installs_verifies_and_then_leaves_alone_full_and_core(tmp_path: pathlib.Path) -> None:
    package = artefacts.catalogue()[MSI]
    role = {"name": "golden.windows_ami.octopus_tentacle"}
    once = {"ansible.builtin.include_role": role}
    verify = {"ansible.builtin.include_role": {**role, "tasks_from": "verify"}}
    variables = {"octopus_tentacle_url": PATH, "octopus_tentacle_sha256": hashlib.sha256(package).hexdigest()}
    with contextlib.ExitStack() as stack:
        guests = {}
        for version in VERSIONS:
            for kind in ("full", "core"):
                guest = stack.enter_context(running_guest(tmp_path, version, core=kind == "core"))
                guest.machine.firewall.add(Rule("{1}", "First boot", protocol="TCP", local_ports="5986"))
                guest.machine.files.write(PATH, package, parents=True)
                guests[f"{version}-{kind}"] = guest
        status, output = play_on(tmp_path, guests, [once, verify, once, verify], "--forks=4", **variables)
        assert status == 0, output
        for name, guest in guests.items():
            assert guest.machine.files.is_file(EXE), name
            assert guest.machine.files.is_file(SCRIPT), name
            assert guest.modules["ansible.windows.win_package"] == 1, f"{name}: the second run installed again"
            # The MSI, the directory of the script and the script itself; nothing in the second run.
            recap = re.search(rf"^{name} .*changed=(\d+)", output, re.MULTILINE)
            assert recap is not None
            assert recap[1] == "3", output
