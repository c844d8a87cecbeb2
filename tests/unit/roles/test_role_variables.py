# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles compute from their variables, with Ansible's own templating."""

from __future__ import annotations

import base64
import json
import pathlib
import typing as t

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

PROJECT = pathlib.Path(__file__).parents[3]
AGENT_V2 = r"C:\Program Files\Amazon\EC2Launch\EC2Launch.exe"
AGENT_V1 = r"C:\ProgramData\Amazon\EC2-Windows\Launch\Scripts\SysprepInstance.ps1"


def value_of(role: str, name: str, **variables: t.Any) -> t.Any:
    """Give the value of one of a role's variables when these are set."""
    loader = DataLoader()
    known: dict[str, t.Any] = {}
    for kind in ("defaults", "vars"):
        known |= loader.load_from_file(str(PROJECT / "roles" / role / kind / "main.yml"), trusted_as_template=True)
    templar = Templar(loader=loader, variables={**known, **variables})
    return templar.template(known[name])


def test_the_proxy_gets_around_ec2s_own_addresses_in_each_notation() -> None:
    wanted = {"proxy_url": "http://proxy:3128", "proxy_bypass": ["*.corp.example", "10.0.0.5"]}
    no_proxy = value_of("proxy", "__proxy_no_proxy", **wanted).split(",")
    assert {"169.254.169.254", "fd00:ec2::254", "[fd00:ec2::254]", ".corp.example", "10.0.0.5"} <= set(no_proxy)
    windows = value_of("proxy", "__proxy_windows_bypass", **wanted)
    assert {"169.254.169.254", "[fd00:ec2::254]", "*.corp.example"} <= set(windows)
    assert windows[-1] == "<local>"
    assert value_of("proxy", "__proxy_address", **wanted) == "proxy:3128"


@pytest.mark.parametrize(
    ("state", "url", "wanted"),
    [("present", "http://proxy:3128", True), ("present", "", False), ("absent", "http://proxy:3128", False)],
)
def test_no_address_means_no_proxy(state: str, url: str, wanted: bool) -> None:
    assert value_of("proxy", "__proxy_wanted", proxy_state=state, proxy_url=url) is wanted
    environment = value_of("proxy", "__proxy_environment", proxy_state=state, proxy_url=url)
    assert bool(environment["HTTP_PROXY"]) is wanted
    assert bool(environment["NO_PROXY"]) is wanted


def registry(agent: list[str] | None) -> dict[str, t.Any]:
    """Give what the role proxy has read of the registry, with this environment of the agent's service."""
    service = {} if agent is None else {"Environment": {"value": agent}}
    return {"results": [{"exists": True, "properties": service if number == 1 else {}} for number in range(5)]}


def test_the_agents_environment_keeps_what_is_not_the_proxys() -> None:
    read = registry(["COLOUR=blue", "HTTP_PROXY=http://old:1", "no_proxy=x"])
    wanted = value_of("proxy", "__proxy_ssm_wanted", __proxy_registry=read, proxy_url="http://proxy:3128")
    assert wanted[:3] == ["COLOUR=blue", "http_proxy=http://proxy:3128", "https_proxy=http://proxy:3128"]
    gone = value_of("proxy", "__proxy_ssm_wanted", __proxy_registry=read, proxy_state="absent")
    assert gone == ["COLOUR=blue"]


def test_an_agent_without_an_environment_gets_one() -> None:
    assert value_of("proxy", "__proxy_ssm_now", __proxy_registry=registry(None)) == []


def test_credentials_are_part_of_a_url_with_every_sign_that_could_end_it_encoded() -> None:
    login = {"proxy_url": "http://proxy:3128", "proxy_username": "a@b", "proxy_password": "p/w:#"}
    assert value_of("proxy", "__proxy_full_url", **login) == "http://a%40b:p%2Fw%3A%23@proxy:3128"


def test_presets_are_rules() -> None:
    presets = [{"name": "tentacle", "remote": ["10.0.0.0/8"]}, {"name": "rdp", "state": "absent"}]
    wanted = value_of("firewall", "__firewall_wanted", firewall_presets=presets, firewall_rules=[{"name": "Web"}])
    assert [(rule["name"], rule.get("port"), rule.get("state")) for rule in wanted] == [
        ("Octopus Tentacle", "10933", None),
        ("Remote Desktop", "3389", "absent"),
        ("Web", None, None),
    ]
    assert wanted[0]["remote"] == ["10.0.0.0/8"]
    assert value_of("firewall", "__firewall_wanted") == []


@pytest.mark.parametrize(
    ("variables", "checksum"),
    [
        ({}, "60f47bdf"),
        ({"octopus_tentacle_version": "8.1.2007"}, "cc315d2c"),
        ({"octopus_tentacle_version": "9.9.9"}, ""),
        ({"octopus_tentacle_version": "9.9.9", "octopus_tentacle_sha256": "abcdef01"}, "abcdef01"),
    ],
)
def test_the_checksum_of_the_tentacle_is_known_or_given(variables: dict[str, str], checksum: str) -> None:
    found = value_of("octopus_tentacle", "__octopus_tentacle_checksum", **variables)
    assert (found or "").strip()[:8] == checksum


