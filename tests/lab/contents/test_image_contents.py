# SPDX-License-Identifier: GPL-3.0-or-later
"""What the three calls of tasks/contents.yml tell of a guest, and what the filter makes of it."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_contents import image_contents

from lab.windows import updates
from lab.windows.stock_registry import add_product
from tests.lab.modules.calls import Guest, make_guest

SCRIPT = pathlib.Path(__file__).parents[3] / "playbooks" / "files" / "contents.ps1"


def contents_of(guest: Guest) -> dict[str, t.Any]:
    script = guest.ok("win_powershell", script=SCRIPT.read_text(encoding="utf-8"), depth=4)
    assert script["changed"] is False
    features = guest.ok("win_feature_info")["features"]
    ports = guest.ok("win_listen_ports_facts")["ansible_facts"]
    return image_contents(script["result"], features, ports)


def test_a_stock_server() -> None:
    contents = contents_of(make_guest())
    assert contents["windows"] == {
        "name": "Windows Server 2022 Datacenter",
        "edition": "ServerDatacenter",
        "installation": "Server",
        "version": "21H2",
        "build": "20348.4405",
        "ubr": 4405,
        "updates": ["KB5068787"],
    }
    assert contents["dotnet"] == {"release": 528449, "version": "4.8.04161"}
    assert contents["tentacle"] is None
    assert "NET-Framework-45-Core" in contents["features"]
    assert "Web-Server" not in contents["features"]
    assert {"name": "AWS Tools for Windows", "version": "3.15.3200", "publisher": "Amazon Web Services, Inc."} in (
        contents["programs"]
    )
    assert {"name": "tcp 135", "process": "svchost.exe"} in contents["ports"]


def test_what_is_added_is_found() -> None:
    guest = make_guest()
    machine = guest.machine
    add_product(machine, "{0}", "Octopus Deploy Tentacle", "8.2.2297", "Octopus Deploy Pty. Ltd.")
    updates.install(machine, "kb5012170")
    guest.ok("win_feature", name=["Web-Server"], include_management_tools=True)
    contents = contents_of(guest)
    assert contents["tentacle"] == "8.2.2297"
    assert contents["windows"]["updates"] == ["KB5012170", "KB5068787"]
    assert {"Web-Server", "Web-Mgmt-Console"} <= set(contents["features"])


@pytest.mark.parametrize("version", ["2016", "2019", "2022", "2025"])
def test_every_version_of_windows_can_be_asked(version: str) -> None:
    contents = contents_of(make_guest(version))
    assert contents["windows"]["version"]
    assert contents["windows"]["updates"]
    assert contents["dotnet"]["release"]


def test_two_servers_of_the_same_things_are_equal() -> None:
    assert contents_of(make_guest()) == contents_of(make_guest())
