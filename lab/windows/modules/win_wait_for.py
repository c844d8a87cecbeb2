# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for a port, a file, or a text in a file."""

from __future__ import annotations

import re
import time
import typing as t

from lab.timings import LONGEST_SLEEP
from lab.windows import ports
from lab.windows.errors import NetworkError, UnsupportedError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_wait_for",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Wait until it is so, or fail after ``timeout`` seconds."""
    _check(params)
    watch = _Watch()
    watch.sleep(params["delay"] or 0)
    if params["path"] is None and params["port"] is None and params["state"] != "drained":
        watch.sleep(params["timeout"])
        return {"elapsed": watch.elapsed(), "wait_attempts": 0}
    condition, text = _condition(machine, params)
    attempts = 0
    deadline = time.monotonic() + params["timeout"]
    while time.monotonic() < deadline:
        attempts += 1
        if condition():
            return {"elapsed": watch.elapsed(), "wait_attempts": attempts}
        # What is waited for is done by others, in their own time: look as often as Windows would, or more often.
        time.sleep(min(params["sleep"], LONGEST_SLEEP))
    raise ModuleError(text, elapsed=watch.elapsed(), wait_attempts=attempts)


class _Watch:
    """Seconds as the guest counts them: a sleep that the lab cuts short counts in full."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep, but never for long."""
        short = min(seconds, LONGEST_SLEEP)
        time.sleep(short)
        self._started -= seconds - short

    def elapsed(self) -> float:
        """Give the seconds since it was made."""
        return time.monotonic() - self._started


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


Condition = tuple[t.Callable[[], bool], str]


def _condition(machine: Machine, params: Params) -> Condition:
    if params["path"] is not None:
        return _file(machine, params)
    return _drained(machine, params) if params["state"] == "drained" else _port(machine, params)


def _drained(machine: Machine, params: Params) -> Condition:
    """Only WinRM is ever connected to in the lab, and who is connected there is not in the model."""
    host, port = params["host"], params["port"]
    if port is None or port in {listener.port for listener in machine.winrm.listeners()}:
        raise UnsupportedError(f"win_wait_for: state drained of port {port}: the lab has no table of connections")
    return lambda: True, f"timeout while waiting for {host}:{port} to drain"


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
