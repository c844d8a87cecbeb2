# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of an image's contents, from what Windows may answer."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.golden.windows_ami.plugins.filter.image_contents import FilterModule
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_contents import image_contents

Values = dict[str, t.Any]


def port(number: int, address: str = "0.0.0.0", protocol: str = "tcp", name: str = "System") -> Values:
    return {"port": number, "address": address, "protocol": protocol, "name": name, "pid": 4}


def program(name: str | None, version: str | None = "1", publisher: str | None = "P") -> Values:
    return {"DisplayName": name, "DisplayVersion": version, "Publisher": publisher}


def test_an_empty_server_is_no_mistake() -> None:
    contents = image_contents({}, [], {})
    assert contents["windows"]["updates"] == []
    assert contents["dotnet"] == {}
    assert (contents["tentacle"], contents["features"], contents["programs"], contents["ports"]) == (None, [], [], [])


def test_one_thing_that_powershell_does_not_put_into_a_list_is_a_list() -> None:
    contents = image_contents({"updates": "KB1", "programs": program("One")}, [], {"tcp_listen": port(80)})
    assert contents["windows"]["updates"] == ["KB1"]
    assert contents["programs"] == [{"name": "One", "version": "1", "publisher": "P"}]
    assert contents["ports"] == [{"name": "tcp 80", "process": "System"}]


def test_updates_are_in_the_order_of_their_numbers() -> None:
    script = {"updates": ["KB5068787", "KB890830", "KB5012170", "KB5068787", None]}
    assert image_contents(script, [], {})["windows"]["updates"] == ["KB890830", "KB5012170", "KB5068787"]


def test_programs_are_sorted_and_counted_once() -> None:
    listed = [
        program("b"),
        program("A"),
        program("b"),
        program("b", "2"),
        program(None),
        program(" "),
        program("c", None),
    ]
    found = image_contents({"programs": listed}, [], {})["programs"]
    assert [(one["name"], one["version"]) for one in found] == [("A", "1"), ("b", "1"), ("b", "2"), ("c", "")]


def test_ports_that_change_or_that_nobody_else_reaches_are_left_out() -> None:
    facts = {
        "tcp_listen": [port(443), port(443, "::"), port(49664), port(9000, "127.0.0.1"), port(9001, "::1"), port(80)],
        "udp_listen": [port(123, protocol="udp", name="svchost.exe"), port(52000, protocol="udp")],
    }
    assert [one["name"] for one in image_contents({}, [], facts)["ports"]] == ["tcp 80", "tcp 443", "udp 123"]


@pytest.mark.parametrize(
    ("values", "version"),
    [({"DisplayVersion": "21H2", "ReleaseId": "2009"}, "21H2"), ({"ReleaseId": "1809"}, "1809"), ({}, None)],
    ids=["2022", "2019", "neither"],
)
def test_the_version_of_windows(values: Values, version: str | None) -> None:
    windows = image_contents({"windows": {**values, "CurrentBuild": "17763", "UBR": 8027}}, [], {})["windows"]
    assert (windows["version"], windows["build"], windows["ubr"]) == (version, "17763.8027", 8027)


def test_the_filter_says_what_it_was_not_given() -> None:
    with pytest.raises(AnsibleFilterError, match="was not given what the modules return"):
        FilterModule().filters()["image_contents"]({}, [{"installed": True}], {})
