# SPDX-License-Identifier: GPL-3.0-or-later
"""A service as Ansible's modules show it, and the registry values behind."""

from __future__ import annotations

import struct
import typing as t

from lab.windows import accounts
from lab.windows.machine import Machine
from lab.windows.services import Service

INTERACTIVE = 0x100
TYPES = {0x10: "win32_own_process", 0x20: "win32_share_process", 0x50: "user_own_process", 0x60: "user_share_process"}
ERROR_CONTROL = ("ignore", "normal", "severe", "critical")
SID_INFO = {0: "none", 1: "unrestricted", 3: "restricted"}
ACTIONS = ("none", "restart", "reboot", "run_command")
DEFAULT_PRESHUTDOWN_MS = 180000
STATES = {"Running": "started", "Stopped": "stopped", "Paused": "paused"}


def account(machine: Machine, name: str) -> str:
    """Give an account as Windows writes it out.

    :raises WindowsError: there is no such account.
    """
    return accounts.translate(machine, name).name


def view(machine: Machine, service: Service) -> dict[str, t.Any]:
    """Give what win_service and win_service_info both show."""
    data = machine.registry.data
    kind = int(data(service.key, "Type", 0x10))
    reset, actions = decode_actions(data(service.key, "FailureActions"))
    return {
        "dependencies": service.dependencies,
        "description": service.description or None,
        "desktop_interact": bool(kind & INTERACTIVE),
        "display_name": service.display_name,
        "error_control": ERROR_CONTROL[int(data(service.key, "ErrorControl", 1))],
        "failure_actions": actions,
        "failure_actions_on_non_crash_failure": bool(data(service.key, "FailureActionsOnNonCrashFailures", 0)),
        "failure_command": data(service.key, "FailureCommand"),
        "failure_reboot_msg": data(service.key, "RebootMessage"),
        "failure_reset_period_sec": reset,
        "load_order_group": data(service.key, "Group", ""),
        "name": service.name,
        "path": machine.expand(service.path),
        "pre_shutdown_timeout_ms": int(data(service.key, "PreshutdownTimeout", DEFAULT_PRESHUTDOWN_MS)),
        "required_privileges": list(data(service.key, "RequiredPrivileges", [])),
        "service_type": TYPES.get(kind & ~INTERACTIVE, "win32_own_process"),
        "sid_info": SID_INFO[int(data(service.key, "ServiceSidType", 0))],
        "start_mode": service.start_mode,
        "state": STATES[service.state],
        "username": account(machine, service.account),
    }


def encode_actions(reset_seconds: int, actions: t.Sequence[t.Mapping[str, t.Any]]) -> bytes:
    """Give the binary form of failure actions in the registry."""
    head = struct.pack("<IIIII", reset_seconds, 0, 0, len(actions), 0x14)
    return head + b"".join(struct.pack("<II", ACTIONS.index(one["type"]), one["delay_ms"]) for one in actions)


def decode_actions(data: bytes | None) -> tuple[int, list[dict[str, t.Any]]]:
    """Read the binary form: the reset period in seconds, and the actions."""
    if not data:
        return 0, []
    reset, _, _, count, _ = struct.unpack_from("<IIIII", data)
    pairs = [struct.unpack_from("<II", data, 20 + 8 * index) for index in range(count)]
    return reset, [{"type": ACTIONS[kind], "delay_ms": delay} for kind, delay in pairs]
