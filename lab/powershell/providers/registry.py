# SPDX-License-Identifier: GPL-3.0-or-later
"""HKLM:\\ and HKCU:\\."""

from __future__ import annotations

import fnmatch
import typing as t

from lab.powershell.convert import to_int, to_string
from lab.powershell.errors import CmdletError
from lab.powershell.providers.base import Provider
from lab.powershell.values import PSObject, Value, listify
from lab.windows.registry import LONG_NAMES, Data

if t.TYPE_CHECKING:
    from lab.powershell.registry import Call

KINDS = ("String", "ExpandString", "MultiString", "DWord", "QWord", "Binary")


class RegistryProvider(Provider):
    """Registry keys; their values are properties."""

    name = "Registry"

    @property
    def registry(self) -> t.Any:
        """The registry as the script's user sees it."""
        return self.machine.registry_as(self.shell.user)

    def kind(self, path: str) -> str:
        """Every key is a container."""
        return "Container"

    def find(self, path: str, literal: bool) -> list[PSObject]:
        """Keys at a path; wildcards only in the last part."""
        parent, _, last = path.rstrip("\\").rpartition("\\")
        if not literal and any(char in last for char in "*?"):
            names = [name for name in self.registry.subkeys(parent) if fnmatch.fnmatchcase(name.lower(), last.lower())]
            return [self._item(f"{parent}\\{name}") for name in names]
        return [self._item(path)] if self.registry.key_exists(path) else []

    def children(self, path: str) -> list[PSObject]:
        """Sub-keys."""
        if not self.registry.key_exists(path):
            raise self.missing(self._shown(path))
        return [self._item(f"{path}\\{name}") for name in self.registry.subkeys(path)]

    def new(self, path: str, call: Call) -> PSObject:
        """A key; without -Force the one above must be there."""
        if self.registry.key_exists(path) and not call.flag("Force"):
            raise CmdletError("A key in this path already exists.", "ResourceExists", "System.IO.IOException", path)
        parent = path.rstrip("\\").rpartition("\\")[0]
        if not self.registry.key_exists(parent) and not call.flag("Force"):
            raise CmdletError(
                "The registry key at the specified path does not exist.", "InvalidArgument", "System.ArgumentException"
            )
        if self.registry.key_exists(path):
            self.registry.delete_key(path)  # -Force replaces the key, with all that was in it
        self.registry.create_key(path)
        if "Value" in call:
            self.registry.set(path, "", to_string(call["Value"]))
        return self._item(path)

    def remove(self, path: str, recurse: bool, force: bool, literal: bool) -> None:
        """Delete keys."""
        found = self.find(path, literal)
        if not found:
            raise self.missing(self._shown(path))
        for item in found:
            key = to_string(item.properties["PSPath"]).partition("::")[2]
            if self.registry.subkeys(key) and not recurse:
                raise self.has_children(key)
            self.registry.delete_key(key)

    def values(self, path: str) -> PSObject:
        """A key's values as properties.

        Raises:
            CmdletError: no such key.
        """
        if not self.registry.key_exists(path):
            raise self.missing(self._shown(path))
        properties: dict[str, Value] = {
            name or "(default)": self._read(value) for name, value in self.registry.values(path).items()
        }
        properties |= {"PSPath": self._long(path), "PSChildName": path.rpartition("\\")[2]}
        return PSObject("System.Management.Automation.PSCustomObject", properties)

    def write(self, path: str, name: str, value: Value, kind: str = "") -> None:
        """Set one value, keeping the type of an existing one unless told.

        Raises:
            CmdletError: no such key.
        """
        if not self.registry.key_exists(path):
            raise self.missing(self._shown(path))
        bare = "" if name.casefold() == "(default)" else name
        known = self.registry.get(path, bare)
        chosen = kind or (known.kind if known else "")
        self.registry.set(path, bare, _data(value, chosen), chosen or None)

    def delete_value(self, path: str, name: str) -> None:
        """Remove one value.

        Raises:
            CmdletError: no such key or value.
        """
        if not self.registry.delete_value(path, name):
            message = f"Property {name} does not exist at path {self._shown(path)}."
            raise CmdletError(message, "InvalidArgument", "System.Management.Automation.PSArgumentException", name)

    def _read(self, value: t.Any) -> Value:
        if value.kind == "ExpandString":
            return self.machine.expand(str(value.data), self.shell.user)
        return value.data

    def _item(self, path: str) -> PSObject:
        long = self._long(path)
        values = self.registry.values(path)
        return PSObject(
            "Microsoft.Win32.RegistryKey",
            {
                "Name": long.partition("::")[2],
                "PSChildName": path.rstrip("\\").rpartition("\\")[2],
                "PSPath": long,
                "Property": list(values),
                "SubKeyCount": len(self.registry.subkeys(path)),
                "ValueCount": len(values),
            },
            {"GetValue": lambda name, default=None: self.registry.data(path, to_string(name), default)},
        )

    def _long(self, path: str) -> str:
        head, _, rest = path.partition("\\")
        hive = LONG_NAMES.get(head.rstrip(":").upper(), head)
        return f"Registry::{hive}\\{rest}".rstrip("\\")

    def _shown(self, path: str) -> str:
        head, _, rest = path.partition("\\")
        return f"{head}:\\{rest}" if head.upper() in LONG_NAMES else path


def _data(value: Value, kind: str) -> Data:
    if kind in ("DWord", "QWord"):
        return to_int(value)
    if kind == "MultiString":
        return [to_string(item) for item in listify(value)]
    if kind == "Binary":
        return value if isinstance(value, bytes) else bytes(to_int(item) for item in listify(value))
    if kind or not isinstance(value, (int, bytes, list)):
        return to_string(value)
    if isinstance(value, list):
        return [to_string(item) for item in value]
    return int(value) if isinstance(value, bool) else value
