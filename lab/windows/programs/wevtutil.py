# SPDX-License-Identifier: GPL-3.0-or-later
"""wevtutil.exe, as far as it lists event logs and clears them. A log is its file; an empty log is an empty file."""

from __future__ import annotations

from lab.types import Completed
from lab.windows.errors import UnsupportedError
from lab.windows.programs.base import Invocation, done, failed

DIRECTORY = "C:\\Windows\\System32\\winevt\\Logs"
_UNKNOWN_CHANNEL = 15007


def main(call: Invocation) -> Completed:
    """Run ``el`` (names of the logs) or ``cl`` (clear one)."""
    verb, *words = [word.lower() for word in call.arguments] or [""]
    logs = {node.name.removesuffix(".evtx").replace("%4", "/"): node for node in call.machine.files.list(DIRECTORY)}
    if verb in ("el", "enum-logs") and not words:
        return done("\n".join(sorted(logs, key=str.lower)))
    if verb not in ("cl", "clear-log") or len(words) != 1:
        raise UnsupportedError(f"wevtutil.exe {' '.join(call.arguments)}")
    if not call.elevated:
        return failed("Failed to clear log. Access is denied.", 5)
    node = next((node for name, node in logs.items() if name.lower() == words[0]), None)
    if node is None:
        return failed("Failed to clear log. The specified channel could not be found.", _UNKNOWN_CHANNEL)
    call.machine.files.write(node.path, b"")
    return done()
