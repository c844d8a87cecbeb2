# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall and the registry never disagree."""

from __future__ import annotations

import pytest

from lab.windows.errors import UnsupportedError
from lab.windows.firewall import Rule
from lab.windows.firewall_registry import POLICY_KEY, RULES_KEY, SCHEMAS
from lab.windows.machine import stock_machine
from lab.windows.versions import VERSIONS


def test_every_release_has_a_schema() -> None:
    assert set(SCHEMAS) == set(VERSIONS)


def test_the_built_in_rules_are_as_windows_writes_them() -> None:
    assert stock_machine("2022", "v2").registry.data(RULES_KEY, "RemoteDesktop-UserMode-In-TCP") == (
        "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=%SystemRoot%\\system32\\svchost.exe|"
        "Svc=termservice|Name=@FirewallAPI.dll,-28775|EmbedCtxt=@FirewallAPI.dll,-28752|"
    )


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        (Rule("r", "Web", protocol="TCP", local_ports="80,443"), "Protocol=6|LPort=80|LPort=443|Name=Web|"),
        (Rule("r", "Web", protocol="UDP", local_ports="5000-5010"), "Protocol=17|LPort2_10=5000-5010|Name=Web|"),
        (Rule("r", "Web", remote_addresses="10.0.0.0/8,10.1.2.3"), "RA4=10.0.0.0/255.0.0.0|RA4=10.1.2.3|Name=Web|"),
        (Rule("r", "Web", remote_addresses="LocalSubnet"), "RA4=LocalSubnet|RA6=LocalSubnet|Name=Web|"),
        (Rule("r", "Web", remote_addresses="fd00::/8,::1-::9"), "RA6=fd00::/8|RA6=::1-::9|Name=Web|"),
        (Rule("r", "Web", profiles=("Domain", "Private")), "Profile=Domain|Profile=Private|Name=Web|"),
        (Rule("r", "Web", protocol="ICMPV4", icmp_types="8:*"), "Protocol=1|ICMP4=8:*|Name=Web|"),
        (Rule("r", "Web", program="C:\\x.exe", group="mine"), "App=C:\\x.exe|Name=Web|EmbedCtxt=mine|"),
        (Rule("r", "Web", protocol="TCP", remote_ports="25"), "Protocol=6|RPort=25|Name=Web|"),
    ],
    ids=["ports", "range", "addresses", "keyword", "ipv6", "profiles", "icmp", "program", "remote port"],
)
def test_what_a_rule_says_is_in_its_fields(rule: Rule, fields: str) -> None:
    machine = stock_machine("2025", "v2")
    machine.firewall.add(rule)
    assert machine.registry.data(RULES_KEY, "r") == f"v2.33|Action=Allow|Active=TRUE|Dir=In|{fields}"


def test_a_change_shows_at_once_and_in_a_copy_of_the_machine() -> None:
    machine = stock_machine("2019", "v1").snapshot()
    machine.firewall.add(Rule("r", "Web", action="Block", direction="Outbound")).enabled = False
    assert machine.registry.get(RULES_KEY, "R")[1] == "v2.29|Action=Block|Active=FALSE|Dir=Out|Name=Web|"
    copy = machine.snapshot()
    copy.firewall.remove(copy.firewall.find("r"))
    assert copy.registry.get(RULES_KEY, "r") is None
    assert machine.registry.get(RULES_KEY, "r") is not None


def test_a_profile_shows_its_switches() -> None:
    machine = stock_machine("2022", "v2")
    machine.firewall.profile("Private").enabled = False
    machine.firewall.profile("Private").inbound = "Block"
    shown = machine.registry.values(POLICY_KEY + "\\StandardProfile")
    assert {name: value.data for name, value in shown.items()} == {"EnableFirewall": 0, "DefaultInboundAction": 1}


def test_writing_there_is_refused_loudly() -> None:
    registry = stock_machine("2022", "v2").registry
    with pytest.raises(UnsupportedError, match="FirewallRules"):
        registry.set(RULES_KEY, "mine", "v2.31|Action=Allow|")
    with pytest.raises(UnsupportedError, match=r"(?i)firewallpolicy"):
        registry.delete_key(POLICY_KEY)
