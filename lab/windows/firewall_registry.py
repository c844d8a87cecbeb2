# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall as the registry shows it: every rule as a string of fields ([MS-GPFAS] 2.2.2.19), and the profiles."""

from __future__ import annotations

import ipaddress
import typing as t

from lab.windows.firewall import PROFILES, PROTOCOLS, Firewall, Profile, Rule
from lab.windows.registry import Registry, Value

POLICY_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
RULES_KEY = POLICY_KEY + "\\FirewallRules"
# Windows calls the private profile the standard one here.
PROFILE_KEYS = {"Domain": "DomainProfile", "Private": "StandardProfile", "Public": "PublicProfile"}
# The version of the rules' schema by release of Windows.
SCHEMAS = {"2016": "2.26", "2019": "2.29", "2022": "2.31", "2025": "2.33"}
_KEYWORDS = {"localsubnet": "LocalSubnet", "dns": "DNS", "dhcp": "DHCP", "wins": "WINS"}
_KEYWORDS["defaultgateway"] = "DefaultGateway"
_PORT_WORDS = {"rpc": "RPC", "rpc-epmap": "RPC-EPMap", "iphttps": "IPHTTPSIn", "ply2disc": "Ply2Disc"}
_PORT_WORDS["teredo"] = "Teredo"
_ACTIONS = {"Allow": 1, "Block": 0}

Fields = t.Iterator[tuple[str, str]]


def mirror(registry: Registry, firewall: Firewall, release: str) -> None:
    """Show the firewall in the registry from now on. It is read there; the firewall's own interfaces write."""
    registry.show(RULES_KEY, _RulesView(firewall, SCHEMAS[release]))
    for name, key in PROFILE_KEYS.items():
        registry.show(f"{POLICY_KEY}\\{key}", _ProfileView(firewall, name))


class _RulesView:
    """The values of the key of the rules, made when someone looks. A class, so that a machine can be copied."""

    def __init__(self, firewall: Firewall, schema: str) -> None:
        self._firewall = firewall
        self._schema = schema

    def __call__(self) -> dict[str, Value]:
        return {rule.name: Value("String", text_of(rule, self._schema)) for rule in self._firewall.rules}


class _ProfileView:
    """The values of a profile's key."""

    def __init__(self, firewall: Firewall, name: str) -> None:
        self._firewall = firewall
        self._name = name

    def __call__(self) -> dict[str, Value]:
        profile: Profile = self._firewall.profile(self._name)
        shown = {"EnableFirewall": Value("DWord", int(profile.enabled))}
        for name, action in (("DefaultInboundAction", profile.inbound), ("DefaultOutboundAction", profile.outbound)):
            if action in _ACTIONS:
                shown[name] = Value("DWord", 1 - _ACTIONS[action])
        return shown


def text_of(rule: Rule, schema: str) -> str:
    """Give a rule as the registry keeps it."""
    return f"v{schema}|" + "".join(f"{name}={value}|" for name, value in _fields(rule))


def _fields(rule: Rule) -> Fields:
    yield "Action", rule.action
    yield "Active", str(rule.enabled).upper()
    yield "Dir", "In" if rule.direction == "Inbound" else "Out"
    number = _protocol(rule.protocol)
    if number is not None:
        yield "Protocol", str(number)
    if set(rule.profiles) != set(PROFILES):
        for profile in rule.profiles:
            yield "Profile", profile
    yield from _icmp(rule)
    yield from _ports("LPort", rule.local_ports)
    yield from _ports("RPort", rule.remote_ports)
    yield from _addresses("LA", rule.local_addresses)
    yield from _addresses("RA", rule.remote_addresses)
    yield from _interfaces(rule)
    plain = (("App", rule.program), ("Svc", rule.service), ("Name", rule.resource or rule.display_name))
    for name, value in (*plain, ("Desc", rule.description), ("EmbedCtxt", rule.group)):
        if value:
            yield name, value
    if rule.edge_traversal != "Block":
        yield "Edge", "TRUE"
    if rule.edge_traversal.startswith("DeferTo"):
        yield "Defer", rule.edge_traversal.removeprefix("DeferTo")
    if rule.security.lower() != "notrequired":
        yield "Security", rule.security


def _protocol(text: str) -> int | None:
    number = int(text) if text.isdigit() else PROTOCOLS[text.lower()]
    return None if number == PROTOCOLS["any"] else number


def _icmp(rule: Rule) -> Fields:
    if rule.icmp_types not in ("Any", "*"):
        for item in rule.icmp_types.split(","):
            yield f"ICMP{rule.protocol[-1]}", item


def _ports(name: str, text: str) -> Fields:
    for item in (part.strip() for part in text.split(",")):
        if item.lower() in ("any", "*"):
            continue
        yield f"{name}2_10" if "-" in item and item[0].isdigit() else name, _PORT_WORDS.get(item.lower(), item)


def _addresses(name: str, text: str) -> Fields:
    for item in (part.strip() for part in text.split(",")):
        if item.lower() in ("any", "*"):
            continue
        if item.lower() in _KEYWORDS:
            yield f"{name}4", _KEYWORDS[item.lower()]
            yield f"{name}6", _KEYWORDS[item.lower()]
        else:
            yield f"{name}{6 if ':' in item else 4}", _address(item)


def _address(item: str) -> str:
    if "-" in item:
        return item
    network = ipaddress.ip_network(item, strict=False)
    if network.num_addresses == 1:
        return str(network.network_address)
    return network.with_netmask if network.version == 4 else str(network)


def _interfaces(rule: Rule) -> Fields:
    if rule.interface_types != "Any":
        for item in rule.interface_types.split(","):
            yield "IFType", item
