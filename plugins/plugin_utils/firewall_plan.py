# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to change so that Windows' firewall has the rules that are wanted."""

from __future__ import annotations

import dataclasses
import typing as t

from . import firewall_connection
from .firewall_connection import Connection
from .firewall_policy import NO_POLICY, Policy
from .firewall_rules import Rule, parse, wanted

# Groups of Windows' own rules: what people call them, and the resource that is their name in the registry.
BUILT_IN_GROUPS = {
    "Core Networking": "@FirewallAPI.dll,-25000",
    "File and Printer Sharing": "@FirewallAPI.dll,-28502",
    "Network Discovery": "@FirewallAPI.dll,-32752",
    "Performance Logs and Alerts": "@FirewallAPI.dll,-34752",
    "Remote Desktop": "@FirewallAPI.dll,-28752",
    "Remote Event Log Management": "@FirewallAPI.dll,-29252",
    "Remote Scheduled Tasks Management": "@FirewallAPI.dll,-33252",
    "Remote Service Management": "@FirewallAPI.dll,-29502",
    "Remote Shutdown": "@FirewallAPI.dll,-36751",
    "Remote Volume Management": "@FirewallAPI.dll,-34501",
    "Windows Defender Firewall Remote Management": "@FirewallAPI.dll,-30002",
    "Windows Management Instrumentation (WMI)": "@FirewallAPI.dll,-34251",
    "Windows Remote Management": "@FirewallAPI.dll,-30267",
}
# Field of a rule -> what people call it.
_COMPARED = {
    "direction": "direction",
    "action": "action",
    "enabled": "enabled",
    "protocol": "protocol",
    "ports": "port",
    "remote_ports": "remote port",
    "remote": "remote addresses",
    "profiles": "profiles",
    "program": "program",
}
# Key of an entry -> field of a rule, and -> option of win_firewall_rule.
_FIELDS = {
    "port": "ports",
    "remote_port": "remote_ports",
    "remote": "remote",
    "profiles": "profiles",
    "program": "program",
    "protocol": "protocol",
    "direction": "direction",
    "action": "action",
    "description": "description",
}
_OPTIONS = {**{key: key for key in _FIELDS}, "port": "localport", "remote_port": "remoteport", "remote": "remoteip"}
Entry = dict[str, t.Any]


@dataclasses.dataclass
class Plan:
    """The changes, in the order in which they are made; every entry says why."""

    remake: list[Entry] = dataclasses.field(default_factory=list)  # to remove, and then to write
    write: list[Entry] = dataclasses.field(default_factory=list)  # rules as they shall be
    groups: list[Entry] = dataclasses.field(default_factory=list)  # groups as they shall be
    remove: list[Entry] = dataclasses.field(default_factory=list)
    kept: list[Entry] = dataclasses.field(default_factory=list)  # not listed any more, and yet needed
    problems: list[str] = dataclasses.field(default_factory=list)  # nothing may be done
    open_profiles: list[str] = dataclasses.field(default_factory=list)  # where the connection's port is open at the end

    def to_dict(self) -> Entry:
        """Return it as plain data."""
        return dataclasses.asdict(self)


class Guard(t.NamedTuple):
    """Ansible's own connection, if it comes through the firewall, and a policy that has a say in it."""

    connection: Connection | None
    policy: Policy

    def closes(self, before: t.Sequence[Rule], after: t.Sequence[Rule]) -> bool:
        """Say whether the connection may be cut when the server's own rules become others."""
        if not self.connection:
            return False
        return firewall_connection.closes(self.policy.effective(before), self.policy.effective(after), self.connection)

    def concerns(self, rule: Rule) -> bool:
        """Say whether one of the server's own rules speaks of the connection."""
        return self.connection is not None and firewall_connection.concerns(rule, self.connection)

    def open_profiles(self, rules: t.Sequence[Rule]) -> list[str]:
        """Return the profiles in which the connection's port is open to someone."""
        return (
            firewall_connection.open_profiles(self.policy.effective(rules), self.connection) if self.connection else []
        )


