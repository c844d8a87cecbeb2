# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what differs is changed, and the connection in use survives every plan."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.filter.firewall import firewall_plan
from ansible_collections.golden.windows_ami.plugins.plugin_utils.source_address import source_address

MARKER = "mine"
HEAD = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|"
WINRM = HEAD + "LPort=5986|RA4=10.0.0.0/255.255.0.0|Name=WinRM|EmbedCtxt=mine|"
BUILT_IN = HEAD + "LPort=5985|App=System|Name=@FirewallAPI.dll,-30253|EmbedCtxt=@FirewallAPI.dll,-30267|"
DESKTOP = HEAD + "LPort=3389|Svc=termservice|Name=@FirewallAPI.dll,-28775|EmbedCtxt=@FirewallAPI.dll,-28752|"
CONNECTION = {"port": 5986, "from": ["10.0.7.7"]}


def plan(
    texts: t.Sequence[str], *rules: dict[str, t.Any], groups: t.Sequence[dict[str, t.Any]] = (), **options: t.Any
) -> dict[str, t.Any]:
    properties = {str(number): {"type": "REG_SZ", "value": text} for number, text in enumerate(texts)}
    return firewall_plan(properties, rules, groups, MARKER, **options)


def names(entries: list[dict[str, t.Any]]) -> list[str]:
    return [entry["name"] for entry in entries]


def test_what_is_as_wanted_is_left_alone() -> None:
    web = HEAD + "LPort=80|LPort=443|Name=Web|Desc=d|EmbedCtxt=mine|"
    made = plan([web], {"name": "web", "port": "80,443"}, {"name": "Old", "state": "absent"})
    assert not any(made.values())


def test_a_missing_rule_is_written_with_the_marker() -> None:
    made = plan([], {"name": "Web", "port": 80, "remote": ["10.0.0.0/8", "10.1.1.1"], "profiles": ["Domain"]})
    assert made["write"] == [
        {
            "name": "Web", "group": MARKER, "description": "", "direction": "in", "action": "allow", "enabled": True,
            "protocol": "tcp", "localport": "80", "remoteport": "any", "program": "any",
            "remoteip": "10.0.0.0/8,10.1.1.1", "profiles": ["domain"], "why": "it is missing",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ("LPort=81|", "port is 81, not 80"),
        ("", "port is any, not 80"),
        ("LPort=80|Profile=Domain|", "profiles is Domain, not Domain,Private,Public"),
        ("LPort=80|App=C:\\x.exe|", "program is c:\\x.exe, not any"),
        ("LPort=80|RA4=10.0.0.1|", "remote addresses is 10.0.0.1, not any"),
    ],
)
def test_a_rule_of_ours_is_brought_back_as_a_whole(fields: str, why: str) -> None:
    made = plan([f"{HEAD}{fields}Name=Web|EmbedCtxt=mine|"], {"name": "Web", "port": "80"})
    assert [(entry["name"], entry["why"]) for entry in made["write"]] == [("Web", why)]
    assert made["remake"] == []


@pytest.mark.parametrize("fields", ["Svc=w3svc|", "LA4=10.0.0.9|"])
def test_what_cannot_be_taken_back_in_place_is_made_anew(fields: str) -> None:
    made = plan([f"{HEAD}LPort=80|{fields}Name=Web|EmbedCtxt=mine|"], {"name": "Web", "port": "80"})
    assert (names(made["remake"]), names(made["write"])) == (["Web"], ["Web"])


def test_another_protocol_needs_a_new_rule() -> None:
    made = plan([HEAD + "LPort=80|Name=Web|EmbedCtxt=mine|"], {"name": "Web", "protocol": "icmpv4"})
    assert names(made["remake"]) == ["Web"]
    assert made["write"][0]["localport"] == ""


def test_a_rule_of_others_changes_only_where_the_play_speaks_of_it() -> None:
    theirs = HEAD + "LPort=80|Svc=x|RA4=10.0.0.0/255.0.0.0|Name=Web|EmbedCtxt=theirs|"
    assert not any(plan([theirs], {"name": "Web", "port": "80"}).values())
    made = plan([theirs], {"name": "Web", "remote": ["10.2.0.0/16"]})
    assert made["remake"] == []
    (entry,) = made["write"]
    assert (entry["remoteip"], entry["localport"], entry["group"], entry["program"]) == ("10.2.0.0/16", "", "", "")


