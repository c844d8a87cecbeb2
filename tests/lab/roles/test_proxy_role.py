# SPDX-License-Identifier: GPL-3.0-or-later
"""The role proxy on guests of the lab, with the real ansible-playbook."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from lab.windows import dotnet_proxy, tentacle_store, web
from lab.windows.environment import MACHINE_KEY
from lab.windows.firewall import Rule
from lab.windows.machine import Machine
from lab.windows.proxy import Proxy, read_winhttp, read_wininet, write_winhttp
from tests.lab.roles.guests import Guest, running_guest

URL = "http://proxy.example.com:3128"
SERVER = "proxy.example.com:3128"
WANTED: dict[str, t.Any] = {"proxy_url": URL, "proxy_bypass": ["*.corp.example", "10.0.0.5"]}
AGENT = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\AmazonSSMAgent"
DIRECT = (
    "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/latest/", "http://169.254.169.123/",
    "http://169.254.169.250:1688/", "http://169.254.169.251:1688/", "http://host.corp.example/", "https://10.0.0.5:8443/",
)  # fmt: skip
RELEASES = [("2016", True), ("2019", False), ("2022", False), ("2025", True)]


@pytest.fixture
def guest(tmp_path: pathlib.Path) -> t.Iterator[Guest]:
    with running_guest(tmp_path, "2022") as guest:
        yield opened(guest)


def opened(guest: Guest) -> Guest:
    guest.machine.firewall.add(Rule("{1}", "First boot", protocol="TCP", local_ports="5986"))
    return guest


def contents(machine: Machine) -> dict[str, t.Any]:
    """Give everything on a machine that a role could leave something in: registry, files, services, environment."""
    registry = {key.path: machine.registry.values(key.path) for key in machine.registry._keys.values()}
    files = {path: machine.files.read(path) if machine.files.is_file(path) else None for path in walk(machine, "C:\\")}
    services = {one.name: (one.state, one.start_mode) for one in machine.services.all()}
    return {"registry": registry, "files": files, "services": services, "environment": machine.environment.all()}


def walk(machine: Machine, folder: str) -> t.Iterator[str]:
    for node in machine.files.list(folder):
        yield node.path
        if machine.files.is_directory(node.path):
            yield from walk(machine, node.path)


def add_tentacle(machine: Machine) -> tentacle_store.Instance:
    """Install what an instance of a Tentacle consists of."""
    machine.files.write(
        "C:\\Program Files\\Octopus Deploy\\Tentacle\\Tentacle.exe", b"MZ lab program: Tentacle8.2.2297", parents=True
    )
    return tentacle_store.create(machine, "Tentacle", "C:\\Octopus\\Tentacle.config")


@pytest.mark.parametrize(("version", "core"), RELEASES, ids=["2016 Core", "2019", "2022", "2025 Core"])
def test_everybody_gets_the_proxy_and_then_nothing_changes(version: str, core: bool, tmp_path: pathlib.Path) -> None:
    with running_guest(tmp_path, version, core=core) as guest:
        machine = opened(guest).machine
        would = guest.role("proxy", "--check", **WANTED)
        assert would.status == 0, would.output
        did = guest.role("proxy", **WANTED)
        assert did.status == 0, did.output
        # The handler that restarts the agent runs only when its settings have really changed.
        assert did.changed == would.changed > 0
        assert read_winhttp(machine).server == SERVER
        for user in ("SYSTEM", "Administrator"):
            assert read_wininet(machine, user).server == SERVER
        assert machine.environment.get("HTTPS_PROXY") == URL
        assert f"https_proxy={URL}" in machine.registry.data(AGENT, "Environment")
        for url in DIRECT:
            assert web.proxy_for(machine, url, {}, "SYSTEM") is None
            assert read_winhttp(machine).for_url(url) is None
        assert web.proxy_for(machine, "https://example.com/", {}, "SYSTEM") == URL
        again = guest.role("proxy", **WANTED)
        assert (again.status, again.changed) == (0, 0), again.output
        verified = guest.role("proxy", entry="verify", **WANTED)
        assert (verified.status, verified.changed) == (0, 0), verified.output


@pytest.mark.parametrize(("version", "core"), [("2016", False), ("2022", True)], ids=["2016", "2022 Core"])
def test_absent_leaves_no_trace(version: str, core: bool, tmp_path: pathlib.Path) -> None:
    with running_guest(tmp_path, version, core=core) as guest:
        machine = opened(guest).machine
        before = contents(machine)
        assert guest.role("proxy", proxy_pac_url="http://pac.example.com/p.pac", **WANTED).status == 0
        assert contents(machine) != before
        gone = guest.role("proxy", proxy_state="absent", **WANTED)
        assert gone.status == 0, gone.output
        after = contents(machine)
        for store, was in before.items():
            assert after[store] == was, store
        again = guest.role("proxy", proxy_state="absent", **WANTED)
        assert (again.status, again.changed) == (0, 0), again.output
        assert guest.role("proxy", entry="verify", proxy_state="absent").status == 0


def test_absent_keeps_what_others_have_put_beside_it(guest: Guest) -> None:
    machine = guest.machine
    machine.registry.set(AGENT, "Environment", ["COLOUR=blue"], "MultiString")
    path = dotnet_proxy.path("Framework64")
    text = machine.files.read(path).replace(
        b"</configuration>",
        b"    <system.net>\r\n        <settings/>\r\n    </system.net>\r\n</configuration>",
    )
    machine.files.write(path, text)
    before = contents(machine)
    assert guest.role("proxy", **WANTED).status == 0
    assert web.proxy_for(machine, "http://example.com/", {}, "SYSTEM") == URL
    assert guest.role("proxy", proxy_state="absent").status == 0
    assert contents(machine) == before


def break_winhttp(machine: Machine) -> None:
    write_winhttp(machine, Proxy("other:80"))


def break_environment(machine: Machine) -> None:
    machine.environment.set("HTTPS_PROXY", "http://other:80")


def break_exceptions(machine: Machine) -> None:
    machine.environment.set("NO_PROXY", "localhost")


def break_net(machine: Machine) -> None:
    path = dotnet_proxy.path("Framework")
    machine.files.write(path, machine.files.read(path).replace(b"proxy.example.com", b"other"))


def break_agent(machine: Machine) -> None:
    machine.registry.delete_value(AGENT, "Environment")


def break_policy(machine: Machine) -> None:
    key = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
    machine.registry.delete_value(key, "ProxySettingsPerUser")


def break_tentacle(machine: Machine) -> None:
    tentacle_store.find(machine, "Tentacle").set("Octopus.Proxy.ProxyHost", "other")


BREAKS = {
    break_winhttp: "WinHTTP has other:80.",
    break_environment: "the machine's environment (https) has other:80 except for",
    break_exceptions: "the machine's environment (http) has proxy.example.com:3128 except for localhost.",
    break_net: r"\Framework\v4.0.30319\Config\machine.config) has other:3128 except for",
    break_agent: "the SSM agent (http) has no proxy. the SSM agent (https) has no proxy.",
    break_policy: "WinINet has one setting for each user.",
    break_tentacle: "the Tentacle Tentacle has other:80.",
}


def test_verify_names_everyone_who_differs_in_one_message_and_the_role_repairs_it(guest: Guest) -> None:
    add_tentacle(guest.machine)
    assert guest.role("proxy", **WANTED).status == 0
    good = contents(guest.machine)
    for spoil in BREAKS:
        spoil(guest.machine)
    run = guest.role("proxy", entry="verify", **WANTED)
    assert run.status == 2
    assert run.said.count("fatal:") == 1
    assert f"Everything on this server should have {SERVER} except for" in run.said
    for expected in BREAKS.values():
        assert expected in run.said
    repaired = guest.role("proxy", **WANTED)
    assert repaired.status == 0, repaired.output
    assert guest.role("proxy", entry="verify", **WANTED).status == 0
    assert contents(guest.machine)["environment"] == good["environment"]


def test_credentials_go_where_they_can_be_used_and_never_into_the_output(guest: Guest) -> None:
    instance = add_tentacle(guest.machine)
    login = {"proxy_username": "golden", "proxy_password": "p@ss/word%"}
    for arguments in (("-vvv",), ("--check", "--diff", "-vvv")):
        run = guest.role("proxy", *arguments, **WANTED, **login)
        assert run.status == 0, run.output
        assert "p%40ss" not in run.output
        assert "ss/word" not in run.output
    full = "http://golden:p%40ss%2Fword%25@proxy.example.com:3128"
    assert guest.machine.environment.get("HTTP_PROXY") == full
    assert f"http_proxy={full}" in guest.machine.registry.data(AGENT, "Environment")
    assert instance.get("Octopus.Proxy.ProxyUsername") == "golden"
    assert guest.role("proxy", **WANTED, **login).changed == 0
    assert guest.role("proxy", entry="verify", **WANTED, **login).status == 0
    other = guest.role("proxy", "-vvv", entry="verify", **WANTED, **{**login, "proxy_username": "other"})
    assert other.status == 2
    assert "as golden" in other.said
    assert "p%40ss" not in other.output
    assert guest.role("proxy", proxy_state="absent").status == 0
    assert instance.get("Octopus.Proxy.ProxyUsername") == ""
    assert guest.machine.registry.get(MACHINE_KEY, "HTTP_PROXY") is None


def test_a_changed_password_reaches_the_tentacle_even_after_a_run_that_broke_off(guest: Guest) -> None:
    instance = add_tentacle(guest.machine)
    assert guest.role("proxy", **WANTED, proxy_username="golden", proxy_password="Kiwi-1").status == 0
    first = instance.get("Octopus.Proxy.ProxyPassword")
    changed = WANTED | {"proxy_username": "golden", "proxy_password": "Plum-2"}
    verified = guest.role("proxy", entry="verify", **changed)
    assert verified.status == 2
    assert "the machine's environment (http) has proxy.example.com:3128 as golden" in verified.said
    assert "with another password" in verified.said
    assert "Plum-2" not in verified.output
    # The Tentacle cannot be told: then nobody else may look as if all were done.
    config = guest.machine.files.stat(instance.config)
    config.attributes.add("ReadOnly")
    assert guest.role("proxy", **changed).status == 2
    config.attributes.discard("ReadOnly")
    assert instance.get("Octopus.Proxy.ProxyPassword") == first
    repaired = guest.role("proxy", "-vvv", **changed)
    assert repaired.status == 0, repaired.output
    assert "Plum-2" not in repaired.output
    assert instance.get("Octopus.Proxy.ProxyPassword") not in ("", first)
    assert guest.role("proxy", **changed).changed == 0


def test_an_image_gets_no_password(guest: Guest) -> None:
    run = guest.role("proxy", proxy_username="u", proxy_password="secret", golden_build="20261122T000000Z-1", **WANTED)
    assert run.status == 2
    assert "proxy_password is set in the build of an image" in run.said
    assert "fatal" in run.output


def test_a_script_is_for_those_who_can_ask_one(guest: Guest) -> None:
    pac = {"proxy_pac_url": "http://pac.example.com/proxy.pac"}
    assert guest.role("proxy", **pac).status == 0
    assert read_wininet(guest.machine, "SYSTEM") == Proxy(auto_config_url=pac["proxy_pac_url"])
    assert read_winhttp(guest.machine).server == ""
    assert guest.machine.environment.get("HTTP_PROXY") is None
    assert guest.role("proxy", **pac).changed == 0
    assert guest.role("proxy", entry="verify", **pac).status == 0
