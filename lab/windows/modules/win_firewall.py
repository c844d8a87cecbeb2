# SPDX-License-Identifier: GPL-3.0-or-later
"""Switch the firewall's profiles."""

from __future__ import annotations

from lab.windows.firewall import PROFILES
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, Params, Result

NAMES = ("ansible.windows.win_firewall",)

_ACTIONS = {"allow": "Allow", "block": "Block", "not_configured": "NotConfigured"}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring profiles to a state, and their default actions when the firewall is to be on."""
    wanted = params["state"].lower() == "enabled"
    considered = [name.capitalize() for name in params["profiles"]]
    result: Result = {
        "changed": False,
        "restart_required": False,
        "profiles": params["profiles"],
        "state": params["state"],
    }
    for name in PROFILES:
        profile = machine.firewall.profile(name)
        chosen = name in considered
        after = wanted if chosen else profile.enabled
        result[name] = {"enabled": after, "considered": chosen, "currentstate": int(profile.enabled)}
        inbound = outbound = None
        if chosen and wanted:
            inbound, outbound = (_ACTIONS.get(str(params[f"{way}_action"]).lower()) for way in ("inbound", "outbound"))
        changes = (after, inbound or profile.inbound, outbound or profile.outbound)
        if changes != (profile.enabled, profile.inbound, profile.outbound):
            result["changed"] = True
            if not context.check_mode:
                profile.enabled, profile.inbound, profile.outbound = changes
    return result
