# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows Defender Firewall: profiles and rules, and what they let in."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

PROFILES = ("Domain", "Private", "Public")
PROTOCOLS = {"tcp": 6, "udp": 17, "icmpv4": 1, "icmpv6": 58, "igmp": 2, "any": 256}
# Built-in groups are known by a resource; this is what Windows shows for it.
GROUP_TITLES = {
    "@firewallapi.dll,-30267": "Windows Remote Management",
    "@firewallapi.dll,-28752": "Remote Desktop",
    "@firewallapi.dll,-25000": "Core Networking",
    "@%windir%\\system32\\inetsrv\\iisres.dll,-30500": "World Wide Web Services (HTTP)",
    "@%windir%\\system32\\inetsrv\\iisres.dll,-30502": "Secure World Wide Web Services (HTTPS)",
}


@dataclasses.dataclass
class Profile:
    """One profile's switches; actions are Allow, Block or NotConfigured."""

    name: str
    enabled: bool = True
    inbound: str = "NotConfigured"
    outbound: str = "NotConfigured"

    @property
    def blocks_inbound(self) -> bool:
        """Say whether what no rule names is kept out (NotConfigured means Block)."""
        return self.enabled and self.inbound != "Allow"


@dataclasses.dataclass
class Rule:
    """One rule. ``name`` is its identity, ``display_name`` what people call it; lists are comma-separated text."""

    name: str
    display_name: str
    direction: str = "Inbound"  # Inbound | Outbound
    action: str = "Allow"  # Allow | Block
    enabled: bool = True
    protocol: str = "Any"  # TCP | UDP | ICMPv4 | Any | a number
    local_ports: str = "Any"
    remote_ports: str = "Any"
    local_addresses: str = "Any"
    remote_addresses: str = "Any"
    profiles: tuple[str, ...] = PROFILES
    program: str = ""
    service: str = ""
    description: str = ""
    group: str = ""
    interface_types: str = "Any"
    edge_traversal: str = "Block"
    security: str = "NotRequired"
    icmp_types: str = "Any"
    # Where a built-in rule has its display name from, for example @FirewallAPI.dll,-28775.
    resource: str = ""

    @property
    def display_group(self) -> str:
        """Give the group as people call it."""
        return GROUP_TITLES.get(self.group.lower(), self.group)


class Firewall:
    """All profiles and rules; ``active`` is the profile of the machine's one network."""

    def __init__(self) -> None:
        self.profiles = {name: Profile(name) for name in PROFILES}
        self.rules: list[Rule] = []
        self.active = "Public"
        # The machine's own network (CIDR), which is what LocalSubnet means; empty when it has none.
        self.subnet = ""

    def profile(self, name: str) -> Profile:
        """Give a profile by name in any case.

        :raises KeyError: there is none.
        """
        return self.profiles[name.capitalize()]

    def find(self, name: str) -> Rule | None:
        """Give a rule by its identity, or None."""
        return next((rule for rule in self.rules if rule.name.lower() == name.lower()), None)

    def named(self, display_name: str) -> list[Rule]:
        """Give the rules with a display name; it may fit several."""
        return [rule for rule in self.rules if rule.display_name.lower() == display_name.lower()]

    def in_group(self, group: str) -> list[Rule]:
        """Give the rules of a group, by the text that a rule has for it: a built-in group's is a resource."""
        return [rule for rule in self.rules if rule.group.lower() == group.lower()]

    def in_display_group(self, title: str) -> list[Rule]:
        """Give the rules of a group, by what people call it."""
        return [rule for rule in self.rules if rule.display_group.lower() == title.lower()]

    def add(self, rule: Rule) -> Rule:
        """Add a rule after the others."""
        self.rules.append(rule)
        return rule

    def remove(self, rule: Rule) -> None:
        """Take a rule away."""
        self.rules = [other for other in self.rules if other is not rule]

    def admits(self, peer: str, port: int, protocol: str = "tcp", program: str = "System") -> bool:
        """Say whether a connection from an address to a local port gets in: a Block rule wins over Allow.

        ``program`` is who listens there; a rule that names the port too is taken to know.
        """
        profile = self.profiles[self.active]
        if not profile.enabled:
            return True
        matching = [rule for rule in self.rules if self._matches(rule, peer, port, protocol, program)]
        if any(rule.action == "Block" for rule in matching):
            return False
        return any(rule.action == "Allow" for rule in matching) or not profile.blocks_inbound

    def _matches(self, rule: Rule, peer: str, port: int, protocol: str, program: str) -> bool:
        return (
            rule.enabled
            and rule.direction == "Inbound"
            and self.active in rule.profiles
            and rule.protocol.lower() in ("any", protocol.lower(), str(PROTOCOLS[protocol.lower()]))
            and _port_in(port, rule.local_ports)
            and (rule.program.lower() in ("", program.lower()) or rule.local_ports not in ("Any", "*"))
            and self._address_in(peer, rule.remote_addresses)
        )

    def _address_in(self, peer: str, text: str) -> bool:
        address = ipaddress.ip_address(peer)
        local = ("localsubnet", "localsubnet4")
        items = (self.subnet if item.lower() in local else item for item in _items(text))
        return any(_item_holds(item, address) for item in items if item)


def _items(text: str) -> t.Iterator[str]:
    return (item.strip() for item in text.split(",") if item.strip())


def _port_in(port: int, text: str) -> bool:
    for item in _items(text):
        if item.lower() in ("any", "*"):
            return True
        low, _, high = item.partition("-")
        if low.isdigit() and int(low) <= port <= int(high or low):
            return True
    return False


def _item_holds(item: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if item.lower() in ("any", "*"):
        return True
    if "-" in item:
        low, _, high = item.partition("-")
        return ipaddress.ip_address(low).packed <= address.packed <= ipaddress.ip_address(high).packed
    return address in ipaddress.ip_network(item, strict=False)
