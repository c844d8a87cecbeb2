# SPDX-License-Identifier: GPL-3.0-or-later
"""User data of Windows instances: ``<powershell>``, ``<persist>``."""

from __future__ import annotations

import re
import typing as t

from lab.windows.errors import UnsupportedError

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

REBOOT = 3010  # exit code: restart, then run the script again
MOST_RERUNS = 5
_RERUNS = "user_data_reruns"  # in Machine.extras
_TAG = re.compile(r"<(\w+)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)


class UserData(t.NamedTuple):
    """What the tags say."""

    script: str
    persist: bool = False


def parse(data: bytes) -> UserData:
    """Take user data apart.

    Raises:
        UnsupportedError: batch scripts, YAML tasks, or tags that the lab does not know.
    """
    text = data.decode("utf-8-sig", errors="replace")
    # A script may contain text in angle brackets: the outermost tags count.
    found = {match[1].lower(): match[2] for match in _TAG.finditer(text)}
    unknown = set(found) - {"powershell", "persist", "powershellarguments"}
    if unknown or "powershell" not in found:
        raise UnsupportedError(f"user data without <powershell> or with {', '.join(sorted(unknown)) or text[:40]!r}")
    if found.get("powershellarguments", "").strip():
        raise UnsupportedError("<powershellArguments> in user data")
    return UserData(found["powershell"].strip("\r\n"), found.get("persist", "").strip().lower() == "true")


def of(machine: Machine) -> UserData | None:
    """The user data of the instance that the machine runs as; None when it has none."""
    metadata = machine.metadata
    return parse(metadata.user_data) if metadata is not None and metadata.user_data.strip() else None


def wants_rerun(machine: Machine) -> bool:
    """Say whether the last run asked to be run again after a restart."""
    return bool(machine.extras.get(_RERUNS))


def run(machine: Machine, data: UserData, user: str, log: t.Callable[[str], None]) -> int:
    """Run the script; gives its exit code. Its output goes to the agent's log and, when it failed, to the lab's too."""
    from lab.powershell import run_script

    log("User data script execution started")
    done = run_script(machine, data.script, b"", user)
    for stream in (done.stdout, done.stderr):
        for line in stream.decode(errors="replace").splitlines():
            log(line)
    log(f"User data script execution ended with exit code {done.rc}")
    if done.rc == REBOOT:
        _rerun(machine, log)
        return REBOOT
    machine.extras.pop(_RERUNS, None)
    if done.rc:
        machine.log(f"user data ended with exit code {done.rc}: {done.stderr.decode(errors='replace').strip()[-600:]}")
    return done.rc


def _rerun(machine: Machine, log: t.Callable[[str], None]) -> None:
    count = machine.extras.get(_RERUNS, 0) + 1
    if count > MOST_RERUNS:
        log(f"User data asked for more than {MOST_RERUNS} restarts")
        machine.extras.pop(_RERUNS)
        return
    machine.extras[_RERUNS] = count
    machine.power("reboot", 0.0)
