# SPDX-License-Identifier: GPL-3.0-or-later
"""Write firewall rules, as Windows' COM interface sees them."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t
import uuid

from lab.windows.firewall import PROFILES, PROTOCOLS, Rule
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("community.windows.win_firewall_rule",)

_KEYWORDS = ("any", "*", "localsubnet", "dns", "dhcp", "wins", "defaultgateway")
_EDGE = {"no": "Block", "yes": "Allow", "deferapp": "DeferToApp", "deferuser": "DeferToUser"}
_SECURE = ("notrequired", "authnoencap", "authenticate", "authdynenc", "authenc")
_INTERFACES = {"wireless": "Wireless", "lan": "Lan", "ras": "RemoteAccess"}
# Option -> (field of the rule, property of the COM object in the diff).
_FIELDS = {
    "description": ("description", "Description"),
    "direction": ("direction", "Direction"),
    "action": ("action", "Action"),
    "program": ("program", "ApplicationName"),
    "group": ("group", "Grouping"),
    "service": ("service", "ServiceName"),
    "enabled": ("enabled", "Enabled"),
    "profiles": ("profiles", "Profiles"),
    "localip": ("local_addresses", "LocalAddresses"),
    "remoteip": ("remote_addresses", "RemoteAddresses"),
    "localport": ("local_ports", "LocalPorts"),
    "remoteport": ("remote_ports", "RemotePorts"),
    "protocol": ("protocol", "Protocol"),
    "interfacetypes": ("interface_types", "InterfaceTypes"),
    "edge": ("edge_traversal", "EdgeTraversalOptions"),
    "security": ("security", "SecureFlags"),
    "icmp_type_code": ("icmp_types", "IcmpTypesAndCodes"),
}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring the rules of a name, or of a group, to a state."""
    name, group = params["name"], params["group"]
    if not name and not group:
        raise ModuleError("Either name or group must be specified")
    rules = machine.firewall.named(name) if name else machine.firewall.in_group(group)
    wanted = _rule(machine, params, context.user)
    if params["state"] == "absent":
        return _absent(machine, rules, params, context)
    if rules:
        return _change(rules, wanted, params, context)
    if not name:
        return {"diff": {"prepared": ""}}
    if not context.check_mode:
        machine.firewall.add(wanted)
    lines = [f"+[{name}]\n", *(f"+{prop}='{_com(wanted, field)}'\n" for field, prop in _FIELDS.values())]
    return {"changed": True, "msg": f"Firewall rule '{name}' created.", "diff": {"prepared": "".join(lines)}}


def _absent(machine: Machine, rules: list[Rule], params: Params, context: ModuleContext) -> Result:
    if not rules:
        text = (
            f"Firewall rule '{params['name']}' does not exist."
            if params["name"]
            else f"No firewall rules in group '{params['group']}' exist."
        )
        return {"msg": text, "diff": {"prepared": ""}}
    lines = []
    for rule in rules:
        lines += [f"-[{rule.display_name}]\n"]
        lines += [f"-{prop}='{_com(rule, field)}'\n" for field, prop in _FIELDS.values()]
        if not context.check_mode:
            machine.firewall.remove(rule)
    names = "', '".join(rule.display_name for rule in rules)
    return {"changed": True, "msg": f"Firewall rule(s) '{names}' removed.", "diff": {"prepared": "".join(lines)}}


def _change(rules: list[Rule], wanted: Rule, params: Params, context: ModuleContext) -> Result:
    lines: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    for rule in rules:
        lines.append(f"[{rule.display_name}]\n")
        differing = [
            (field, prop)
            for option, (field, prop) in _FIELDS.items()
            if params[option] is not None and not _same(rule, wanted, field)
        ]
        for field, prop in differing:
            lines += [f"-{prop}='{_com(rule, field)}'\n", f"+{prop}='{_com(wanted, field)}'\n"]
            if not context.check_mode:
                _set(rule, field, prop, getattr(wanted, field))
        (changed if differing else unchanged).append(rule.display_name)
    text = f"Firewall rule(s) changed '{_quoted(changed)}' - unchanged '{_quoted(unchanged)}'"
    return {"changed": bool(changed), "msg": text, "diff": {"prepared": "".join(lines)}}


def _set(rule: Rule, field: str, prop: str, value: t.Any) -> None:
    """Change a property. Ports are refused as long as the rule's protocol, which is set after them, has none."""
    if field.endswith("_ports") and value != "Any" and rule.protocol not in ("TCP", "UDP"):
        raise _range(prop)
    setattr(rule, field, value)


def _quoted(names: list[str]) -> str:
    return "', '".join(names)


