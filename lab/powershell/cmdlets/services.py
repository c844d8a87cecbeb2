# SPDX-License-Identifier: GPL-3.0-or-later
"""Services."""

from __future__ import annotations

import fnmatch
import typing as t

from lab.powershell.convert import to_string
from lab.powershell.errors import CmdletError
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import PSObject, Value, listify
from lab.windows.errors import WindowsError
from lab.windows.services import Service

_NAME = P("Name", "string[]", 0, pipeline=True, aliases=("ServiceName",))
_INPUT = P("InputObject", "object")
_START_TYPES = {"Automatic": "auto", "AutomaticDelayedStart": "delayed", "Manual": "manual", "Disabled": "disabled"}


def item(call: Call, service: Service) -> PSObject:
    """A service as scripts see it; methods act on the model."""
    modes = {"auto": "Automatic", "delayed": "Automatic", "manual": "Manual", "disabled": "Disabled"}
    services = call.machine.services
    return PSObject(
        "System.ServiceProcess.ServiceController",
        {
            "Name": service.name,
            "ServiceName": service.name,
            "DisplayName": service.display_name,
            "Status": service.state,
            "StartType": modes.get(service.start_mode, service.start_mode.capitalize()),
            "CanStop": service.state == "Running",
        },
        {
            "Start": lambda: services.start(service.name),
            "Stop": lambda: services.stop(service.name),
            "Refresh": lambda: None,
            "WaitForStatus": lambda status, timeout=None: None,
        },
        text=service.name,
    )


def _chosen(call: Call) -> t.Iterator[Service]:
    """The services that the call names; an unknown one is reported."""
    services = call.machine.services
    names = [to_string(name) for name in listify(call.get("Name", call.get("InputObject", [])))]
    for name in [*names, *call.texts("DisplayName")]:
        found = [one for one in services.all() if fnmatch.fnmatchcase(one.name.casefold(), name.casefold())]
        found = found or [
            one for one in services.all() if fnmatch.fnmatchcase(one.display_name.casefold(), name.casefold())
        ]
        if not found and not any(char in name for char in "*?["):
            message = f"Cannot find any service with service name '{name}'."
            call.error(CmdletError(message, "ObjectNotFound", "NoServiceFoundForGivenName", name))
        yield from found


@cmdlet("Get-Service", _NAME, P("DisplayName", "string[]"), _INPUT)
def get_service(call: Call) -> t.Iterable[Value]:
    """Services by name, or all of them."""
    everything = "Name" not in call and "DisplayName" not in call
    for service in call.machine.services.all() if everything else _chosen(call):
        yield item(call, service)


def _act(name: str, verb: str, action: t.Callable[[Call, Service], None]) -> None:
    @cmdlet(
        name,
        _NAME,
        P("DisplayName", "string[]"),
        _INPUT,
        P("Force", SWITCH),
        P("PassThru", SWITCH),
        P("NoWait", SWITCH),
    )
    def run(call: Call) -> t.Iterable[Value]:
        for service in _chosen(call):
            try:
                action(call, service)
            except WindowsError as exc:
                who = f"'{service.display_name} ({service.name})'"
                text = f"Service {who} cannot be {verb} due to the following error: {exc}"
                call.error(CmdletError(text, "OpenError", f"CouldNot{name.replace('-', '')}", service.name))
                continue
            if call.flag("PassThru"):
                yield item(call, service)


def _restart(call: Call, service: Service) -> None:
    running = [one.name for one in call.machine.services.dependents(service.name) if one.state == "Running"]
    if running and not call.flag("Force"):
        raise WindowsError(1051, service.name)
    call.machine.services.restart(service.name)


_act("Start-Service", "started", lambda call, service: call.machine.services.start(service.name))
_act(
    "Stop-Service", "stopped", lambda call, service: call.machine.services.stop(service.name, force=call.flag("Force"))
)
_act("Restart-Service", "restarted", _restart)


@cmdlet(
    "Set-Service",
    P("Name", "string[]", 0, pipeline=True, required=True),
    P("StartupType", choices=tuple(_START_TYPES), aliases=("StartMode", "StartType")),
    P("Status", choices=("Running", "Stopped")),
    P("DisplayName"),
    P("Description"),
    P("PassThru", SWITCH),
)
def set_service(call: Call) -> t.Iterable[Value]:
    """Change a service's definition or state."""
    services = call.machine.services
    for name in call.texts("Name"):
        service = services.find(name)
        if service is None:
            message = f"Service {name} was not found on computer '.'."
            call.error(CmdletError(message, "ObjectNotFound", "InvalidOperationException", name))
            continue
        services.configure(
            service.name,
            start_mode=_START_TYPES[call.text("StartupType")] if "StartupType" in call else None,
            display_name=call.text("DisplayName") if "DisplayName" in call else None,
            description=call.text("Description") if "Description" in call else None,
        )
        if call.text("Status") == "Running":
            services.start(service.name)
        elif call.text("Status") == "Stopped":
            services.stop(service.name)
        if call.flag("PassThru"):
            yield item(call, service)


@cmdlet(
    "New-Service",
    P("Name", "string", 0, required=True),
    P("BinaryPathName", "string", 1, required=True),
    P("DisplayName"),
    P("Description"),
    P("StartupType", choices=tuple(_START_TYPES)),
    P("DependsOn", "string[]"),
)
def new_service(call: Call) -> t.Iterable[Value]:
    """Define a service."""
    made = call.machine.services.create(
        call.text("Name"),
        call.text("BinaryPathName"),
        display_name=call.text("DisplayName"),
        description=call.text("Description"),
        start_mode=_START_TYPES[call.text("StartupType", "Automatic")],
        dependencies=call.texts("DependsOn"),
    )
    return [item(call, made)]
