# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for a port, a file, or a text in a file."""

from __future__ import annotations

import re
import time
import typing as t

from lab.windows import ports
from lab.windows.errors import NetworkError, UnsupportedError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_wait_for",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Wait until it is so, or fail after ``timeout`` seconds."""
    _check(params)
    started = time.monotonic()
    time.sleep(params["delay"] or 0)
    if params["path"] is None and params["port"] is None:
        time.sleep(params["timeout"])
        return {"elapsed": time.monotonic() - started, "wait_attempts": 0}
    condition, text = _file(machine, params) if params["path"] is not None else _port(machine, params)
    attempts = 0
    deadline = time.monotonic() + params["timeout"]
    while time.monotonic() < deadline:
        attempts += 1
        if condition():
            return {"elapsed": time.monotonic() - started, "wait_attempts": attempts}
        time.sleep(params["sleep"])
    raise ModuleError(text, elapsed=time.monotonic() - started, wait_attempts=attempts)


def _check(params: Params) -> None:
    port, path, state = params["port"], params["path"], params["state"]
    if port is not None and path is not None:
        raise ModuleError("port and path parameter can not both be passed to win_wait_for", elapsed=0)
    if params["exclude_hosts"] is not None and state != "drained":
        raise ModuleError("exclude_hosts should only be with state=drained", elapsed=0)
    if path is not None and state in ("stopped", "drained"):
        raise ModuleError(
            f"state={state} should only be used for checking a port in the win_wait_for module", elapsed=0
        )
    if port is not None and params["regex"] is not None:
        raise ModuleError("regex should by used when checking a string in a file in the win_wait_for module", elapsed=0)
    if state == "drained":
        raise UnsupportedError("win_wait_for: state drained (the lab has no table of connections)")


Condition = tuple[t.Callable[[], bool], str]


def _file(machine: Machine, params: Params) -> Condition:
    path, regex = params["path"], params["regex"]
    present = params["state"] in ("present", "started")

    def there() -> bool:
        if not machine.files.exists(path):
            return False
        return regex is None or bool(re.search(regex, machine.files.read_text(path), re.IGNORECASE))

    if regex is None:
        text = f"timeout while waiting for file {path} to be {'present' if present else 'absent'}"
    else:
        text = f"timeout while waiting for string regex {regex} in file {path} to {'match' if present else 'not match'}"
    return (there if present else lambda: not there()), text


def _port(machine: Machine, params: Params) -> Condition:
    host, port = params["host"], params["port"]
    listening = params["state"] in ("present", "started")

    def answers() -> bool:
        if host in ("127.0.0.1", "localhost", "::1"):
            return port in ports.listening(machine)
        try:
            machine.network.connect(host, port, float(params["connect_timeout"]))
        except NetworkError:
            return False
        return True

    verb = "start" if listening else "stop"
    text = f"timeout while waiting for {host}:{port} to {verb} listening"
    return (answers if listening else lambda: not answers()), text
