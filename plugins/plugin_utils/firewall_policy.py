# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a group policy says of Windows' firewall: it comes before what the server itself says.

The values are those of [MS-GPFAS] 2.2.3 and 2.2.4, below C(HKLM:\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall).
"""

from __future__ import annotations

import typing as t

from .firewall_rules import Rule, parse, wanted

PROFILE_KEYS = {"DomainProfile": "Domain", "PrivateProfile": "Private", "PublicProfile": "Public"}
RULES_KEY = "FirewallRules"
_ACTIONS = {0: "allow", 1: "block"}
Entry = t.Mapping[str, t.Any]
# Sub-key -> the properties that win_reg_stat returns for it.
Keys = t.Mapping[str, t.Mapping[str, t.Mapping[str, t.Any]]]


class Policy(t.NamedTuple):
    """What the policy decides; what it does not speak of is the server's own business."""

    rules: tuple[Rule, ...] = ()
    off: frozenset[str] = frozenset()  # profiles in which the firewall is off
    inbound: tuple[tuple[str, str], ...] = ()  # (profile, block or allow)
    alone: frozenset[str] = frozenset()  # profiles in which the server's own rules do not count

    def effective(self, rules: t.Iterable[Rule]) -> list[Rule]:
        """Return the rules that are in force when these are the server's own."""
        return [*(rule._replace(profiles=rule.profiles - self.alone) for rule in rules), *self.rules]


NO_POLICY = Policy()


def read(keys: Keys) -> Policy:
    """Read the keys of a policy; none of them, or empty ones, are no policy."""
    profiles = {PROFILE_KEYS[name]: values for name, values in keys.items() if name in PROFILE_KEYS}
    rules = (parse(str(value["value"])) for value in keys.get(RULES_KEY, {}).values())
    numbers = {
        name: {key.lower(): value["value"] for key, value in values.items()} for name, values in profiles.items()
    }
    return Policy(
        tuple(rule for rule in rules if rule is not None),
        frozenset(name for name, said in numbers.items() if said.get("enablefirewall") == 0),
        tuple((name, _ACTIONS[said["defaultinboundaction"]]) for name, said in numbers.items()
              if said.get("defaultinboundaction") in _ACTIONS),
        frozenset(name for name, said in numbers.items() if said.get("allowlocalpolicymerge") == 0),
    )  # fmt: skip


def overruled(policy: Policy, profiles: t.Sequence[str], inbound: str, entries: t.Sequence[Entry]) -> list[str]:
    """Return a sentence for everything that is wanted and that the policy decides otherwise.

    :param profiles: those in which the firewall shall be on, with ``inbound`` (block or allow) as its default action.
    :param entries: the wanted rules.
    :raises RuleError: a wanted rule cannot be made.
    """
    rules = [
        rule for rule in (wanted(entry, "") for entry in entries if entry.get("state") != "absent") if rule.enabled
    ]
    said = []
    if off := [name for name in profiles if name in policy.off]:
        said.append(f"A group policy turns the firewall off for {', '.join(off)}.")
    for name, action in policy.inbound:
        if name in profiles and action != inbound:
            said.append(f"A group policy makes {action} what no rule speaks of for {name}, not {inbound}.")
    for name in sorted(policy.alone):
        if idle := [rule.name for rule in rules if name in rule.profiles]:
            said.append(f"A group policy lets no rules but its own count for {name}: {', '.join(idle)} has no effect.")
    for block in policy.rules:
        if stopped := [rule.name for rule in rules if _stops(block, rule)]:
            said.append(f"The rule {block.name} of a group policy blocks what {', '.join(stopped)} lets through.")
    return said


def _stops(block: Rule, rule: Rule) -> bool:
    """Say whether a rule of the policy blocks something that another one allows: blocking wins."""
    return (
        block.enabled
        and block.action == "block"
        and rule.action == "allow"
        and block.direction == rule.direction
        and bool(block.profiles & rule.profiles)
        and (block.protocol is None or rule.protocol is None or block.protocol == rule.protocol)
        and _overlap(block.ports, rule.ports)
        and _overlap(block.remote_ports, rule.remote_ports)
        and block.program in ("", rule.program)
    )


def _overlap(some: frozenset[str], others: frozenset[str]) -> bool:
    """Compare ports: numbers by their ranges, words as they are, and no ports are all of them."""
    if not some or not others or some & others:
        return True
    ranges = [[tuple(map(int, item.split("-"))) for item in ports if item[0].isdigit()] for ports in (some, others)]
    return any(low <= high2 and low2 <= high for low, high in ranges[0] for low2, high2 in ranges[1])
