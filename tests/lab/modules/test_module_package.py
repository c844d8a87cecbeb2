# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib

import pytest

from lab.windows.artefacts import catalogue, read_header
from tests.lab.modules.calls import Guest, make_guest
from tests.lab.modules.fetching import Web

STORE = "http://127.0.0.1:9/"


def _named(part: str, kind: str) -> tuple[str, bytes]:
    found = [
        (name, content)
        for name, content in sorted(catalogue().items())
        if part in name.lower() and read_header(content).kind == kind
    ]
    return found[-1]


@pytest.fixture
def web(guest: Guest) -> Web:
    made = Web({STORE + name: content for name, content in catalogue().items()})
    guest.machine.attach(network=made)
    guest.ok("win_inet_proxy", proxy="127.16.0.3:3128")
    return made


def test_an_msi_is_installed_once_and_removed(guest: Guest, web: Web) -> None:
    name, content = _named("tentacle", "msi")
    call = {
        "path": STORE + name,
        "checksum": hashlib.sha256(content).hexdigest(),
        "checksum_algorithm": "sha256",
        "provider": "msi",
    }
    would = guest.ok("win_package", check=True, **call)
    assert would["changed"]
    assert not guest.machine.files.exists("C:\\Program Files\\Octopus Deploy\\Tentacle\\Tentacle.exe")
    done = guest.ok("win_package", **call)
    assert (done["changed"], done["rc"], done["reboot_required"]) == (True, 0, False)
    assert guest.machine.files.is_file("C:\\Program Files\\Octopus Deploy\\Tentacle\\Tentacle.exe")
    assert not guest.ok("win_package", **call)["changed"]
    code = read_header(content).product_code
    assert guest.ok("win_package", product_id=code, state="absent")["changed"]
    assert not guest.ok("win_package", product_id=code, state="absent")["changed"]


def test_nothing_is_left_of_the_download(guest: Guest, web: Web) -> None:
    name, _ = _named("tentacle", "msi")
    guest.ok("win_package", path=STORE + name)
    temp = guest.machine.environment_of("Administrator")["TEMP"]
    assert guest.machine.files.list(temp) == []


def test_a_wrong_checksum_stops_it(guest: Guest, web: Web) -> None:
    name, _ = _named("tentacle", "msi")
    result = guest.run("win_package", path=STORE + name, checksum="00", checksum_algorithm="sha256")
    assert "did not match '00'" in result["msg"]
    assert not guest.machine.files.exists("C:\\Program Files\\Octopus Deploy")


def test_an_installer_that_wants_a_restart_says_so(web: Web) -> None:
    old = make_guest("2019", "v1")
    old.machine.attach(network=web)
    name, _ = _named("ndp48", "exe")
    call = {"path": STORE + name, "proxy_url": web.proxy, "provider": "registry", "product_id": "none"}
    result = old.ok("win_package", arguments="/q /norestart", **call)
    assert (result["rc"], result["reboot_required"]) == (3010, True)
    assert result["failed"] is False  # Ansible takes any other code than 0 for a failure unless this says no
    refused = old.run("win_package", arguments="/q /norestart", expected_return_code=[0], **call)
    assert refused["failed"] == (refused["rc"] != 0)


def test_without_the_proxy_it_does_not_come(guest: Guest, web: Web) -> None:
    guest.ok("win_inet_proxy")
    name, _ = _named("tentacle", "msi")
    result = guest.run("win_package", path=STORE + name)
    assert "Unable to connect to the remote server" in result["msg"]


def test_what_is_no_msi_cannot_be_opened(guest: Guest) -> None:
    guest.machine.files.write("C:\\a.msi", b"text")
    assert "could not be opened" in guest.run("win_package", path="C:\\a.msi", provider="msi")["msg"]
    assert guest.run("win_package", path="C:\\b.msi")["msg"] == "the file at the path 'C:\\b.msi' cannot be reached"


def test_a_package_needs_a_path_or_an_id(guest: Guest) -> None:
    assert guest.run("win_package")["msg"] == "state is present but all of the following are missing: path"
    message = guest.run("win_package", state="absent")["msg"]
    assert message == "state is absent but any of the following are missing: path, product_id"