def make_plan(
    texts: t.Iterable[str],
    rules: t.Sequence[Entry],
    groups: t.Sequence[Entry],
    *,
    marker: str,
    exclusive: bool,
    connection: Connection | None,
    policy: Policy = NO_POLICY,
) -> Plan:
    """Compare the rules of the registry with those that are wanted.

    :param texts: the values of the registry key of the rules.
    :param marker: the group of the rules that the role makes.
    :param policy: what a group policy says; its rules may let the connection in, or keep those of the server from it.
    :raises RuleError: a wanted rule cannot be made.
    """
    now = [rule for rule in map(parse, texts) if rule is not None]
    plan = Plan(problems=[f"The firewall rule '{name}' is listed twice." for name in _twice(rules)])
    after = _plan_rules(plan, now, rules, marker)
    after = _plan_groups(plan, after, groups)
    guard = Guard(connection, policy)
    if guard.closes(now, after):
        plan.problems.append(_cut(now, after, guard))
    if exclusive:
        after = _plan_exclusive(plan, now, after, {entry["name"].lower() for entry in rules}, marker, guard)
    plan.open_profiles = guard.open_profiles(after)
    return plan


def _twice(entries: t.Sequence[Entry]) -> list[str]:
    names = [str(entry["name"]).lower() for entry in entries]
    return list(dict.fromkeys(str(entry["name"]) for entry in entries if names.count(str(entry["name"]).lower()) > 1))


def _plan_rules(plan: Plan, now: list[Rule], entries: t.Sequence[Entry], marker: str) -> list[Rule]:
    after = list(now)
    for entry in entries:
        rule = wanted(entry, marker)
        found = [one for one in now if one.name.lower() == rule.name.lower()]
        if entry.get("state") == "absent":
            shall_be: list[Rule] = []
            if found:
                plan.remove.append({"name": rule.name, "why": "it should not be there"})
        elif not found:
            shall_be = [rule]
            plan.write.append(_arguments(entry, rule, "it is missing"))
        elif all(one.group == marker for one in found):
            shall_be = [rule]
            _plan_ours(plan, found, entry, rule)
        else:
            shall_be = [_adapted(one, entry, rule) for one in found]
            if why := _differences(found, shall_be):
                plan.write.append(_only_given(_arguments(entry, rule, why), entry))
        after = [*(one for one in after if one not in found), *shall_be]
    return after


def _plan_ours(plan: Plan, found: list[Rule], entry: Entry, rule: Rule) -> None:
    """Bring back all that a rule of the role has; what cannot be changed in place is made anew."""
    why = _differences(found, [rule] * len(found))
    if why and any(one.protocol != rule.protocol or one.conditions for one in found):
        plan.remake.append({"name": rule.name, "why": why})
    if why:
        plan.write.append(_arguments(entry, rule, why))


def _adapted(theirs: Rule, entry: Entry, rule: Rule) -> Rule:
    """Give a rule that someone else made as it shall be: other only where the entry speaks of it."""
    given = {field: getattr(rule, field) for key, field in _FIELDS.items() if entry.get(key)}
    return theirs._replace(enabled=rule.enabled, **given)


def _only_given(arguments: Entry, entry: Entry) -> Entry:
    """Leave the rest of someone else's rule as it is, its group too."""
    silent = {_OPTIONS[key]: "" for key in _OPTIONS if not entry.get(key)}
    return {**arguments, **silent, "group": ""}


def _differences(found: t.Sequence[Rule], wanted_rules: t.Sequence[Rule]) -> str:
    """Say what of some rules is not as wanted; empty when all is."""
    said: list[str] = []
    for one, rule in zip(found, wanted_rules, strict=True):
        for field, title in _COMPARED.items():
            is_now, shall_be = getattr(one, field), getattr(rule, field)
            if is_now != shall_be:
                said.append(f"{title} is {_shown(is_now)}, not {_shown(shall_be)}")
        if rule.description and one.description != rule.description:
            said.append("the description is another")
        if one.conditions - rule.conditions:
            said.append(f"it has conditions of its own ({', '.join(sorted(one.conditions))})")
    return "; ".join(dict.fromkeys(said))


