# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of an exec manifest: become, async, module, file transfer."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from lab.ansible import async_jobs, transfer
from lab.types import Completed
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.machine import Machine
from lab.windows.shares import NOBODY, Credentials
from lab.windows.users import SYSTEM_SID, WELL_KNOWN

if t.TYPE_CHECKING:
    from lab.ansible.bootstrap import Action, Manifest


@dataclasses.dataclass(frozen=True)
class Step:
    """An action and what is known when its turn comes."""

    machine: Machine
    manifest: Manifest
    position: int
    user: str
    network: Credentials = NOBODY

    @property
    def action(self) -> Action:
        """Give this step's action."""
        return self.manifest.actions[self.position]

    def following(self, user: str = "", network: Credentials | None = None) -> Completed:
        """Run the rest of the chain, as another user when one is given, and as somebody else for other servers."""
        step = dataclasses.replace(
            self, position=self.position + 1, user=user or self.user, network=network or self.network
        )
        if step.position >= len(self.manifest.actions):
            raise UnsupportedError(f"{self.action.name} is the last action of an exec manifest")
        return run_step(step)


def run(machine: Machine, manifest: Manifest, user: str) -> Completed:
    """Run a manifest's actions."""
    if not manifest.actions:
        raise UnsupportedError("an exec manifest without actions")
    return run_step(Step(machine, manifest, 0, user))


def run_step(step: Step) -> Completed:
    """Run one action.

    :raises UnsupportedError: the lab has none of that name.
    """
    handler = _HANDLERS.get(step.action.name)
    if handler is None:
        raise UnsupportedError(f"the action '{step.action.name}' of ansible-core's exec manifest")
    return handler(step)


def error(message: str) -> Completed:
    """Give what the exec wrapper prints for an error in a wrapper."""
    text = json.dumps({"failed": True, "msg": f"failure during exec_wrapper: {message}", "exception": message})
    return Completed(1, text.encode() + b"\r\n")


def _become(step: Step) -> Completed:
    user = str(step.action.params.get("BecomeUser") or "SYSTEM")
    unknown = set(step.action.params) - {"BecomeUser", "LogonType", "LogonFlags"}
    if unknown:
        raise UnsupportedError(f"become_wrapper.ps1 -{', -'.join(sorted(unknown))}")
    if WELL_KNOWN.get(user.lower(), "").startswith("S-1-5-1") or user.lower() in ("localservice", "networkservice"):
        if not step.machine.users.is_administrator(step.user):
            return error("Failed to get token for NT AUTHORITY\\SYSTEM required for become as a service account")
        return step.following("SYSTEM" if WELL_KNOWN.get(user.lower()) == SYSTEM_SID else user)
    password = step.action.secure_params.get("BecomePassword")
    if step.action.params.get("LogonType") == "NewCredentials":
        # The same user here; other servers are shown the other one, whom nobody checks before.
        return step.following(network=(user, str(password or "")))
    if step.machine.users.find(user) is None:
        return error(_logon_failure(user))
    if password and not step.machine.users.authenticate(user, str(password)):
        return error(_logon_failure(user))
    if not password and not step.machine.users.is_administrator(step.user):
        return error(_logon_failure(user))
    return step.following(step.machine.users.get(user).name, (user, str(password)) if password else None)


def _logon_failure(user: str) -> str:
    return (
        f'Exception calling "CreateProcessAsUser" with "9" argument(s): "Failed to logon {user} '
        '(The user name or password is incorrect, Win32ErrorCode 1326 - 0x0000052E)"'
    )


def _module(step: Step) -> Completed:
    from lab.ansible.modules import run as run_module

    return run_module(step)


def _transfer(function: t.Callable[[Machine, dict[str, t.Any], tuple[str, ...], str], Completed]) -> t.Any:
    def handler(step: Step) -> Completed:
        try:
            return function(step.machine, step.action.params, step.manifest.input_lines, step.user)
        except WindowsError as exc:
            return error(str(exc))

    return handler


def _watchdog(step: Step) -> Completed:
    raise UnsupportedError("async_watchdog.ps1 without async_wrapper.ps1")


_HANDLERS: dict[str, t.Callable[[Step], Completed]] = {
    "become_wrapper.ps1": _become,
    "async_wrapper.ps1": async_jobs.start,
    "async_watchdog.ps1": _watchdog,
    "module_wrapper.ps1": _module,
    "winrm_put_file.ps1": _transfer(transfer.put_file),
    "psrp_put_file.ps1": _transfer(transfer.put_file),
    "winrm_fetch_file.ps1": _transfer(transfer.fetch_file),
    "psrp_fetch_file.ps1": _transfer(transfer.psrp_fetch_file),
    "powershell_mkdtemp.ps1": _transfer(transfer.mkdtemp),
    "powershell_expand_user.ps1": _transfer(transfer.expand_user),
}
