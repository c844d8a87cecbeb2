# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at a registry key or value."""

from __future__ import annotations

import re
import typing as t

from lab.windows import account_registry
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.registry import Value

NAMES = ("ansible.windows.win_reg_stat",)

PATH = re.compile(r"HK(CC|CR|CU|LM|U):\\", re.IGNORECASE)
_TYPES = {
    "Binary": "REG_BINARY",
    "String": "REG_SZ",
    "DWord": "REG_DWORD",
    "QWord": "REG_QWORD",
    "MultiString": "REG_MULTI_SZ",
    "ExpandString": "REG_EXPAND_SZ",
    "None": "REG_NONE",
}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give one value, or the values and sub-keys of a key."""
    path, name = params["path"], params["name"]
    if not PATH.match(path):
        raise ModuleError(f"path: {path} is not a valid registry path, see module documentation for examples.")
    registry = machine.registry_as(context.user)
    if account_registry.closed_to(registry, path, machine.user_sid(context.user)):
        raise ModuleError(
            'Unhandled exception while executing module: Exception calling "OpenSubKey" with "2" argument(s): '
            '"Requested registry access is not allowed."'
        )
    if not registry.key_exists(path):
        return {"exists": False}
    if name is not None:
        value = registry.get(path, name)
        return {"exists": False} if value is None else {"exists": True} | _describe(machine, value, context.user)
    properties = {key: _describe(machine, value, context.user) for key, value in registry.values(path).items()}
    return {"exists": True, "properties": properties, "sub_keys": registry.subkeys(path)}


def _describe(machine: Machine, value: Value, user: str) -> Result:
    data: t.Any = value.data
    raw: t.Any = data
    if isinstance(data, bytes):
        data = list(data)
        raw = [f"0x{byte:02x}" for byte in data]
    elif value.kind == "ExpandString":
        data = machine.expand(str(data), user)
    return {"type": _TYPES[value.kind], "value": data, "raw_value": raw}