@pytest.mark.parametrize(
    ("said", "version"),
    [({"stdout": "8.2.2297\r\n"}, "8.2.2297"), ({"stdout": ""}, ""), ({"skipped": True}, "")],
)
def test_the_installed_version_is_what_the_tentacle_says(said: dict[str, t.Any], version: str) -> None:
    assert value_of("octopus_tentacle", "__octopus_tentacle_installed", __octopus_tentacle_says=said) == version


def agent(file: str, config: str) -> dict[str, t.Any]:
    """Give what the role has read of a machine with this launch agent."""
    return {
        "__sysprep_search": {"files": [{"path": file}, {"path": r"C:\ProgramData\Amazon\SSM\x.log"}]},
        "__sysprep_config_file": {"content": base64.b64encode(config.encode()).decode()},
    }


def v2_config(*tasks: dict[str, t.Any]) -> str:
    stages = [
        {"stage": "boot", "tasks": [{"task": "extendRootPartition"}]},
        {"stage": "preReady", "tasks": list(tasks)},
    ]
    return yaml.safe_dump({"version": 1.0, "config": stages})


RANDOM = {"task": "setAdminAccount", "inputs": {"password": {"type": "random"}}}
STATIC = {"task": "setAdminAccount", "inputs": {"name": "Boss", "password": {"type": "static", "data": "secret"}}}


@pytest.mark.parametrize(
    ("file", "config", "good"),
    [
        (AGENT_V2, v2_config({"task": "activateWindows"}, RANDOM), True),
        (AGENT_V2, v2_config(STATIC), False),
        (AGENT_V2, v2_config({"task": "activateWindows"}), False),
        (AGENT_V2, yaml.safe_dump({"version": 1.1, "config": [{"stage": "boot", "tasks": []}]}), False),
        (AGENT_V1, json.dumps({"adminPasswordType": "Random", "adminPassword": "", "handleUserData": True}), True),
        (AGENT_V1, "\ufeff" + json.dumps({"adminPasswordType": "DoNothing", "handleUserData": False}), False),
        (AGENT_V1.upper(), json.dumps({"adminPasswordType": "Specify", "adminPassword": "x"}), False),
    ],
    ids=["v2", "v2 static", "v2 no account", "v2 no stage", "v1", "v1 after a boot", "v1 specified"],
)
def test_sysprep_writes_a_random_password_where_there_is_none(file: str, config: str, good: bool) -> None:
    read = agent(file, config)
    assert value_of("sysprep", "__sysprep_password_is_random", **read) is good
    wanted = value_of("sysprep", "__sysprep_config_wanted", **read)
    again = agent(file, wanted)
    assert value_of("sysprep", "__sysprep_password_is_random", **again) is True
    assert "secret" not in wanted


def test_sysprep_keeps_the_rest_of_the_agents_configuration() -> None:
    read = agent(AGENT_V2, v2_config({"task": "activateWindows"}, STATIC))
    wanted = yaml.safe_load(value_of("sysprep", "__sysprep_config_wanted", **read))
    assert wanted["version"] == 1.0
    assert [stage["stage"] for stage in wanted["config"]] == ["boot", "preReady"]
    assert wanted["config"][1]["tasks"] == [
        {"task": "activateWindows"},
        {"task": "setAdminAccount", "inputs": {"name": "Boss", "password": {"type": "random"}}},
    ]


def test_a_machine_without_a_launch_agent_has_none() -> None:
    assert value_of("sysprep", "__sysprep_agents_found", __sysprep_search={"files": []}) == []


@pytest.mark.parametrize(
    ("variables", "guarded"),
    [
        ({}, {"port": 5986, "kernel": True, "from": ["127.0.0.1"]}),
        ({"ansible_connection": "ansible.builtin.winrm", "ansible_port": 5985}, {"port": 5985, "kernel": True}),
        ({"ansible_connection": "ansible.builtin.psrp"}, {"port": 5986}),
        ({"ansible_connection": "ssh"}, {"port": 22, "kernel": False}),
        ({"firewall_connection": {"from": ["10.0.0.1"]}}, {"port": 5986, "from": ["10.0.0.1"]}),
        ({"ansible_connection": "community.aws.aws_ssm"}, {}),
    ],
)
def test_the_firewall_knows_the_connection_in_use(variables: dict[str, t.Any], guarded: dict[str, t.Any]) -> None:
    found = value_of("firewall", "__firewall_connection", ansible_host="127.0.0.1", **variables)
    assert bool(found) is bool(guarded)
    assert guarded.items() <= found.items()
