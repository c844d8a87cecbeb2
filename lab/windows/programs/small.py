# SPDX-License-Identifier: GPL-3.0-or-later
"""hostname.exe, whoami.exe, shutdown.exe."""

from __future__ import annotations

from lab.types import Completed
from lab.windows.errors import UnsupportedError
from lab.windows.programs.base import Invocation, done, failed

_SCHEDULED = "shutdown"  # in Machine.extras: the boot time of the boot that a shutdown was asked for


def hostname(call: Invocation) -> Completed:
    """Print the computer name."""
    if call.arguments:
        raise UnsupportedError(f"hostname.exe {' '.join(call.arguments)}")
    return done(call.machine.name)


def whoami(call: Invocation) -> Completed:
    """Print the user."""
    if call.arguments:
        raise UnsupportedError(f"whoami.exe {' '.join(call.arguments)}")
    user = call.machine.users.find(call.user)
    return done(f"{call.machine.name}\\{user.name}".lower() if user else "nt authority\\system")


def shutdown(call: Invocation) -> Completed:
    """Restart or shut down after a delay (30 seconds unless /t says otherwise)."""
    action, delay, abort = "", 30.0, False
    words = list(call.arguments)
    while words:
        word = words.pop(0).lower().replace("-", "/", 1)
        if word in ("/r", "/g"):
            action = "reboot"
        elif word in ("/s", "/p", "/sg"):
            action, delay = "shutdown", 0.0 if word == "/p" else delay
        elif word == "/t":
            delay = float(words.pop(0))
        elif word in ("/c", "/d"):
            words.pop(0)
        elif word == "/a":
            abort = True
        elif word != "/f":
            raise UnsupportedError(f"shutdown.exe {word}")
    if not call.elevated:
        return failed("Access is denied.(5)", 5)
    if abort:
        return _abort(call)
    if not action:
        raise UnsupportedError(f"shutdown.exe {' '.join(call.arguments)}")
    if _is_scheduled(call):
        return failed("A system shutdown has already been scheduled.(1190)", 1190)
    call.machine.extras[_SCHEDULED] = call.machine.boot_time
    call.machine.power(action, delay)
    return done()


def _is_scheduled(call: Invocation) -> bool:
    return bool(call.machine.extras.get(_SCHEDULED) == call.machine.boot_time)


def _abort(call: Invocation) -> Completed:
    if _is_scheduled(call):
        raise UnsupportedError("shutdown.exe /a: the lab cannot call a shutdown back")
    return failed("Unable to abort the system shutdown because no shutdown was in progress.(1116)", 1116)