def test_a_rule_of_windows_is_found_by_its_display_name() -> None:
    made = plan([DESKTOP], {"name": "Remote Desktop - User Mode (TCP-In)", "remote": ["10.2.0.0/16"]})
    assert [entry["why"] for entry in made["write"]] == ["remote addresses is any, not 10.2.0.0-10.2.255.255"]


def test_a_name_is_one_rule() -> None:
    assert plan([], {"name": "Web", "port": 80}, {"name": "web", "port": 81})["problems"] == [
        "The firewall rule 'Web' is listed twice.",
        "The firewall rule 'web' is listed twice.",
    ]


def test_exclusive_removes_only_what_the_role_made() -> None:
    texts = [HEAD + f"LPort=80|Name={name}|EmbedCtxt={group}|" for name, group in (("A", "mine"), ("B", "theirs"))]
    assert names(plan(texts, exclusive=True)["remove"]) == ["A"]
    assert names(plan(texts, {"name": "a", "port": 80}, exclusive=True)["remove"]) == []
    assert names(plan(texts)["remove"]) == []


def test_exclusive_removes_no_name_that_others_use_too() -> None:
    texts = [HEAD + f"LPort=80|Name=A|EmbedCtxt={group}|" for group in ("mine", "theirs")]
    made = plan(texts, exclusive=True)
    assert (names(made["remove"]), names(made["kept"])) == ([], ["A"])


def test_exclusive_keeps_what_the_connection_needs() -> None:
    web = HEAD + "LPort=80|Name=Web|EmbedCtxt=mine|"
    made = plan([WINRM, web], exclusive=True, connection=CONNECTION)
    assert (names(made["remove"]), names(made["kept"])) == (["Web"], ["WinRM"])
    assert "TCP 5986 from 10.0.7.7" in made["kept"][0]["why"]
    other = HEAD + "LPort=5986|Name=Other|EmbedCtxt=theirs|"
    assert names(plan([WINRM, other], exclusive=True, connection=CONNECTION)["remove"]) == ["WinRM"]


@pytest.mark.parametrize(
    ("entry", "cuts"),
    [
        ({"name": "WinRM", "port": 5986}, False),
        ({"name": "WinRM", "port": 5986, "remote": ["10.0.7.0/24"]}, False),
        ({"name": "WinRM", "port": 5986, "remote": ["10.0.8.0/24"]}, True),
        ({"name": "WinRM", "port": 5986, "remote": ["LocalSubnet"]}, True),
        ({"name": "WinRM", "port": 5985}, True),
        ({"name": "WinRM", "port": 5986, "profiles": ["Domain"]}, True),
        ({"name": "WinRM", "port": 5986, "protocol": "udp"}, True),
        ({"name": "WinRM", "port": 5986, "program": r"C:\other.exe"}, True),
        ({"name": "WinRM", "state": "disabled", "port": 5986}, True),
        ({"name": "WinRM", "state": "absent"}, True),
        ({"name": "WinRM", "port": 5986, "action": "block"}, True),
        ({"name": "Block", "port": "80,5000-6000", "action": "block"}, True),
        ({"name": "Block", "port": "5986", "action": "block", "remote": ["10.9.0.0/16"]}, False),
        ({"name": "Block", "port": "5986", "action": "block", "remote": ["LocalSubnet"]}, True),
        ({"name": "Block", "port": "80", "action": "block"}, False),
        ({"name": "Block", "action": "block"}, True),
        ({"name": "Block", "action": "block", "program": r"C:\bad.exe"}, False),
        ({"name": "Block", "port": "5986", "action": "block", "direction": "out"}, False),
        ({"name": "Block", "port": "5986", "action": "block", "protocol": "udp"}, False),
        ({"name": "Block", "port": "5986", "action": "block", "state": "disabled"}, False),
    ],
)
def test_what_would_cut_the_connection_is_a_problem(entry: dict[str, t.Any], cuts: bool) -> None:
    problems = plan([WINRM], entry, connection=CONNECTION)["problems"]
    if cuts:
        assert problems == [f"{entry['name']}: would close TCP 5986 from 10.0.7.7, which this connection uses."]
    else:
        assert problems == []