def _rule(machine: Machine, params: Params, user: str) -> Rule:
    """Give the rule that the options describe; what is not given has the COM object's default."""
    _check_texts(params)
    rule = Rule(name="{" + str(uuid.uuid4()).upper() + "}", display_name=params["name"] or "")
    rule.protocol = _protocol(params["protocol"])
    if params["direction"]:
        rule.direction = "Inbound" if params["direction"] == "in" else "Outbound"
    if params["action"]:
        rule.action = params["action"].capitalize()
    if params["enabled"] is not None:
        rule.enabled = params["enabled"]
    if params["profiles"] is not None:
        rule.profiles = _profiles(params["profiles"])
    if params["program"] and params["program"].lower() != "any":
        rule.program = machine.expand(params["program"], user)
    if params["service"] and params["service"].lower() != "any":
        rule.service = params["service"]
    rule.description = params["description"] or ""
    rule.group = params["group"] or ""
    rule.local_ports = _ports(params["localport"], rule, "LocalPorts")
    rule.remote_ports = _ports(params["remoteport"], rule, "RemotePorts")
    rule.local_addresses = _addresses(params["localip"], "LocalAddresses")
    rule.remote_addresses = _addresses(params["remoteip"], "RemoteAddresses")
    rule.icmp_types = _icmp(params["icmp_type_code"], rule)
    if params["interfacetypes"] and params["interfacetypes"] != ["any"]:
        rule.interface_types = ",".join(_interface(one) for one in params["interfacetypes"])
    rule.edge_traversal = _EDGE[params["edge"] or "no"]
    rule.security = params["security"] or "notrequired"
    return rule


def _check_texts(params: Params) -> None:
    """A bar would end a field of the rule, and "all" means every rule."""
    for option, prop in (("name", "Name"), ("description", "Description"), ("group", "Grouping")):
        text = params[option] or ""
        if "|" in text or text.lower() == "all":
            raise _range(prop)


def _protocol(text: str | None) -> str:
    if not text or text.lower() == "any":
        return "Any"
    low = text.lower()
    if text.isdigit():
        return next((name.upper() for name, number in PROTOCOLS.items() if number == int(text) and number < 256), text)
    if low in ("tcp", "udp"):
        return low.upper()
    if low.startswith(("icmpv4", "icmpv6")):
        return "ICMP" + low[4:6]
    raise ModuleError(f"Unknown protocol '{text}'.")


def _profiles(names: list[str]) -> tuple[str, ...]:
    for name in names:
        if name.capitalize() not in PROFILES:
            raise ModuleError(f"Unknown profile '{name}'.")
    chosen = {name.capitalize() for name in names}
    return tuple(name for name in PROFILES if name in chosen)


def _interface(name: str) -> str:
    known = _INTERFACES.get(name.lower())
    if known is None:
        raise ModuleError(f"Unknown interface type '{name}'.")
    return known


def _ports(text: str | None, rule: Rule, prop: str) -> str:
    if not text or text.lower() == "any":
        return "Any"
    special = text.lower() in ("*", "rpc", "rpc-epmap", "iphttps", "ply2disc", "teredo")
    if rule.protocol not in ("TCP", "UDP") or not (special or re.fullmatch(r"\d+(-\d+)?(,\s*\d+(-\d+)?)*", text)):
        raise _range(prop)
    return text.replace(" ", "")


def _addresses(text: str | None, prop: str) -> str:
    if not text or text.lower() in ("any", "*"):
        return "Any"
    for item in text.split(","):
        if item.strip().lower() in _KEYWORDS:
            continue
        try:
            _range_of(item.strip())
        except ValueError as exc:
            raise _range(prop) from exc
    return text.replace(" ", "")


def _range_of(item: str) -> tuple[str, str]:
    if "-" in item:
        low, _, high = item.partition("-")
        return str(ipaddress.ip_address(low)), str(ipaddress.ip_address(high))
    network = ipaddress.ip_network(item, strict=False)
    return str(network[0]), str(network[-1])


def _icmp(codes: list[str] | None, rule: Rule) -> str:
    if not codes or codes in (["any"], ["*"]):
        return "Any"
    if not rule.protocol.startswith("ICMP"):
        raise _range("IcmpTypesAndCodes")
    return ",".join(codes)


def _range(prop: str) -> ModuleError:
    return ModuleError(f'Exception setting "{prop}": "Value does not fall within the expected range."')


def _same(one: Rule, other: Rule, field: str) -> bool:
    left, right = getattr(one, field), getattr(other, field)
    if field.endswith("_addresses"):
        return _comparable(left) == _comparable(right)
    return bool(left.lower() == right.lower()) if isinstance(left, str) else bool(left == right)


def _comparable(text: str) -> set[t.Any]:
    return {
        item.lower() if item.lower() in _KEYWORDS else _range_of(item)
        for item in (part.strip() for part in text.split(","))
    }


def _com(rule: Rule, field: str) -> t.Any:
    """Give a field as the COM object prints it."""
    value = dataclasses.asdict(rule)[field]
    if field == "direction":
        return 1 if value == "Inbound" else 2
    if field == "action":
        return int(value == "Allow")
    if field == "profiles":
        return 2147483647 if len(value) == len(PROFILES) else sum(1 << PROFILES.index(name) for name in value)
    if field == "protocol":
        return PROTOCOLS.get(value.lower(), value)
    if field == "edge_traversal":
        return list(_EDGE.values()).index(value)
    if field == "security":
        return _SECURE.index(value.lower()) if value.lower() in _SECURE else 0
    if field == "interface_types":
        return "All" if value == "Any" else value
    return "*" if value == "Any" else value
