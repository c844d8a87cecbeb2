# SPDX-License-Identifier: GPL-3.0-or-later
"""The NetSecurity module: rules and profiles of the firewall."""

from __future__ import annotations

import fnmatch
import typing as t
import uuid

from lab.powershell.convert import to_string
from lab.powershell.errors import CmdletError
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import PSObject, Value, listify
from lab.windows.firewall import PROFILES, Rule

_PROFILE_CHOICES = ("Any", *PROFILES, "NotApplicable")
_TRUTH = ("True", "False")
_NAME = P("Name", "string[]", 0, pipeline=True, aliases=("ID", "InstanceID"))
_DISPLAY = P("DisplayName", "string[]")
_TITLE = P("DisplayGroup", "string[]")
_GROUP = P("Group", "string[]")

# Field of a rule -> the property that a message names.
_SHOWN = {"name": "InstanceID", "display_name": "DisplayName", "display_group": "DisplayGroup", "group": "RuleGroup"}


def item(rule: Rule) -> PSObject:
    """A rule as scripts see it."""
    return PSObject(
        "CimInstance",
        {
            "Name": rule.name,
            "ID": rule.name,
            "DisplayName": rule.display_name,
            "Description": rule.description,
            "DisplayGroup": rule.display_group,
            "Group": rule.group,
            "Enabled": str(rule.enabled),
            "Profile": "Any" if set(rule.profiles) == set(PROFILES) else ", ".join(rule.profiles),
            "Direction": rule.direction,
            "Action": rule.action,
        },
        text=rule.name,
    )


def _profiles(names: list[str]) -> tuple[str, ...]:
    chosen = {part.strip().casefold() for name in names for part in name.split(",")}
    return PROFILES if not chosen or "any" in chosen else tuple(one for one in PROFILES if one.casefold() in chosen)


@cmdlet(
    "New-NetFirewallRule",
    P("DisplayName", "string", required=True),
    P("Name", "string", aliases=("ID",)),
    P("Description"),
    P("Group"),
    P("Enabled", choices=_TRUTH),
    P("Profile", "string[]", choices=_PROFILE_CHOICES),
    P("Direction", choices=("Inbound", "Outbound")),
    P("Action", choices=("Allow", "Block", "NotConfigured")),
    P("Protocol"),
    P("LocalPort", "string[]"),
    P("RemotePort", "string[]"),
    P("LocalAddress", "string[]"),
    P("RemoteAddress", "string[]"),
    P("Program"),
    P("Service"),
    P("EdgeTraversalPolicy"),
)
def new_rule(call: Call) -> t.Iterable[Value]:
    """Add a rule."""
    name = call.text("Name") or "{" + str(uuid.uuid4()).upper() + "}"
    if call.machine.firewall.find(name):
        raise CmdletError(
            "Cannot create a file when that file already exists.", "NotSpecified", "Windows System Error 183", name
        )
    protocol = call.text("Protocol", "Any")
    if ("LocalPort" in call or "RemotePort" in call) and protocol.upper() not in ("TCP", "UDP", "6", "17"):
        raise CmdletError(
            "The port is not supported by the protocol.", "InvalidArgument", "Windows System Error 87", name
        )
    rule = Rule(
        name=name,
        display_name=call.text("DisplayName"),
        direction=call.text("Direction", "Inbound"),
        action=call.text("Action", "Allow"),
        enabled=call.text("Enabled", "True") == "True",
        protocol={"6": "TCP", "17": "UDP"}.get(
            protocol, protocol.upper() if protocol.upper() in ("TCP", "UDP") else protocol
        ),
        local_ports=",".join(call.texts("LocalPort")) or "Any",
        remote_ports=",".join(call.texts("RemotePort")) or "Any",
        local_addresses=",".join(call.texts("LocalAddress")) or "Any",
        remote_addresses=",".join(call.texts("RemoteAddress")) or "Any",
        profiles=_profiles(call.texts("Profile")),
        program=call.text("Program"),
        service=call.text("Service"),
        description=call.text("Description"),
        group=call.text("Group"),
    )
    return [item(call.machine.firewall.add(rule))]


