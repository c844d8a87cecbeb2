# SPDX-License-Identifier: GPL-3.0-or-later
"""The role iis_dotnet on guests: what it arranges, that it does so once, and that check mode changes nothing."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest

from lab.windows.iis import Iis
from tests.lab.sealing.guests import serving

ROLE = {"name": "golden.windows_ami.iis_dotnet"}
WANTED: dict[str, t.Any] = {
    "iis_dotnet_default_site": False,
    "iis_dotnet_log_directory": r"C:\Logs",
    "iis_dotnet_management_tools": True,
    # Nothing is fetched here: the lab's builds do that.
    "iis_dotnet_framework_release": 0,
}


def role(entry: str = "main") -> dict[str, t.Any]:
    return {"ansible.builtin.include_role": {**ROLE, "tasks_from": entry}}


@pytest.mark.parametrize(
    ("version", "agent", "core"),
    [("2016", "v1", True), ("2019", "v1", False), ("2025", "v2", False)],
)
def test_the_server_is_arranged_on_each_windows(tmp_path: pathlib.Path, version: str, agent: str, core: bool) -> None:
    with serving(version, agent, core=core) as server:
        played = server.play(tmp_path, [role(), role("verify")], **WANTED)
        assert played.status == 0, played.output
        machine = server.machine
        assert Iis(machine).sites() == []
        assert machine.files.is_directory(r"C:\Logs")
        assert machine.services.get("W3SVC").state == "Running"
        assert server.modules.count("ansible.windows.win_feature") == 2, "one call installs, one verifies"
        assert machine.extras.get("power", []) == [], "nothing asked for a restart"
        console = machine.features.find("Web-Mgmt-Console")
        assert (console is not None and console.installed) is not core


def test_check_mode_changes_nothing_and_a_second_run_neither(tmp_path: pathlib.Path) -> None:
    with serving("2022", "v2") as server:
        predicted = server.play(tmp_path, [role()], "--check", **WANTED)
        assert predicted.status == 0, predicted.output
        feature = server.machine.features.find("Web-Server")
        assert feature is not None
        assert not feature.installed
        assert server.play(tmp_path, [role()], **WANTED).status == 0
        again = server.play(tmp_path, [role(), role("verify")], **WANTED)
    assert re.search(r"changed=0 .*failed=0", again.output), again.output


def test_verify_says_everything_that_is_missing(tmp_path: pathlib.Path) -> None:
    with serving("2022", "v2") as server:
        server.machine.install_features(["Web-Server", "Web-Asp-Net45", "Web-Scripting-Tools"])
        server.machine.services.stop("W3SVC")
        played = server.play(tmp_path, [role("verify")], **WANTED | {"iis_dotnet_management_tools": False})
    assert played.status == 2
    said = " ".join(played.output.split())
    for text in (
        "The default site should not be there",
        r"The request logs should go to C:\Logs",
        "W3SVC should be started",
    ):
        assert text in said
