# SPDX-License-Identifier: GPL-3.0-or-later
"""sc.exe: query, start, stop, create, config, delete."""

from __future__ import annotations

from lab.types import Completed
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.programs.base import Invocation, done

_STATES = {"Stopped": 1, "Running": 4, "Paused": 7}
_START = {"auto": "auto", "delayed-auto": "delayed", "demand": "manual", "disabled": "disabled"}
_VERBS = {"query": "OpenService", "start": "StartService", "stop": "ControlService", "delete": "OpenService"}


def main(call: Invocation) -> Completed:
    """One command of the service manager; its error codes are the exit codes."""
    if len(call.arguments) < 2:
        raise UnsupportedError(f"sc.exe {' '.join(call.arguments)}")
    verb, name, *options = call.arguments
    try:
        return _run(call, verb.lower(), name, options)
    except WindowsError as exc:
        return done(f"[SC] {_VERBS.get(verb.lower(), 'OpenService')} FAILED {exc.code}:\n\n{exc}.\n", exc.code)


def _run(call: Invocation, verb: str, name: str, options: list[str]) -> Completed:
    services = call.machine.services
    if verb == "query":
        state = services.get(name).state
        return done(f"\nSERVICE_NAME: {name}\n        STATE              : {_STATES[state]}  {state.upper()}\n")
    if verb == "start":
        if services.get(name).state == "Running":
            raise WindowsError(1056)
        services.start(name)
        return done(f"\nSERVICE_NAME: {name}\n        STATE              : 2  START_PENDING\n")
    if verb == "stop":
        if services.get(name).state != "Running":
            raise WindowsError(1062)
        services.stop(name)
        return done(f"\nSERVICE_NAME: {name}\n        STATE              : 3  STOP_PENDING\n")
    if verb == "delete":
        services.delete(name)
        return done("[SC] DeleteService SUCCESS\n")
    if verb in ("create", "config"):
        return _define(call, verb, name, options)
    raise UnsupportedError(f"sc.exe {verb}")


def _define(call: Invocation, verb: str, name: str, options: list[str]) -> Completed:
    values: dict[str, str] = {}
    words = list(options)
    while words:
        option, sign, value = words.pop(0).partition("=")
        if not sign or option.lower() not in ("binpath", "start", "displayname", "obj", "depend"):
            raise UnsupportedError(f"sc.exe {verb} {option}{sign}{value}")
        values[option.lower()] = value or words.pop(0)
    services = call.machine.services
    if verb == "create":
        services.create(name, values["binpath"], start_mode="manual")
    services.get(name)
    services.configure(
        name,
        path=values.get("binpath"),
        display_name=values.get("displayname"),
        start_mode=_START[values["start"].lower()] if "start" in values else None,
        account=values.get("obj"),
        dependencies=values["depend"].split("/") if "depend" in values else None,
    )
    return done(f"[SC] {'CreateService' if verb == 'create' else 'ChangeServiceConfig'} SUCCESS\n")
