# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.lab.modules.calls import Guest

RULE = "community.windows.win_firewall_rule"


def test_a_rule_lets_in_whom_it_names(guest: Guest) -> None:
    wanted = {
        "name": "Tentacle",
        "direction": "in",
        "action": "allow",
        "protocol": "tcp",
        "localport": 10933,
        "remoteip": "10.0.0.0/8",
        "profiles": ["domain", "private", "public"],
    }
    made = guest.ok(RULE, **wanted)
    assert made["msg"] == "Firewall rule 'Tentacle' created."
    assert "+LocalPorts='10933'" in made["diff"]["prepared"]
    assert guest.machine.firewall.admits("10.1.2.3", 10933)
    assert not guest.machine.firewall.admits("11.1.2.3", 10933)
    again = guest.ok(RULE, **wanted)
    assert not again["changed"]
    assert again["msg"] == "Firewall rule(s) changed '' - unchanged 'Tentacle'"


def test_a_rule_for_a_program_is_for_no_other(guest: Guest) -> None:
    guest.ok(RULE, name="x", program="C:\\x.exe")
    assert not guest.machine.firewall.admits("10.0.0.1", 10933)
    assert guest.machine.firewall.admits("10.0.0.1", 10933, program="c:\\X.exe")


def test_addresses_compare_by_what_they_mean(guest: Guest) -> None:
    guest.ok(RULE, name="x", protocol="tcp", localport="80", remoteip="10.0.0.0/255.0.0.0,192.168.1.1")
    assert not guest.ok(RULE, name="x", remoteip="192.168.1.1/32,10.0.0.0/8")["changed"]


def test_a_change_shows_in_the_diff_and_waits_in_check_mode(guest: Guest) -> None:
    guest.ok(RULE, name="x", protocol="tcp", localport="80")
    would = guest.ok(RULE, name="x", protocol="tcp", localport="81", check=True)
    assert would["changed"]
    assert "-LocalPorts='80'\n+LocalPorts='81'\n" in would["diff"]["prepared"]
    assert guest.machine.firewall.named("x")[0].local_ports == "80"


def test_a_rule_goes(guest: Guest) -> None:
    guest.ok(RULE, name="x", protocol="tcp", localport="80")
    assert guest.ok(RULE, name="x", state="absent")["msg"] == "Firewall rule(s) 'x' removed."
    assert not guest.ok(RULE, name="x", state="absent")["changed"]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"profiles": ["office"]}, "Unknown profile 'office'."),
        ({"protocol": "quic"}, "Unknown protocol 'quic'."),
        ({"localport": "80"}, 'Exception setting "LocalPorts"'),
        ({"remoteip": "10.0.0.300"}, 'Exception setting "RemoteAddresses"'),
        ({"colour": "red"}, "Unsupported parameters"),
        ({"action": "bypass"}, "needs to be one of allow,block but was bypass"),
    ],
    ids=["profile", "protocol", "port without protocol", "address", "option", "choice"],
)
def test_what_windows_refuses_fails(guest: Guest, args: dict[str, object], text: str) -> None:
    assert text in guest.run(RULE, name="x", **args)["msg"]


def test_profiles_switch_off_and_on(guest: Guest) -> None:
    off = guest.ok("win_firewall", profiles=["Public"], state="disabled")
    assert off["changed"]
    assert off["Public"] == {"enabled": False, "considered": True, "currentstate": 1}
    assert off["Domain"]["enabled"]
    assert guest.machine.firewall.admits("10.0.0.1", 9999)
    on = guest.ok("win_firewall", state="enabled", inbound_action="block")
    assert on["changed"]
    assert not guest.machine.firewall.admits("10.0.0.1", 9999)
    assert not guest.ok("win_firewall", state="enabled", inbound_action="block")["changed"]


@pytest.mark.parametrize("args", [{"name": "a|b"}, {"name": "All"}, {"description": "a|b"}, {"group": "a|b"}])
def test_texts_that_would_break_a_rule_are_refused(guest: Guest, args: dict[str, str]) -> None:
    assert "does not fall within the expected range" in guest.run(RULE, **{"name": "x", **args})["msg"]


def test_ports_wait_for_a_protocol_that_has_them(guest: Guest) -> None:
    guest.ok(RULE, name="x", protocol="icmpv4")
    assert 'Exception setting "LocalPorts"' in guest.run(RULE, name="x", protocol="tcp", localport="80")["msg"]


def test_the_registry_shows_what_the_module_wrote(guest: Guest) -> None:
    guest.ok(RULE, name="Web", group="mine", protocol="tcp", localport="80", remoteip="10.0.0.0/8")
    key = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
    texts = [value["value"] for value in guest.ok("win_reg_stat", path=key)["properties"].values()]
    expected = "|Protocol=6|LPort=80|RA4=10.0.0.0/255.0.0.0|Name=Web|EmbedCtxt=mine|"
    assert [text for text in texts if text.endswith(expected)] == [
        "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=80|RA4=10.0.0.0/255.0.0.0|Name=Web|EmbedCtxt=mine|"
    ]