def _chosen(call: Call, name: str = "Name") -> list[Rule]:
    """The rules that the call names; none is reported."""
    firewall = call.machine.firewall
    wanted = [
        *((to_string(one), "name") for one in listify(call.get(name, []))),
        *((one, "display_name") for one in call.texts("DisplayName")),
        *((one, "display_group") for one in call.texts("DisplayGroup")),
        *((one, "group") for one in call.texts("Group")),
    ]
    chosen: list[Rule] = []
    for text, field in wanted:
        found = [one for one in firewall.rules if fnmatch.fnmatchcase(getattr(one, field).casefold(), text.casefold())]
        if not found and not any(char in text for char in "*?"):
            shown = _SHOWN[field]
            message = f"No MSFT_NetFirewallRule objects found with property '{shown}' equal to '{text}'."
            call.error(CmdletError(message, "ObjectNotFound", "CmdletizationQuery_NotFound", text))
        chosen += found
    return chosen


@cmdlet("Get-NetFirewallRule", _NAME, _DISPLAY, _TITLE, _GROUP, P("All", SWITCH))
def get_rule(call: Call) -> t.Iterable[Value]:
    """Rules by name, or all of them."""
    named = any(name in call for name in ("Name", "DisplayName", "DisplayGroup", "Group"))
    return [item(rule) for rule in (_chosen(call) if named else call.machine.firewall.rules)]


@cmdlet("Remove-NetFirewallRule", _NAME, _DISPLAY, _TITLE, _GROUP)
def remove_rule(call: Call) -> None:
    """Delete rules."""
    for rule in _chosen(call):
        call.machine.firewall.remove(rule)


def _switch(name: str, on: bool) -> None:
    @cmdlet(name, _NAME, _DISPLAY, _TITLE, _GROUP)
    def run(call: Call) -> None:
        for rule in _chosen(call):
            rule.enabled = on


_switch("Enable-NetFirewallRule", True)
_switch("Disable-NetFirewallRule", False)


@cmdlet(
    "Set-NetFirewallRule",
    _NAME,
    _DISPLAY,
    _TITLE,
    _GROUP,
    P("Enabled", choices=_TRUTH),
    P("Action", choices=("Allow", "Block")),
    P("RemoteAddress", "string[]"),
    P("LocalPort", "string[]"),
    P("Profile", "string[]", choices=_PROFILE_CHOICES),
)
def set_rule(call: Call) -> None:
    """Change rules."""
    for rule in _chosen(call):
        rule.enabled = call.text("Enabled", str(rule.enabled)) == "True"
        rule.action = call.text("Action", rule.action)
        rule.remote_addresses = ",".join(call.texts("RemoteAddress")) or rule.remote_addresses
        rule.local_ports = ",".join(call.texts("LocalPort")) or rule.local_ports
        if "Profile" in call:
            rule.profiles = _profiles(call.texts("Profile"))


_PROFILE = P("Name", "string[]", 0, choices=PROFILES, aliases=("Profile",))


@cmdlet("Get-NetFirewallProfile", _PROFILE, P("All", SWITCH))
def get_profile(call: Call) -> t.Iterable[Value]:
    """Profiles."""
    for name in call.texts("Name") or PROFILES:
        one = call.machine.firewall.profile(name)
        yield PSObject(
            "CimInstance",
            {
                "Name": one.name,
                "Enabled": str(one.enabled),
                "DefaultInboundAction": one.inbound,
                "DefaultOutboundAction": one.outbound,
            },
        )


@cmdlet(
    "Set-NetFirewallProfile",
    _PROFILE,
    P("All", SWITCH),
    P("Enabled", choices=_TRUTH),
    P("DefaultInboundAction", choices=("Allow", "Block", "NotConfigured")),
    P("DefaultOutboundAction", choices=("Allow", "Block", "NotConfigured")),
)
def set_profile(call: Call) -> None:
    """Change profiles."""
    for name in call.texts("Name") or PROFILES:
        one = call.machine.firewall.profile(name)
        one.enabled = call.text("Enabled", str(one.enabled)) == "True"
        one.inbound = call.text("DefaultInboundAction", one.inbound)
        one.outbound = call.text("DefaultOutboundAction", one.outbound)
