# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather facts."""

from __future__ import annotations

import typing as t

from lab.windows import facts
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, Params, Result

NAMES = ("ansible.windows.setup",)

GROUPS: dict[str, tuple[str, ...]] = {
    "min": ("date_time", "distribution", "dns", "env", "local", "platform", "powershell_version", "user"),
    "network": ("all_ipv4_addresses", "all_ipv6_addresses", "interfaces", "windows_domain", "winrm"),
    "hardware": ("bios", "memory", "processor", "uptime", "virtual"),
    "external": ("facter",),
}
ALL = frozenset(name for names in GROUPS.values() for name in names)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give ``ansible_facts`` of the wanted subsets."""
    found: dict[str, t.Any] = {"gather_subset": params["gather_subset"], "module_setup": True}
    for name in sorted(_subsets(params["gather_subset"], context)):
        found |= facts.gather(machine, name, context.user)
    if params["fact_path"]:
        found |= facts.local(machine, params["fact_path"], context)
    return {"ansible_facts": found}


def _subsets(wanted: t.Iterable[str], context: ModuleContext) -> set[str]:
    explicit: set[str] = set()
    excluded: set[str] = set()
    for item in wanted:
        name = item.removeprefix("!")
        members = set(ALL) if name == "all" else set(GROUPS.get(name, {name} & ALL))
        if item.startswith("!"):
            excluded |= members - set(GROUPS["min"]) if name == "all" else members
        elif members:
            explicit |= members
        else:
            context.warn(f"invalid value {item} specified in gather_subset")
    return (set(ALL) - excluded) | explicit
