# SPDX-License-Identifier: GPL-3.0-or-later
"""Install and remove roles and features."""

from __future__ import annotations

import typing as t

from lab.windows.errors import WindowsError
from lab.windows.features import Feature
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_feature",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring features to a state; a removed payload needs a source."""
    present = params["state"] == "present"
    if present and params["source"] and not machine.files.exists(params["source"]):
        raise ModuleError(f"Failed to find source path {params['source']} for feature install")
    try:
        changed, restart, code = _install(machine, params, context) if present else _remove(machine, params, context)
    except WindowsError as exc:
        raise ModuleError(f"Failed to {'' if present else 'un'}install Windows Feature: {exc}") from exc
    return {
        "changed": bool(changed),
        "feature_result": [_describe(feature, restart) for feature in changed],
        "success": True,
        "exitcode": code,
        "reboot_required": restart,
        "failed": False,
    }


Outcome = tuple[t.Sequence[Feature], bool, str]


def _install(machine: Machine, params: Params, context: ModuleContext) -> Outcome:
    below, tools = params["include_sub_features"], params["include_management_tools"]
    if context.check_mode:
        # What -WhatIf says: nothing is looked up on the disk, and a restart is not known yet.
        planned = machine.features.plan_install(params["name"], subfeatures=below, tools=tools)
        return planned, False, "Success" if planned else "NoChangeNeeded"
    result = machine.install_features(params["name"], subfeatures=below, tools=tools, source=bool(params["source"]))
    return result.changed, result.restart_needed, result.exit_code


def _remove(machine: Machine, params: Params, context: ModuleContext) -> Outcome:
    tools = params["include_management_tools"]
    if context.check_mode:
        planned = machine.features.plan_remove(params["name"], tools=tools)
        return planned, False, "Success" if planned else "NoChangeNeeded"
    result = machine.remove_features(params["name"], tools=tools)
    return result.changed, result.restart_needed, result.exit_code


def _describe(feature: Feature, restart: bool) -> dict[str, t.Any]:
    text = "You must restart this server to finish the process."
    return {
        "id": feature.id,
        "display_name": feature.display_name,
        "message": [{"message_type": "Warning", "error_code": None, "text": text}] if restart else [],
        "reboot_required": restart,
        "skip_reason": "NotSkipped",
        "success": True,
    }
