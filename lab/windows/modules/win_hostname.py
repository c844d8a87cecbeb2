# SPDX-License-Identifier: GPL-3.0-or-later
"""Rename the computer."""

from __future__ import annotations

import re

from lab.windows.machine import TCPIP, Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_hostname",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Rename it; the name is in force after a reboot."""
    current = str(machine.registry.data(TCPIP, "Hostname", machine.name))
    name = params["name"]
    result: Result = {"old_name": current, "reboot_required": False, "diff": {"before": current, "after": name}}
    if name.lower() == current.lower():
        return result
    if not re.fullmatch(r"(?!\d+$)[A-Za-z0-9-]{1,63}", name):
        raise ModuleError(
            f"Failed to rename computer to '{name}': Skip computer '{machine.name}' with new name '{name}' because the "
            "new name is not valid.",
            **result,
        )
    if not context.check_mode:
        machine.rename(name)
    return result | {"changed": True, "reboot_required": True}
