# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether firewall rules let the connection in that Ansible itself uses."""

from __future__ import annotations

import ipaddress
import typing as t

from .firewall_rules import PROFILES, Rule

Scope = frozenset[str]
EVERYONE = "any"


class Connection(t.NamedTuple):
    """What is known of the connection: its port, where it may come from, and the profiles that may be in force.

    WinRM is answered by the kernel (the program ``System``), SSH by a program.
    """

    port: int
    peers: tuple[str, ...] = ()
    profiles: tuple[str, ...] = PROFILES
    kernel: bool = True

    def __str__(self) -> str:
        return f"TCP {self.port}" + (f" from {' or '.join(self.peers)}" if self.peers else "")


def concerns(rule: Rule, connection: Connection) -> bool:
    """Say whether a rule speaks of the connection's port, for whomever."""
    return (
        rule.enabled
        and rule.direction == "in"
        and rule.protocol in (None, 6)
        and bool(rule.profiles & set(connection.profiles))
        and _has_port(rule.ports, connection.port)
        and not rule.remote_ports
        and (rule.program in ("", "system") or (not connection.kernel and bool(rule.ports)))
    )


def closes(before: t.Sequence[Rule], after: t.Sequence[Rule], connection: Connection) -> bool:
    """Say whether rules that let the connection in have become rules that may not."""
    if any(_blocks(rule, connection) for rule in after if rule not in before):
        return True
    return any(
        _narrower(_scope(before, connection, profile), _scope(after, connection, profile), connection)
        for profile in connection.profiles
    )


def open_profiles(rules: t.Sequence[Rule], connection: Connection) -> list[str]:
    """Return the profiles in which some rule lets someone in on the connection's port."""
    return [profile for profile in connection.profiles if _scope(rules, connection, profile)]


def _scope(rules: t.Iterable[Rule], connection: Connection, profile: str) -> Scope:
    """Return from where the port is open; empty when it is closed."""
    opening = [
        rule for rule in rules if concerns(rule, connection) and profile in rule.profiles and rule.action != "block"
    ]
    return frozenset(item for rule in opening for item in (rule.remote or {EVERYONE}))


def _narrower(before: Scope, after: Scope, connection: Connection) -> bool:
    """Compare for the addresses that are known; when the rules knew none of them, nothing may be lost at all."""
    inside = [peer for peer in connection.peers if _holds(before, peer)]
    if inside:
        return not all(_holds(after, peer) for peer in inside)
    return EVERYONE not in after and not before <= after


def _blocks(rule: Rule, connection: Connection) -> bool:
    if rule.action != "block" or not concerns(rule, connection):
        return False
    if not rule.remote or not connection.peers:
        return True
    return any(_holds(rule.remote, peer) for peer in connection.peers) or any("-" not in item for item in rule.remote)


def _has_port(ports: frozenset[str], port: int) -> bool:
    ranges = [item.split("-") for item in ports if item[0].isdigit()]
    return not ports or any(int(low) <= port <= int(high) for low, high in ranges)


def _holds(scope: Scope, peer: str) -> bool:
    if EVERYONE in scope:
        return True
    address = ipaddress.ip_address(peer)
    for low, dash, high in (item.partition("-") for item in scope):
        if not dash:
            continue  # a keyword: only Windows knows what it means
        first, last = ipaddress.ip_address(low), ipaddress.ip_address(high)
        if first.version == address.version and first.packed <= address.packed <= last.packed:
            return True
    return False
