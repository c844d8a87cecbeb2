# SPDX-License-Identifier: GPL-3.0-or-later
"""What a group policy decides about the firewall, and what that means for the connection."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.golden.windows_ami.plugins.filter.firewall import firewall_overruled, firewall_plan

OURS = "golden.windows_ami"
WEB = {"name": "Web", "port": "80,443"}
OPEN = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5986|Name=Management|"
LOCAL = {"{1}": {"value": "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5986|Name=First boot|"}}


def values(**numbers: int) -> dict[str, t.Any]:
    return {name: {"type": "REG_DWORD", "value": number} for name, number in numbers.items()}


def rules(*texts: str) -> dict[str, t.Any]:
    return {f"{{{number}}}": {"type": "REG_SZ", "value": text} for number, text in enumerate(texts)}


def said(policy: dict[str, t.Any], *entries: dict[str, t.Any], profiles: t.Sequence[str] = ("Domain", "Public")) -> str:
    return " ".join(firewall_overruled(policy, profiles, "block", list(entries)))


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ({}, ""),
        ({"DomainProfile": {}, "FirewallRules": {}}, ""),
        ({"DomainProfile": values(EnableFirewall=1, DefaultInboundAction=1, AllowLocalPolicyMerge=1)}, ""),
        ({"PrivateProfile": values(EnableFirewall=0)}, ""),
        ({"PublicProfile": values(EnableFirewall=0)}, "A group policy turns the firewall off for Public."),
        (
            {"DomainProfile": values(DefaultInboundAction=0)},
            "A group policy makes allow what no rule speaks of for Domain, not block.",
        ),
        (
            {"PublicProfile": values(AllowLocalPolicyMerge=0)},
            "A group policy lets no rules but its own count for Public: Web has no effect.",
        ),
    ],
)
def test_what_it_decides_otherwise_is_said(policy: dict[str, t.Any], text: str) -> None:
    assert said(policy, WEB, {"name": "Old", "state": "absent"}, {"name": "Idle", "state": "disabled"}) == text


BLOCK = "v2.31|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort={}|Name=No web|"


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        (BLOCK.format(443), True),
        (BLOCK.format("400-500"), True),
        ("v2.31|Action=Block|Active=TRUE|Dir=In|Name=No web|", True),
        (BLOCK.format(444), False),
        (BLOCK.format(443).replace("TRUE", "FALSE"), False),
        (BLOCK.format(443).replace("Dir=In", "Dir=Out"), False),
        (BLOCK.format(443).replace("Protocol=6", "Protocol=17"), False),
        (BLOCK.format(443) + r"App=C:\x.exe|", False),
        (BLOCK.format(443).replace("Block", "Allow"), False),
    ],
)
def test_a_rule_of_the_policy_that_blocks_what_a_wanted_one_lets_in_is_named(text: str, stops: bool) -> None:
    expected = "The rule No web of a group policy blocks what Web lets through." if stops else ""
    assert said({"FirewallRules": rules(text)}, WEB) == expected


def plan(policy: dict[str, t.Any], **changes: t.Any) -> dict[str, t.Any]:
    connection = {"port": 5986, "from": ["10.0.0.1"]}
    given = {"properties": LOCAL, "rules": [{"name": "First boot", "state": "absent"}], **changes}
    return firewall_plan(given["properties"], given["rules"], [], OURS, False, connection, policy)


def test_the_connection_may_come_by_a_rule_of_the_policy() -> None:
    assert "would close TCP 5986" in plan({})["problems"][0]
    by_policy = plan({"FirewallRules": rules(OPEN)})
    assert by_policy["problems"] == []
    assert by_policy["open_profiles"] == ["Domain", "Private", "Public"]


def test_a_rule_that_does_not_count_opens_nothing() -> None:
    closed = {name: values(AllowLocalPolicyMerge=0) for name in ("DomainProfile", "PublicProfile")}
    assert plan(closed, rules=[])["open_profiles"] == ["Private"]


def test_a_wish_that_cannot_be_is_an_error_of_the_play() -> None:
    with pytest.raises(AnsibleFilterError, match="is no port"):
        said({}, {"name": "Bad", "port": "90-80"})
