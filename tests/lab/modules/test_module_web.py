# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib

import pytest

from tests.lab.modules.calls import Guest
from tests.lab.modules.fetching import Web

URL = "http://store.example/app.zip"
CONTENT = b"zipped"


@pytest.fixture
def web(guest: Guest) -> Web:
    made = Web(
        {URL: CONTENT, "http://store.example/sums": hashlib.sha256(CONTENT).hexdigest().encode() + b"  app.zip\n"}
    )
    guest.machine.attach(network=made)
    return made


def test_without_egress_the_download_fails_with_nets_text(guest: Guest, web: Web) -> None:
    result = guest.run("win_get_url", url=URL, dest="C:\\app.zip")
    assert result["msg"] == (
        f"Error downloading '{URL}' to 'C:\\app.zip': Exception calling \"GetResponse\" with \"0\" argument(s): "
        '"Unable to connect to the remote server"'
    )


def test_the_users_proxy_lets_it_through(guest: Guest, web: Web) -> None:
    guest.ok("win_inet_proxy", proxy="127.16.0.3:3128", bypass=["<local>", "169.254.169.254"], auto_detect=False)
    result = guest.ok("win_get_url", url=URL, dest="C:\\")
    assert (result["changed"], result["status_code"], result["dest"], result["size"]) == (True, 200, "C:\\app.zip", 6)
    assert result["checksum_src"] == hashlib.sha1(CONTENT).hexdigest()
    assert guest.machine.files.read("C:\\app.zip") == CONTENT
    assert not guest.ok("win_get_url", url=URL, dest="C:\\app.zip")["changed"]
    assert guest.run("win_get_url", url=URL, dest="C:\\b.zip", use_proxy=False)["failed"]


def test_a_proxy_of_the_task_wins(guest: Guest, web: Web) -> None:
    assert guest.ok("win_get_url", url=URL, dest="C:\\app.zip", proxy_url=web.proxy)["changed"]


def test_winhttp_is_not_what_net_uses(guest: Guest, web: Web) -> None:
    guest.ok("win_http_proxy", proxy="127.16.0.3:3128")
    assert guest.run("win_get_url", url=URL, dest="C:\\app.zip")["failed"]


def test_another_users_proxy_does_not_help_unless_it_is_the_machines(guest: Guest, web: Web) -> None:
    guest.ok("win_inet_proxy", proxy="127.16.0.3:3128")
    assert guest.run("win_get_url", url=URL, dest="C:\\app.zip", become_user="SYSTEM")["failed"]
    policy = "HKLM:\\SOFTWARE\\Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
    guest.ok("win_regedit", path=policy, name="ProxySettingsPerUser", data=0, type="dword")
    guest.ok("win_inet_proxy", proxy="127.16.0.3:3128")
    assert guest.ok("win_get_url", url=URL, dest="C:\\app.zip", become_user="SYSTEM")["changed"]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"checksum": "00", "checksum_algorithm": "sha256"}, "did not match '00'"),
        ({"dest": "C:\\none\\app.zip"}, "The path 'C:\\none' does not exist"),
        ({"dest": "C:\\none\\"}, "The destination path 'C:\\none\\' does not exist"),
        ({"url": "http://store.example/nothing"}, "The remote server returned an error: (404) Not Found."),
        ({"checksum": "00", "checksum_url": URL}, "parameters are mutually exclusive: checksum, checksum_url"),
    ],
    ids=["checksum", "directory", "trailing", "404", "exclusive"],
)
def test_what_goes_wrong_is_told(guest: Guest, web: Web, args: dict[str, str], text: str) -> None:
    call = {"url": URL, "dest": "C:\\app.zip", "proxy_url": web.proxy} | args
    result = guest.run("win_get_url", **call)
    assert result["failed"]
    assert text in result["msg"]
    assert not guest.machine.files.exists("C:\\app.zip")


def test_a_checksum_file_is_read(guest: Guest, web: Web) -> None:
    call = {"url": URL, "dest": "C:\\app.zip", "proxy_url": web.proxy, "checksum_algorithm": "sha256"}
    assert guest.ok("win_get_url", checksum_url="http://store.example/sums", **call)["changed"]


def test_winhttp_keeps_its_binary_form(guest: Guest) -> None:
    assert guest.ok("win_http_proxy", proxy={"http": "a:1", "https": "b:2"}, bypass=["x", "<local>"])["changed"]
    key = "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections"
    data = bytes(guest.ok("win_reg_stat", path=key, name="WinHttpSettings")["value"])
    assert b"http=a:1;https=b:2" in data
    assert b"x;<local>" in data
    assert not guest.ok("win_http_proxy", proxy={"https": "b:2", "http": "a:1"}, bypass=["x", "<local>"])["changed"]
    off = guest.ok("win_http_proxy")
    assert off["changed"]
    assert off["diff"]["after"] == {"proxy": None, "bypass": None}


def test_a_bypass_needs_a_proxy(guest: Guest) -> None:
    assert guest.run("win_http_proxy", bypass=["x"])["msg"] == "missing parameter(s) required by 'bypass': proxy"
    assert "Invalid keys found in proxy: gopher" in guest.run("win_inet_proxy", proxy={"gopher": "x"})["msg"]
