# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the Windows licence."""

from __future__ import annotations

from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, Params, Result

NAMES = ("ansible.windows.win_product_facts",)

# The volume licence keys that Microsoft publishes for activation against a key server, as EC2 uses them.
_KEYS = {
    "2016": "CB7KF-BWN84-R7R2Y-793K2-8XDDG",
    "2019": "WMDGN-G9PQG-XVVXX-R3X43-63DFG",
    "2022": "WX4NM-KYWYW-QJJR4-XV3QB-6VM33",
    "2025": "D764K-2NDRG-47T6Q-P8T8W-YP6DF",
}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give the facts."""
    release = machine.version.key
    facts = {
        "ansible_os_product_id": "00454-60000-00001-AA763",
        "ansible_os_product_key": _KEYS[release],
        "ansible_os_license_edition": "Windows(R), ServerDatacenter edition",
        "ansible_os_license_channel": "Volume:GVLK",
        "ansible_os_license_status": "Licensed",
    }
    return {"ansible_facts": facts}
