# SPDX-License-Identifier: GPL-3.0-or-later
"""Define, configure, start, stop and delete services."""

from __future__ import annotations

import typing as t

from lab.windows import accounts, service_view
from lab.windows.errors import WindowsError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.services import Service

NAMES = ("ansible.windows.win_service",)

# Options that are the wanted value of what the view shows under the same name.
_PLAIN = (
    "description",
    "display_name",
    "error_control",
    "failure_actions_on_non_crash_failure",
    "failure_command",
    "failure_reboot_msg",
    "failure_reset_period_sec",
    "load_order_group",
    "pre_shutdown_timeout_ms",
    "required_privileges",
    "service_type",
    "sid_info",
    "start_mode",
)
_UNHANDLED = "Unhandled exception while executing module: "
_LOGON_NAMES = {
    accounts.SYSTEM: "LocalSystem",
    accounts.LOCAL_SERVICE: "NT AUTHORITY\\LocalService",
    accounts.NETWORK_SERVICE: "NT AUTHORITY\\NetworkService",
}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring a service to a state."""
    service = machine.services.find(params["name"])
    before = service_view.view(machine, service) if service else None
    if params["state"] == "absent":
        return _absent(machine, service, before, params, context)
    if service is None and not _wants_something(params):
        return {"exists": False}
    created = service is None
    if service is None:
        service = _create(machine, params, context)
    if service is None:  # check mode: it would be made
        after = {key: params.get(key) for key in (*_PLAIN, "path", "state", "dependencies", "username")}
        return _result(machine, None, after | {"name": params["name"]}, {"before": "", "after": after}, True)
    current = service_view.view(machine, service)
    wanted = current | _wanted(machine, params, current)
    changed = created or wanted != current
    renewed = bool(params["password"]) and (created or params["update_password"] in ("always",))
    if not context.check_mode:
        _apply(machine, service, current, wanted)
    if _set_state(machine, service, params, context):
        changed = True
        wanted["state"] = {"restarted": "started"}.get(params["state"], params["state"])
    return _result(machine, service, wanted, {"before": before or "", "after": wanted}, changed or renewed)


def _wants_something(params: Params) -> bool:
    ignored = ("name", "state", "dependency_action", "desktop_interact", "force_dependent_services", "update_password")
    given = any(value is not None for key, value in params.items() if key not in ignored)
    return given or params["state"] is not None or params["desktop_interact"] or params["dependency_action"] != "set"


def _absent(machine: Machine, service: Service | None, before: t.Any, params: Params, context: ModuleContext) -> Result:
    if service is None:
        return {"exists": False}
    if not context.check_mode:
        _stop(machine, service, params["force_dependent_services"])
        machine.services.delete(service.name)
    return {"exists": False, "changed": True, "diff": {"before": before, "after": ""}}


def _create(machine: Machine, params: Params, context: ModuleContext) -> Service | None:
    if params["path"] is None:
        raise ModuleError(f"Service '{params['name']}' is not installed, need to set 'path' to create a new service")
    if context.check_mode:
        return None
    path = machine.expand(params["path"], context.user)
    return machine.services.create(params["name"], path)


def _wanted(machine: Machine, params: Params, current: dict[str, t.Any]) -> dict[str, t.Any]:
    wanted = {key: params[key] for key in _PLAIN if params[key] is not None}
    for key in ("description", "failure_command", "failure_reboot_msg"):
        if wanted.get(key) == "":
            wanted[key] = None
    for key in ("start_mode", "service_type", "sid_info", "error_control"):
        if key in wanted:
            wanted[key] = wanted[key].lower()
    if wanted.get("required_privileges") and set(wanted["required_privileges"]) == set(current["required_privileges"]):
        del wanted["required_privileges"]
    if "failure_reset_period_sec" in wanted:
        wanted["failure_reset_period_sec"] = int(str(wanted["failure_reset_period_sec"]), 0)  # hexadecimal too
    if params["path"]:
        wanted["path"] = machine.expand(params["path"])
    if params["failure_actions"] is not None:
        wanted["failure_actions"] = [
            {"type": a["type"], "delay_ms": int(a["delay_ms"])} for a in params["failure_actions"]
        ]
    wanted["dependencies"] = _dependencies(params, current["dependencies"])
    wanted["desktop_interact"] = params["desktop_interact"]
    if params["username"]:
        try:
            wanted["username"] = service_view.account(machine, params["username"])
        except WindowsError as exc:
            text = f'Exception calling "Translate" with "1" argument(s): "{accounts.UNTRANSLATED}"'
            raise ModuleError(_UNHANDLED + text) from exc
    if wanted["desktop_interact"] and wanted.get("username", current["username"]) != "NT AUTHORITY\\SYSTEM":
        raise ModuleError("Can only set 'desktop_interact' to true when 'username' equals 'SYSTEM'")
    return wanted


def _dependencies(params: Params, current: list[str]) -> list[str]:
    given = params["dependencies"]
    if given is None:
        return current
    action = params["dependency_action"]
    if action == "remove":
        return [name for name in current if name not in given]
    kept = current if action == "add" else [name for name in current if name in given]
    return kept + [name for name in given if name not in kept]


def _apply(machine: Machine, service: Service, current: dict[str, t.Any], wanted: dict[str, t.Any]) -> None:
    changes = {key: value for key, value in wanted.items() if value != current[key]}
    machine.services.configure(
        service.name,
        path=changes.get("path"),
        display_name=changes.get("display_name"),
        description=(changes["description"] or "") if "description" in changes else None,
        start_mode=changes.get("start_mode"),
        account=_logon_name(changes.get("username")),
        dependencies=changes.get("dependencies"),
    )
    write = machine.registry.set
    if "error_control" in changes:
        write(service.key, "ErrorControl", service_view.ERROR_CONTROL.index(changes["error_control"]))
    if {"service_type", "desktop_interact"} & changes.keys():
        kind = next(number for number, name in service_view.TYPES.items() if name == wanted["service_type"])
        write(service.key, "Type", kind | (service_view.INTERACTIVE if wanted["desktop_interact"] else 0))
    if {"failure_actions", "failure_reset_period_sec"} & changes.keys():
        actions = service_view.encode_actions(int(wanted["failure_reset_period_sec"]), wanted["failure_actions"])
        write(service.key, "FailureActions", actions)
    if "sid_info" in changes:
        number = next(key for key, name in service_view.SID_INFO.items() if name == changes["sid_info"])
        write(service.key, "ServiceSidType", number)
    for key, value in (
        ("failure_command", "FailureCommand"),
        ("failure_reboot_msg", "RebootMessage"),
        ("load_order_group", "Group"),
        ("required_privileges", "RequiredPrivileges"),
        ("pre_shutdown_timeout_ms", "PreshutdownTimeout"),
        ("failure_actions_on_non_crash_failure", "FailureActionsOnNonCrashFailures"),
    ):
        if key in changes:
            data = changes[key]
            write(service.key, value, int(data) if isinstance(data, bool | int) else data if data is not None else "")


def _logon_name(account: str | None) -> str | None:
    if account is None:
        return None
    if account in _LOGON_NAMES:
        return _LOGON_NAMES[account]
    domain, _, name = account.partition("\\")
    return account if domain == "NT SERVICE" else f".\\{name}"


def _set_state(machine: Machine, service: Service, params: Params, context: ModuleContext) -> bool:
    state = params["state"]
    running = service.state == "Running"
    if state == "paused" and service.state != "Paused":
        raise ModuleError(f"failed to pause service {service.name}: The service does not support pausing")
    due = state == "restarted" or (state == "started" and not running) or (state == "stopped" and running)
    if not due or context.check_mode:
        return due
    if state in ("restarted", "stopped"):
        _stop(machine, service, params["force_dependent_services"])
    if state in ("restarted", "started"):
        start(machine, service)
    return True


def start(machine: Machine, service: Service) -> None:
    """Start a service, or fail as Start-Service does."""
    try:
        machine.services.start(service.name)
    except WindowsError as exc:
        raise ModuleError(
            f"{_UNHANDLED}Service '{service.display_name} ({service.name})' cannot be started due to the following "
            f"error: Cannot start service {service.name} on computer '.'.",
            exception=str(exc),
        ) from exc


def _stop(machine: Machine, service: Service, force: bool) -> None:
    if service.state == "Stopped":
        return
    try:
        machine.services.stop(service.name, force=force)
    except WindowsError as exc:
        raise ModuleError(
            f"{_UNHANDLED}Cannot stop service '{service.display_name} ({service.name})' because it has dependent "
            "services. It can only be stopped if the Force flag is set."
        ) from exc


def _result(
    machine: Machine, service: Service | None, after: dict[str, t.Any], diff: dict[str, t.Any], changed: bool
) -> Result:
    shown = ("dependencies", "description", "desktop_interact", "display_name", "name", "path", "start_mode")
    state = (after.get("state") or "stopped").replace("_", "")
    username = after.get("username")
    return {key: after.get(key) for key in shown} | {
        "exists": True,
        "changed": changed,
        "username": "LocalSystem" if username == "NT AUTHORITY\\SYSTEM" else username,
        "state": "running" if state in ("started", "restarted") else state,
        "can_pause_and_continue": False if service else None,
        "depended_by": [one.name for one in machine.services.dependents(service.name)] if service else [],
        "diff": diff,
    }