def _shown(value: t.Any) -> str:
    if isinstance(value, frozenset):
        return ",".join(sorted(_short(item) for item in value)) or "any"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "any" if value in (None, "") else str(value)


def _short(item: str) -> str:
    low, dash, high = item.partition("-")
    return low if dash and low == high else item


def _arguments(entry: Entry, rule: Rule, why: str) -> Entry:
    """Give a rule as the module win_firewall_rule takes it. ``any`` where nothing is said, so that it is put back."""
    ported = rule.protocol in (6, 17)
    return {
        "name": rule.name,
        "group": rule.group,
        "description": rule.description,
        "direction": rule.direction,
        "action": rule.action,
        "enabled": rule.enabled,
        "protocol": str(entry.get("protocol") or "tcp"),
        "localport": _listed(entry.get("port")) if ported else "",
        "remoteport": _listed(entry.get("remote_port")) if ported else "",
        "program": str(entry.get("program") or "any"),
        "remoteip": _listed(entry.get("remote")),
        "profiles": sorted(profile.lower() for profile in rule.profiles),
        "why": why,
    }


def _listed(value: t.Any) -> str:
    return ",".join(str(item) for item in value) if isinstance(value, list) and value else str(value or "any")


def _plan_groups(plan: Plan, now: list[Rule], entries: t.Sequence[Entry]) -> list[Rule]:
    after = list(now)
    for entry in entries:
        name = str(entry["name"])
        group = BUILT_IN_GROUPS.get(name, name)
        found = [rule for rule in after if rule.group.lower() == group.lower()]
        enabled = (entry.get("state") or "enabled") == "enabled"
        if not found:
            if enabled:
                plan.problems.append(f"There are no firewall rules of the group '{entry['name']}' on this server.")
            continue
        shall_be = {rule: _grouped(rule, entry, enabled) for rule in found}
        if why := _differences(list(shall_be), list(shall_be.values())):
            plan.groups.append(
                {
                    "name": entry["name"],
                    "group": group,
                    "enabled": enabled,
                    "remoteip": _listed(entry["remote"]) if entry.get("remote") else "",
                    "profiles": sorted(profile.lower() for profile in entry.get("profiles") or []),
                    "why": why,
                }
            )
            after = [shall_be.get(rule, rule) for rule in after]
    return after


def _grouped(rule: Rule, entry: Entry, enabled: bool) -> Rule:
    """Give a rule of a group as it shall be: only what the entry speaks of."""
    asked = wanted({**entry, "name": "a rule", "state": "present"}, rule.group)
    return rule._replace(
        enabled=enabled,
        remote=asked.remote if entry.get("remote") else rule.remote,
        profiles=asked.profiles if entry.get("profiles") else rule.profiles,
    )


def _plan_exclusive(
    plan: Plan, now: list[Rule], after: list[Rule], listed: set[str], marker: str, guard: Guard
) -> list[Rule]:
    """Remove the rules that carry the marker and are listed no more, except those that the connection needs."""
    others = {rule.name.lower() for rule in after if rule.group != marker}
    old = [r for r in after if r.group == marker and not r.built_in and r.name.lower() not in listed]
    keep = {r.name.lower(): "a rule of others has the same name" for r in old if r.name.lower() in others}
    if guard.closes(now, [rule for rule in after if rule not in old]):
        needed = [rule for rule in old if guard.concerns(rule)]
        keep |= {rule.name.lower(): f"this connection needs it ({guard.connection})" for rule in needed}
    for name in dict.fromkeys(rule.name for rule in old):
        why = keep.get(name.lower())
        entry = {"name": name, "why": why or "the role made it, and it is not listed any more"}
        (plan.kept if why else plan.remove).append(entry)
    return [rule for rule in after if rule not in old or rule.name.lower() in keep]


def _cut(now: list[Rule], after: list[Rule], guard: Guard) -> str:
    changed = [rule for rule in (*now, *after) if (rule in now) != (rule in after)]
    names = dict.fromkeys(rule.name for rule in changed if guard.concerns(rule))
    return f"{', '.join(names)}: would close {guard.connection}, which this connection uses."
