# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at services."""

from __future__ import annotations

import fnmatch
import typing as t

from lab.windows import service_triggers
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, Params, Result
from lab.windows.service_view import view
from lab.windows.services import Service

NAMES = ("ansible.windows.win_service_info",)

# What Windows reports for a plain service that runs, and for one that does not.
_RUNNING: dict[str, t.Any] = {"controls_accepted": ["shutdown", "stop"], "win32_exit_code": 0}
_STOPPED: dict[str, t.Any] = {"controls_accepted": [], "win32_exit_code": 1077}
_SAME: dict[str, t.Any] = {
    "checkpoint": 0,
    "launch_protection": "none",
    "preferred_node": None,
    "service_exit_code": 0,
    "service_flags": [],
    "wait_hint_ms": 0,
}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give the services that a name (or a pattern) fits, or all."""
    found = _find(machine, params["name"])
    return {"exists": bool(found), "services": [describe(machine, service) for service in found]}


def describe(machine: Machine, service: Service) -> dict[str, t.Any]:
    """Give everything about one service."""
    more = _RUNNING if service.state == "Running" else _STOPPED
    return (
        _SAME
        | more
        | view(machine, service)
        | {
            "dependency_of": [one.name for one in machine.services.dependents(service.name)],
            "process_id": service.process_id,
            "triggers": service_triggers.read(machine.registry, service),
        }
    )


def _find(machine: Machine, name: str | None) -> list[Service]:
    if name is None:
        return machine.services.all()
    exact = machine.services.find(name)
    if exact is not None:
        return [exact]
    pattern = name.lower()
    wild = [one for one in machine.services.all() if fnmatch.fnmatchcase(one.name.lower(), pattern)]
    return wild if any(char in name for char in "*?[") else []