def test_another_rule_may_let_the_connection_in_instead() -> None:
    assert plan([WINRM], {"name": "WinRM", "state": "absent"}, {"name": "New", "port": 5986}, connection=CONNECTION)[
        "problems"
    ] == []  # fmt: skip


def test_profiles_that_cannot_be_in_force_do_not_matter() -> None:
    entry = {"name": "WinRM", "port": 5986, "profiles": ["Domain"]}
    assert plan([WINRM], entry, connection={**CONNECTION, "profiles": ["Domain"]})["problems"] == []


@pytest.mark.parametrize(
    ("remote", "cuts"), [(["10.0.0.0/16", "10.9.9.9"], False), (["10.0.7.0/24"], True), ([], False)]
)
def test_behind_address_translation_nothing_may_be_lost(remote: list[str], cuts: bool) -> None:
    far = {"port": 5986, "from": ["9.9.9.9"]}
    made = plan([WINRM], {"name": "WinRM", "port": 5986, "remote": remote}, connection=far)
    assert bool(made["problems"]) is cuts


def test_over_ssh_the_rule_of_sshd_lets_the_connection_in() -> None:
    sshd = HEAD + "LPort=22|App=%SystemRoot%\\system32\\OpenSSH\\sshd.exe|Name=OpenSSH|"
    off = {"name": "OpenSSH", "state": "absent"}
    assert plan([sshd], off, connection={"port": 22, "from": ["10.0.7.7"], "kernel": False})["problems"]
    assert not plan([sshd], off, connection={"port": 22, "from": ["10.0.7.7"]})["problems"]


def test_without_a_connection_nothing_is_guarded() -> None:
    assert plan([WINRM], {"name": "WinRM", "state": "absent"}, connection={})["problems"] == []


def test_where_the_port_is_open_in_the_end_is_told() -> None:
    domain = HEAD + "LPort=5986|Profile=Domain|Name=WinRM|EmbedCtxt=mine|"
    assert plan([domain], connection=CONNECTION)["open_profiles"] == ["Domain"]
    assert plan([domain], {"name": "New", "port": 5986}, connection=CONNECTION)["open_profiles"] == [
        "Domain", "Private", "Public",
    ]  # fmt: skip


def test_a_group_changes_only_when_one_of_its_rules_differs() -> None:
    enabled = [{"name": "Remote Desktop"}]
    assert not any(plan([DESKTOP], groups=enabled).values())
    (entry,) = plan([DESKTOP], groups=[{"name": "Remote Desktop", "state": "disabled"}])["groups"]
    assert (entry["group"], entry["enabled"], entry["remoteip"]) == ("@FirewallAPI.dll,-28752", False, "")
    (entry,) = plan([DESKTOP], groups=[{"name": "@firewallapi.dll,-28752", "remote": ["10.0.0.0/8"]}])["groups"]
    assert (entry["enabled"], entry["remoteip"]) == (True, "10.0.0.0/8")


def test_a_group_that_is_not_there_can_be_off_but_not_on() -> None:
    assert plan([], groups=[{"name": "Remote Shutdown", "state": "disabled"}])["problems"] == []
    (problem,) = plan([], groups=[{"name": "Remote Shutdown"}])["problems"]
    assert "no firewall rules of the group 'Remote Shutdown'" in problem


def test_the_group_that_the_connection_needs_stays_on() -> None:
    off = [{"name": "Windows Remote Management", "state": "disabled"}]
    made = plan([BUILT_IN], groups=off, connection={"port": 5985, "from": ["10.0.7.7"]})
    assert made["problems"] == [
        "Windows Remote Management (HTTP-In): would close TCP 5985 from 10.0.7.7, which this connection uses."
    ]


def test_the_controllers_address_is_the_one_towards_the_host() -> None:
    assert source_address("127.0.0.1") == "127.0.0.1"
    assert source_address("no such host.invalid") == ""
