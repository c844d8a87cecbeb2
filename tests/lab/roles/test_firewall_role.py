# SPDX-License-Identifier: GPL-3.0-or-later
"""The role firewall on guests of the lab, with the real ansible-playbook."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from lab.windows.firewall import Rule
from tests.lab.roles.guests import Guest, running_guest

GROUP = "golden.windows_ami"
POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall"
RULE = "community.windows.win_firewall_rule"
MANAGEMENT = {"name": "winrm", "remote": ["127.0.0.0/8"]}
WANTED = {
    "firewall_presets": [MANAGEMENT, {"name": "tentacle", "remote": ["10.0.8.0/24"]}],
    "firewall_groups": [{"name": "Remote Desktop", "remote": ["10.0.0.0/16"]}],
    "firewall_rules": [
        {"name": "Web", "port": "80,443", "description": "For everyone."},
        {"name": "Range", "port": "5000-5010", "protocol": "udp", "profiles": ["Domain"]},
        {"name": "Program", "program": r"%ProgramFiles%\x\y.exe", "protocol": "any"},
        {"name": "Ping", "protocol": "icmpv4"},
        {"name": "No mail", "direction": "out", "action": "block", "remote_port": 25},
        {"name": "Resting", "port": "9000", "state": "disabled"},
        {"name": "Old", "state": "absent"},
    ],
}
RELEASES = [("2016", False), ("2019", True), ("2022", False), ("2025", True)]


@pytest.fixture
def guest(tmp_path: pathlib.Path) -> t.Iterator[Guest]:
    with running_guest(tmp_path, "2022") as guest:
        let_in(guest)
        yield guest


def let_in(guest: Guest, **fields: t.Any) -> None:
    """Add the rule that user data would have made for this controller."""
    rule = {"protocol": "TCP", "local_ports": "5986", "remote_addresses": "127.0.0.1/32", **fields}
    guest.machine.firewall.add(Rule("{1}", "First boot", **rule))


@pytest.mark.parametrize(("version", "core"), RELEASES, ids=["2016", "2019 Core", "2022", "2025 Core"])
def test_it_predicts_does_and_then_leaves_alone(version: str, core: bool, tmp_path: pathlib.Path) -> None:
    with running_guest(tmp_path, version, core=core) as guest:
        let_in(guest)
        guest.machine.firewall.add(Rule("{2}", "Old"))
        before = list(guest.machine.firewall.rules)
        would = guest.role("firewall", "--check", "--diff", **WANTED)
        assert would.status == 0, would.output
        assert guest.machine.firewall.rules == before
        did = guest.role("firewall", **WANTED)
        assert did.status == 0, did.output
        assert did.changed == would.changed > 0
        firewall = guest.machine.firewall
        assert {rule.display_name for rule in firewall.in_group(GROUP)} == {
            "WinRM over HTTPS", "Octopus Tentacle", "Web", "Range", "Program", "Ping", "No mail", "Resting",
        }  # fmt: skip
        assert firewall.named("Old") == []
        assert firewall.admits("10.0.8.9", 10933)
        assert not firewall.admits("10.0.9.9", 10933)
        assert firewall.admits("10.0.1.1", 3389)
        assert not firewall.admits("10.1.1.1", 3389)
        again = guest.role("firewall", **WANTED)
        assert (again.status, again.changed) == (0, 0), again.output
        assert again.modules == {"ansible.windows.win_reg_stat": 2, "ansible.windows.win_firewall": 1}
        verified = guest.role("firewall", entry="verify", **WANTED)
        assert (verified.status, verified.changed) == (0, 0), verified.output
        assert verified.modules.total() == 3


def test_only_the_rule_that_differs_is_changed(guest: Guest) -> None:
    rules = [{"name": f"Rule {number}", "port": str(8000 + number)} for number in range(20)]
    assert guest.role("firewall", firewall_rules=rules).status == 0
    guest.machine.firewall.named("Rule 7")[0].local_ports = "1"
    guest.machine.firewall.remove(guest.machine.firewall.named("Rule 8")[0])
    drifted = guest.role("firewall", entry="verify", firewall_rules=rules)
    assert drifted.status == 2
    assert "Rule 7: port is 1, not 8007." in drifted.said
    assert "Rule 8: it is missing." in drifted.said
    repaired = guest.role("firewall", firewall_rules=rules)
    assert repaired.status == 0, repaired.output
    assert repaired.modules[RULE] == 2
    assert guest.role("firewall", entry="verify", firewall_rules=rules).status == 0


def test_exclusive_removes_what_the_role_made_and_nothing_else(guest: Guest) -> None:
    both = {"firewall_rules": [{"name": "A", "port": "80"}, {"name": "B", "port": "81"}]}
    assert guest.role("firewall", **both).status == 0
    others = [rule for rule in guest.machine.firewall.rules if rule.group != GROUP]
    one = {"firewall_rules": [{"name": "A", "port": "80"}], "firewall_exclusive": True}
    run = guest.role("firewall", **one)
    assert run.status == 0, run.output
    assert [rule.display_name for rule in guest.machine.firewall.in_group(GROUP)] == ["A"]
    assert [rule for rule in guest.machine.firewall.rules if rule.group != GROUP] == others
    assert guest.role("firewall", **one).changed == 0


def test_exclusive_keeps_the_rule_of_the_connection_and_says_so(tmp_path: pathlib.Path) -> None:
    with running_guest(tmp_path, "2019") as guest:
        let_in(guest, group=GROUP)
        run = guest.role("firewall", firewall_exclusive=True)
        assert run.status == 0, run.output
        assert "First boot stays: this connection needs it (TCP 5986 from 127.0.0.1)." in run.said
        assert guest.machine.firewall.named("First boot")
        run = guest.role("firewall", firewall_exclusive=True, firewall_presets=[MANAGEMENT])
        assert run.status == 0, run.output
        assert guest.machine.firewall.named("First boot") == []


@pytest.mark.parametrize(
    "rule",
    [
        {"name": "First boot", "state": "absent"},
        {"name": "First boot", "port": "5986", "remote": ["10.0.0.0/8"]},
        {"name": "First boot", "port": "5986", "profiles": ["Domain"]},
        {"name": "Block", "port": "5000-6000", "action": "block"},
    ],
    ids=["removed", "narrowed", "another profile", "blocked"],
)
def test_what_would_cut_the_connection_changes_nothing(guest: Guest, rule: dict[str, t.Any]) -> None:
    before = list(guest.machine.firewall.rules)
    run = guest.role("firewall", firewall_rules=[{"name": "Web", "port": "80"}, rule])
    assert run.status == 2
    assert f"{rule['name']}: would close TCP 5986 from 127.0.0.1, which this connection uses." in run.said
    assert guest.machine.firewall.rules == before


def test_the_firewall_is_not_turned_on_over_the_connection(tmp_path: pathlib.Path) -> None:
    with running_guest(tmp_path, "2022") as guest:
        for profile in guest.machine.firewall.profiles.values():
            profile.enabled = False
        refused = guest.role("firewall")
        assert refused.status == 2
        assert "No rule lets in TCP 5986, which this connection uses, in the profiles Domain, Private" in refused.said
        assert not guest.machine.firewall.profile("Public").enabled
        run = guest.role("firewall", firewall_presets=[MANAGEMENT])
        assert run.status == 0, run.output
        assert guest.machine.firewall.profile("Public").enabled
        assert guest.role("firewall", entry="verify", firewall_presets=[MANAGEMENT]).status == 0


def test_what_a_group_policy_decides_is_said_and_is_drift(guest: Guest) -> None:
    web = {"firewall_rules": [{"name": "Web", "port": "80"}]}
    assert guest.role("firewall", **web).status == 0
    registry = guest.machine.registry
    registry.set(f"{POLICY}\\PublicProfile", "AllowLocalPolicyMerge", 0)
    registry.set(
        f"{POLICY}\\FirewallRules", "{1}", "v2.31|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=80|Name=No web|"
    )
    run = guest.role("firewall", **web)
    assert run.status == 0, run.output
    drifted = guest.role("firewall", entry="verify", **web)
    assert drifted.status == 2
    for said in (run.said, drifted.said):
        assert "A group policy lets no rules but its own count for Public: Web has no effect." in said
        assert "The rule No web of a group policy blocks what Web lets through." in said
    registry.delete_key(POLICY)
    assert guest.role("firewall", entry="verify", **web).status == 0


def test_only_the_profiles_that_are_named_are_turned_on_and_their_default_is_set(guest: Guest) -> None:
    profiles = guest.machine.firewall.profiles
    for profile in profiles.values():
        profile.enabled = False
    wanted = {"firewall_profiles": ["Public"], "firewall_inbound_action": "allow"}
    assert guest.role("firewall", **wanted).status == 0
    assert {name for name, profile in profiles.items() if profile.enabled} == {"Public"}
    assert guest.machine.firewall.profile("Public").inbound == "Allow"
    assert guest.role("firewall", entry="verify", **wanted).status == 0
    assert "It is not." in guest.role("firewall", entry="verify").said


def test_a_rule_that_cannot_be_is_named_before_anything_changes(guest: Guest) -> None:
    run = guest.role("firewall", firewall_rules=[{"name": "Web", "port": "80"}, {"name": "Bad", "port": "90-80"}])
    assert run.status == 2
    assert "Firewall rule 'Bad': '90-80' is no port" in run.said
    assert guest.machine.firewall.named("Web") == []


def test_fifty_rules_cost_three_modules_when_nothing_changes(guest: Guest) -> None:
    rules = [{"name": f"Rule {number}", "port": str(8000 + number)} for number in range(50)]
    first = guest.role("firewall", firewall_rules=rules)
    assert first.status == 0, first.output
    second = guest.role("firewall", firewall_rules=rules)
    assert (first.modules.total(), second.modules.total()) == (53, 3)
