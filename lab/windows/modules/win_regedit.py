# SPDX-License-Identifier: GPL-3.0-or-later
"""Write and delete registry keys and values."""

from __future__ import annotations

import re
import typing as t

from lab.windows.errors import UnsupportedError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.modules.win_reg_stat import PATH
from lab.windows.registry import Data, Registry, Value

NAMES = ("ansible.windows.win_regedit",)

_KINDS = {
    "none": "None",
    "binary": "Binary",
    "dword": "DWord",
    "expandstring": "ExpandString",
    "multistring": "MultiString",
    "string": "String",
    "qword": "QWord",
}
_LIMITS = {"dword": 0xFFFFFFFF, "qword": 0xFFFFFFFFFFFFFFFF}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring a key or value to a state."""
    path = params["path"]
    if not PATH.match(path):
        raise ModuleError(f"path: {path} is not a valid powershell path, see module documentation for examples.")
    if params["hive"]:
        raise UnsupportedError("win_regedit: hive (a registry hive in a file)")
    registry = machine.registry_as(context.user)
    name = params["name"] or ""
    result = {"data_changed": False, "data_type_changed": False}
    if params["state"] == "absent":
        return result | _absent(registry, path, name, params["delete_key"], context)
    data = convert(params["data"], params["type"].lower(), name)
    return result | _present(registry, path, name, data, _KINDS[params["type"].lower()], context)


def _absent(registry: Registry, path: str, name: str, delete_key: bool, context: ModuleContext) -> Result:
    if not registry.key_exists(path):
        return {}
    if delete_key and not name:
        if not context.check_mode:
            registry.delete_key(path)
        return {"changed": True, "diff": {"before": {path: {}}, "after": {}}}
    value = registry.get(path, name)
    if value is None:
        return {}
    if not context.check_mode:
        registry.delete_value(path, name)
    return {"changed": True, "diff": {"before": {path: {name: _shown(value)}}, "after": {path: {}}}}


def _present(registry: Registry, path: str, name: str, data: Data, kind: str, context: ModuleContext) -> Result:
    result: Result = {}
    before: dict[str, t.Any] = {path: {}}
    after: dict[str, t.Any] = {path: {}}
    if not registry.key_exists(path):
        result["changed"] = True
        before = {}
        if context.check_mode:
            return result | {"diff": {"before": before, "after": after}}
        registry.create_key(path)
    if data is None:
        return result | {"diff": {"before": before, "after": after}}
    wanted = Value(kind, data)
    current = registry.get(path, name)
    if current is not None:
        before.setdefault(path, {})[name] = _shown(current)
        result["data_type_changed"] = current.kind != kind
        result["data_changed"] = current.data != data
    after[path][name] = _shown(wanted)
    if current != wanted:
        result["changed"] = True
        if not context.check_mode:
            registry.set(path, name, data, kind)
    return result | {"diff": {"before": before, "after": after}}


def convert(data: t.Any, kind: str, name: str) -> Data:
    """Convert the option's value to what the registry keeps; None leaves the value alone.

    :raises ModuleError: the type cannot hold it.
    """
    if kind in ("binary", "none"):
        return _bytes(data)
    if kind in _LIMITS:
        return _number(data, kind)
    if kind == "multistring":
        return [] if data is None else [_string(item) for item in (data if isinstance(data, list) else [data])]
    return ("" if name else None) if data is None else _string(data)


def _string(value: t.Any) -> str:
    return str(value)


def _number(data: t.Any, kind: str) -> int:
    if isinstance(data, float) and data % 1:
        raise ModuleError(
            f"data '{data}' cannot be a decimal or float value with a remainder when type is dword or qword"
        )
    try:
        number = int(data if data is not None else 0) if not isinstance(data, str) else int(data.strip(), 0)
    except ValueError as exc:
        text = (
            f'Cannot convert value "{data}" to type "System.UInt64". Error: "Input string was not in a correct format."'
        )
        raise ModuleError(f"Unhandled exception while executing module: {text}") from exc
    if number > _LIMITS[kind]:
        raise ModuleError(f"data cannot be larger than {_LIMITS[kind]:#x} when type is {kind}")
    return number & _LIMITS[kind]


def _bytes(data: t.Any) -> bytes:
    if isinstance(data, list):
        return bytes(int(str(item), 0) for item in data)
    if isinstance(data, int):
        if data > 255:
            raise ModuleError(
                f"cannot convert binary data '{data}' to byte array, please specify this value as a yaml byte array "
                "or a comma separated hex value string"
            )
        return bytes([data])
    text = re.sub(r"[^a-f0-9,:]", "", re.sub(r"^hex:", "", str(data or "").lower()))
    parts = re.split(r"[,:]+", text) if re.search(r"[,:]", text) else re.findall("..?", text)
    return bytes(int(part, 16) for part in parts if part)


def _shown(value: Value) -> dict[str, t.Any]:
    data = value.data
    if isinstance(data, bytes):
        return {"type": value.kind, "value": [f"0x{byte:02x}" for byte in data]}
    if value.kind == "DWord":
        return {"type": value.kind, "value": f"0x{data:08x}"}
    if value.kind == "QWord":
        return {"type": value.kind, "value": f"0x{data:016x}"}
    return {"type": value.kind, "value": data}
