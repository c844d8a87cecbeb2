# SPDX-License-Identifier: GPL-3.0-or-later
"""The role iis_dotnet: features that go, where request logs go, and an installer that is not the one that was meant."""

from __future__ import annotations

import pathlib
import re

from lab.windows import artefacts
from lab.windows.iis import CONFIG
from tests.lab.sealing.guests import serving

ROLE = {"name": "golden.windows_ami.iis_dotnet"}
MAIN = {"ansible.builtin.include_role": ROLE}
VERIFY = {"ansible.builtin.include_role": {**ROLE, "tasks_from": "verify"}}
BUNDLE = r"C:\p\dotnet-hosting-8.0.31-win.exe"


def test_features_go_and_request_logs_go_elsewhere_and_both_are_verified(tmp_path: pathlib.Path) -> None:
    with serving("2022", "v2") as server:
        machine = server.machine
        machine.install_features(["Web-Server", "Web-Dir-Browsing"])
        wanted = {
            "iis_dotnet_features_absent": ["Web-Dir-Browsing"],
            "iis_dotnet_log_directory": r"C:\Logs\IIS",
            "iis_dotnet_reboot": False,
        }
        drifted = server.play(tmp_path, [VERIFY], **wanted)
        assert drifted.status == 2
        assert "should not be installed, and are: Directory Browsing" in " ".join(drifted.output.split())
        assert server.play(tmp_path, [MAIN, VERIFY], **wanted).status == 0
        feature = machine.features.find("Web-Dir-Browsing")
        assert feature is not None
        assert not feature.installed
        # Windows asks for a restart after that. Somebody else gives it one.
        assert machine.pending_reboot.reasons() == ["servicing"]
        assert machine.extras.get("power", []) == []
        assert machine.files.is_directory(r"C:\Logs\IIS")
        # Of all sites, and nothing else in the file.
        assert re.findall(r'<logFile [^>]*directory="([^"]*)"', machine.files.read_text(CONFIG)) == [r"C:\Logs\IIS"]
        assert "FailedReqLogFiles" in machine.files.read_text(CONFIG)


def test_an_installer_with_another_checksum_is_not_run(tmp_path: pathlib.Path) -> None:
    with serving("2022", "v2", core=True) as server:
        server.machine.files.write(BUNDLE, artefacts.catalogue()[BUNDLE.rpartition("\\")[2]], parents=True)
        wanted = {
            "iis_dotnet_hosting_bundle_version": "8.0.31",
            "iis_dotnet_hosting_bundle_url": BUNDLE,
            "iis_dotnet_hosting_bundle_sha256": "0" * 64,
        }
        played = server.play(tmp_path, [MAIN], **wanted)
        assert played.status == 2
        assert "did not match" in " ".join(played.output.split())
        assert not server.machine.files.exists(r"C:\Program Files\dotnet")
        unknown = server.play(tmp_path, [MAIN], iis_dotnet_hosting_bundle_version="7.0.0")
        assert unknown.status == 2
        assert "7.0.0 is not known here (known: 8.0.30, 8.0.31)" in " ".join(unknown.output.split())
