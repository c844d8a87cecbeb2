# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Firewall rules in one form: those in Windows' registry ([MS-GPFAS] 2.2.2.19), and those that a play asks for."""

from __future__ import annotations

import ipaddress
import re
import typing as t

PROFILES = ("Domain", "Private", "Public")
PROTOCOLS = {"tcp": 6, "udp": 17, "icmpv4": 1, "icmpv6": 58}
STATES = ("present", "disabled", "absent")
KEYWORDS = frozenset({"localsubnet", "dns", "dhcp", "wins", "defaultgateway"})
# Fields of a rule that this form has. A rule with others has conditions that nothing here can express.
_KNOWN = frozenset(
    re.split(" ", "Action Active Dir Protocol Profile LPort LPort2_10 RPort RPort2_10 RA4 RA6 App Name Desc EmbedCtxt")
)
# Fields that set no condition: where it came from, and for which releases.
_IDLE = frozenset({"Platform", "Platform2", "SkipVer", "Edge", "Defer", "LSM"})
# The registry names Windows' own rules by a resource. The display names of those that let administrators in.
_BUILT_IN_NAMES = {
    "@firewallapi.dll,-28775": "Remote Desktop - User Mode (TCP-In)",
    "@firewallapi.dll,-28776": "Remote Desktop - User Mode (UDP-In)",
    "@firewallapi.dll,-30253": "Windows Remote Management (HTTP-In)",
}
_FOLDERS = {
    "%systemroot%": "c:\\windows",
    "%windir%": "c:\\windows",
    "%programfiles%": "c:\\program files",
    "%programfiles(x86)%": "c:\\program files (x86)",
    "%programdata%": "c:\\programdata",
    "%systemdrive%": "c:",
}


class RuleError(ValueError):
    """A rule that cannot be; the text says which and why."""


class Rule(t.NamedTuple):
    """One rule. An empty set of ports or addresses means all of them."""

    name: str
    group: str = ""
    direction: str = "in"
    action: str = "allow"
    enabled: bool = True
    protocol: int | None = 6  # None: any
    ports: frozenset[str] = frozenset()  # "80-80", "5000-5010", or a word such as "rpc"
    remote_ports: frozenset[str] = frozenset()
    remote: frozenset[str] = frozenset()  # "10.0.0.0-10.255.255.255", or a keyword such as "localsubnet"
    profiles: frozenset[str] = frozenset(PROFILES)
    program: str = ""
    description: str = ""
    conditions: frozenset[str] = frozenset()  # what else it asks for, as "Field=value"
    built_in: bool = False  # Windows brought it: its name in the registry is a resource


def parse(text: str) -> Rule | None:
    """Read a rule as the registry has it; None for what is no rule."""
    head, *parts = text.rstrip("|").split("|")
    if not re.fullmatch(r"v\d+\.\d+", head):
        return None
    fields: dict[str, list[str]] = {}
    for name, _equals, value in (part.partition("=") for part in parts):
        fields.setdefault(name, []).append(value)

    def one(name: str, default: str = "") -> str:
        return fields.get(name, [default])[0]

    return Rule(
        name=_BUILT_IN_NAMES.get(one("Name").lower(), one("Name")),
        group=one("EmbedCtxt"),
        direction=one("Dir", "In").lower(),
        action=one("Action", "Allow").lower(),
        enabled=one("Active", "FALSE").upper() == "TRUE",
        protocol=int(one("Protocol")) if "Protocol" in fields else None,
        ports=_ports([*fields.get("LPort", []), *fields.get("LPort2_10", [])]),
        remote_ports=_ports([*fields.get("RPort", []), *fields.get("RPort2_10", [])]),
        remote=_addresses([*fields.get("RA4", []), *fields.get("RA6", [])]),
        profiles=frozenset(fields.get("Profile", PROFILES)),
        program=program(one("App")),
        description=one("Desc"),
        conditions=frozenset(f"{name}={value}" for name in set(fields) - _KNOWN - _IDLE for value in fields[name]),
        built_in=one("Name").startswith("@"),
    )


def wanted(entry: t.Mapping[str, t.Any], group: str) -> Rule:
    """Read a rule as a play has it; its state is not part of it, except for V(disabled).

    :raises RuleError: it cannot be made.
    """
    name = str(entry.get("name") or "")
    try:
        rule = _wanted(entry, name, group)
    except ValueError as exc:
        raise RuleError(f"Firewall rule '{name}': {exc}") from exc
    return rule


def _wanted(entry: t.Mapping[str, t.Any], name: str, group: str) -> Rule:
    if not name or "|" in name or name.lower() == "all" or name.startswith("@"):
        raise ValueError("Windows takes no empty name, no 'all', no '|', and '@' begins the names of its own rules")
    state = entry.get("state") or "present"
    if state not in STATES:
        raise ValueError(f"the state is '{state}', not one of {', '.join(STATES)}")
    protocol = str(entry.get("protocol") or "tcp").lower()
    if protocol not in (*PROTOCOLS, "any"):
        raise ValueError(f"the protocol is '{protocol}', not one of {', '.join(PROTOCOLS)}, any")
    ports, remote_ports = (_ports(_split(entry.get(key))) for key in ("port", "remote_port"))
    if (ports or remote_ports) and protocol not in ("tcp", "udp"):
        raise ValueError(f"{protocol} has no ports")
    return Rule(
        name=name,
        group=group,
        direction=entry.get("direction") or "in",
        action=entry.get("action") or "allow",
        enabled=state != "disabled",
        protocol=PROTOCOLS.get(protocol),
        ports=ports,
        remote_ports=remote_ports,
        remote=_addresses(_split(entry.get("remote"))),
        profiles=frozenset(entry.get("profiles") or PROFILES),
        program=program(str(entry.get("program") or "")),
        description=str(entry.get("description") or ""),
    )


def program(path: str) -> str:
    """Give a path so that it can be compared: Windows keeps some with a variable and some without."""
    low = path.lower()
    for name, folder in _FOLDERS.items():
        low = low.replace(name, folder)
    return "" if low == "any" else low


def _split(value: t.Any) -> list[str]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [part.strip() for item in items for part in str(item).split(",") if part.strip()]


def _ports(items: t.Iterable[str]) -> frozenset[str]:
    return frozenset(_port(item) for item in items if item.lower() not in ("any", "*"))


def _port(item: str) -> str:
    found = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", item)
    if not found:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]+", item):
            raise ValueError(f"'{item}' is no port")
        return item.lower().replace("-", "")
    low, high = int(found[1]), int(found[2] or found[1])
    if not 0 <= low <= high <= 65535:
        raise ValueError(f"'{item}' is no port")
    return f"{low}-{high}"


def _addresses(items: t.Iterable[str]) -> frozenset[str]:
    return frozenset(_address(item) for item in items if item.lower() not in ("any", "*"))


def _address(item: str) -> str:
    if item.lower() in KEYWORDS or not re.search(r"[\d:]", item):
        return item.lower()
    low, dash, high = item.partition("-")
    if dash:
        return f"{ipaddress.ip_address(low.strip())}-{ipaddress.ip_address(high.strip())}"
    network = ipaddress.ip_network(item, strict=False)
    return f"{network[0]}-{network[-1]}"
