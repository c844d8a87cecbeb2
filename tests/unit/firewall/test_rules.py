# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules in one form, wherever they come from."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.firewall_rules import Rule, RuleError, parse, wanted

HEAD = "v2.31|Action=Allow|Active=TRUE|Dir=In|"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        (HEAD + "Protocol=6|LPort=80|LPort=443|Name=r|", {"port": "443, 80"}),
        (HEAD + "Protocol=17|LPort2_10=5000-5010|Name=r|", {"port": "5000-5010", "protocol": "udp"}),
        (HEAD + "Protocol=6|LPort=RPC-EPMap|Name=r|", {"port": "RPC-EPMap"}),
        (HEAD + "Protocol=6|RA4=10.0.0.0/255.0.0.0|RA4=10.1.2.3|Name=r|", {"remote": ["10.1.2.3", "10.0.0.0/8"]}),
        (HEAD + "Protocol=6|RA4=LocalSubnet|RA6=LocalSubnet|Name=r|", {"remote": ["LocalSubnet"]}),
        (HEAD + "Protocol=6|RA6=fd00::/8|Name=r|", {"remote": ["fd00::/8"]}),
        (HEAD + "Protocol=6|RA4=10.0.0.1-10.0.0.9|Name=r|", {"remote": ["10.0.0.1-10.0.0.9"]}),
        (HEAD + "Protocol=6|Profile=Private|Profile=Domain|Name=r|", {"profiles": ["Domain", "Private"]}),
        (HEAD + "Name=r|", {"protocol": "any"}),
        (HEAD + "Protocol=1|Name=r|", {"protocol": "icmpv4"}),
        (
            HEAD + "Protocol=6|App=%SystemRoot%\\system32\\x.exe|Name=r|",
            {"program": "C:\\Windows\\System32\\x.exe"},
        ),
        ("v2.26|Action=Block|Active=FALSE|Dir=Out|Protocol=6|RPort=25|Name=r|",
         {"action": "block", "direction": "out", "remote_port": 25, "state": "disabled"}),
    ],
    ids=lambda value: value.partition("|Dir=")[2] if isinstance(value, str) else "",
)  # fmt: skip
def test_what_windows_keeps_equals_what_was_asked_for(text: str, entry: dict[str, t.Any]) -> None:
    assert parse(text) == wanted({"name": "r", **entry}, "")


def test_what_is_no_rule_is_none() -> None:
    assert parse("") is None
    assert parse("hello") is None


def test_conditions_that_a_play_cannot_ask_for_are_noticed() -> None:
    rule = parse(HEAD + "Protocol=6|LPort=80|LA4=10.0.0.1|Svc=w3svc|Name=r|Desc=d|EmbedCtxt=g|Edge=TRUE|Defer=App|")
    assert rule is not None
    assert rule.conditions == {"LA4=10.0.0.1", "Svc=w3svc"}
    assert (rule.group, rule.description, rule.built_in) == ("g", "d", False)


def test_windows_own_rules_are_told_from_others() -> None:
    rule = parse(HEAD + "Protocol=6|LPort=3389|Name=@FirewallAPI.dll,-28775|EmbedCtxt=@FirewallAPI.dll,-28752|")
    assert rule is not None
    assert rule.built_in
    assert rule.name == "Remote Desktop - User Mode (TCP-In)"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"name": ""}, "no empty name"),
        ({"name": "a|b"}, "no '|'"),
        ({"name": "All"}, "no 'all'"),
        ({"name": "@dll,-1"}, "'@'"),
        ({"name": "r", "port": "70000"}, "'70000' is no port"),
        ({"name": "r", "port": "90-80"}, "'90-80' is no port"),
        ({"name": "r", "port": "80", "protocol": "icmpv4"}, "icmpv4 has no ports"),
        ({"name": "r", "protocol": "quic"}, "the protocol is 'quic'"),
        ({"name": "r", "state": "gone"}, "the state is 'gone'"),
        ({"name": "r", "remote": ["10.0.0.300"]}, "10.0.0.300"),
    ],
)
def test_a_rule_that_cannot_be_is_named(entry: dict[str, t.Any], text: str) -> None:
    with pytest.raises(RuleError, match=r"^Firewall rule '.*': ") as caught:
        wanted(entry, "")
    assert text in str(caught.value)


def test_nothing_said_means_everything() -> None:
    assert wanted({"name": "r"}, "g") == Rule("r", "g")
