# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry: keys without case, typed values."""

from __future__ import annotations

import dataclasses
import typing as t

from lab.windows.errors import UnsupportedError, WindowsError

Data = t.Union[str, int, bytes, t.List[str], None]  # noqa: UP006, UP007 - evaluated at run time

HIVES: dict[str, str] = {
    "hklm": "HKLM",
    "hkey_local_machine": "HKLM",
    "hku": "HKU",
    "hkey_users": "HKU",
    "hkcu": "HKCU",
    "hkey_current_user": "HKCU",
    "hkcr": "HKCR",
    "hkey_classes_root": "HKCR",
    "hkcc": "HKCC",
    "hkey_current_config": "HKCC",
}
LONG_NAMES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKU": "HKEY_USERS",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKCC": "HKEY_CURRENT_CONFIG",
}
KINDS = ("String", "ExpandString", "MultiString", "DWord", "QWord", "Binary", "None")
DEFAULT_PROFILE = ".DEFAULT"


class Value(t.NamedTuple):
    """A value's type (.NET's RegistryValueKind) and data."""

    kind: str
    data: Data


@dataclasses.dataclass
class Key:
    """One key; sub-keys are other entries of the flat table."""

    path: str
    values: dict[str, tuple[str, Value]] = dataclasses.field(default_factory=dict)  # lower name -> (name, value)


class Registry:
    """All hives of a machine. A path may say ``HKLM:\\``, ``HKLM\\`` or ``HKEY_LOCAL_MACHINE\\``; case is free."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._user_hive = "HKU\\" + DEFAULT_PROFILE
        # Keys that only show what something else keeps.
        self._shown: dict[str, t.Callable[[], dict[str, Value]]] = {}
        self._shown_below: dict[str, t.Callable[[], list[str]]] = {}
        for hive in ("HKLM", "HKU", "HKCC"):
            self._keys[hive.lower()] = Key(hive)

    def show(self, path: str, values: t.Callable[[], dict[str, Value]]) -> None:
        """Make a key whose values are asked for each time; who writes there has missed the interface for it."""
        self._shown[self.create_key(path).lower()] = values

    def show_below(self, path: str, names: t.Callable[[], list[str]]) -> None:
        """Make a key whose sub-keys are asked for each time. They can be listed, not opened."""
        self._shown_below[self.create_key(path).lower()] = names

    def as_user(self, sid: str) -> Registry:
        """Give the same registry as a user sees it: ``HKCU`` is that user's hive."""
        view = Registry.__new__(Registry)
        view._keys = self._keys
        view._shown = self._shown
        view._shown_below = self._shown_below
        view._user_hive = f"HKU\\{sid}"
        return view

    def normalise(self, path: str) -> str:
        """Give the canonical path (``HKLM\\…``); HKCU and HKCR become the hives behind them.

        :raises WindowsError: the hive is unknown.
        """
        text = path.replace("/", "\\") if "\\" not in path else path
        if "::" in text:
            text = text.split("::", 1)[1]
        head, _, rest = text.partition("\\")
        hive = HIVES.get(head.rstrip(":").lower())
        if hive is None:
            raise WindowsError(87, message=f"'{path}' does not begin with a known registry hive")
        parts = [part for part in rest.split("\\") if part]
        root = {"HKCU": self._user_hive, "HKCR": "HKLM\\SOFTWARE\\Classes"}.get(hive, hive)
        return "\\".join([root, *parts])

    def key_exists(self, path: str) -> bool:
        """Say whether a key is there."""
        return self.normalise(path).lower() in self._keys

    def create_key(self, path: str) -> str:
        """Make a key and those above it; gives the canonical path."""
        full = self.normalise(path)
        parts = full.split("\\")
        for end in range(1, len(parts) + 1):
            part = "\\".join(parts[:end])
            self._keys.setdefault(part.lower(), Key(part))
        return full

    def delete_key(self, path: str, *, recursive: bool = True) -> bool:
        """Remove a key; says whether it was there.

        :raises WindowsError: code 5, it has sub-keys and ``recursive`` is false.
        """
        full = self.normalise(path).lower()
        if full not in self._keys:
            return False
        below = [key for key in list(self._keys) if key.startswith(full + "\\")]
        for key in (full, *below):
            self._refuse_shown(key)
        if below and not recursive:
            raise WindowsError(5, path)
        for key in [*below, full]:
            del self._keys[key]
        return True

    def rename_key(self, path: str, new_path: str) -> None:
        """Move a key with all below it to another path."""
        old, new = self.normalise(path), self.normalise(new_path)
        self.create_key(new)
        for lower in [key for key in list(self._keys) if key == old.lower() or key.startswith(old.lower() + "\\")]:
            key = self._keys.pop(lower)
            key.path = new + key.path[len(old) :]
            self._keys[key.path.lower()] = key

    def _refuse_shown(self, path: str) -> None:
        full = self.normalise(path).lower()
        if full in self._shown or full in self._shown_below or full.rpartition("\\")[0] in self._shown_below:
            raise UnsupportedError(f"writing to the registry key {path}, which only shows what is kept elsewhere")

    def subkeys(self, path: str) -> list[str]:
        """Give the names of the keys directly below, sorted; an absent key has none."""
        full = self.normalise(path).lower()
        if full in self._shown_below:
            return sorted(self._shown_below[full](), key=str.lower)
        prefix = full + "\\"
        below = [key for key in list(self._keys) if key.startswith(prefix) and "\\" not in key[len(prefix) :]]
        found = [entry for entry in map(self._keys.get, below) if entry is not None]
        return sorted((entry.path.rpartition("\\")[2] for entry in found), key=str.lower)

    def values(self, path: str) -> dict[str, Value]:
        """Give a key's values by name (``""`` is the default value); an absent key has none."""
        full = self.normalise(path).lower()
        if full in self._shown:
            return self._shown[full]()
        key = self._keys.get(full)
        return dict(list(key.values.values())) if key else {}

    def get(self, path: str, name: str = "") -> Value | None:
        """Give one value, or None."""
        full = self.normalise(path).lower()
        if full in self._shown:
            return {shown.lower(): value for shown, value in self._shown[full]().items()}.get(name.lower())
        key = self._keys.get(full)
        entry = key.values.get(name.lower()) if key else None
        return entry[1] if entry else None

    def data(self, path: str, name: str = "", default: t.Any = None) -> t.Any:
        """Give the data of one value, or the default."""
        value = self.get(path, name)
        return default if value is None else value.data

    def set(self, path: str, name: str, data: Data, kind: str | None = None) -> Value:
        """Write a value, making its key; without ``kind`` the data decides (as New-ItemProperty does).

        :raises WindowsError: code 87, unknown kind or data that the kind cannot hold.
        """
        value = Value(kind or _kind_of(data), data)
        _check(value, name)
        self._refuse_shown(path)
        key = self._keys[self.create_key(path).lower()]
        kept = key.values.get(name.lower())
        key.values[name.lower()] = (kept[0] if kept else name, value)
        return value

    def delete_value(self, path: str, name: str) -> bool:
        """Remove a value; says whether it was there."""
        self._refuse_shown(path)
        key = self._keys.get(self.normalise(path).lower())
        return bool(key and key.values.pop(name.lower(), None))


def _kind_of(data: Data) -> str:
    if isinstance(data, int):
        return "DWord"
    if isinstance(data, bytes):
        return "Binary"
    return "MultiString" if isinstance(data, list) else "String"


def _check(value: Value, name: str) -> None:
    wanted: dict[str, type] = {
        "String": str,
        "ExpandString": str,
        "MultiString": list,
        "DWord": int,
        "QWord": int,
        "Binary": bytes,
        "None": bytes,
    }
    if value.kind not in wanted:
        raise WindowsError(87, message=f"'{value.kind}' is not a registry value kind")
    if not isinstance(value.data, wanted[value.kind]):
        raise WindowsError(87, message=f"The value '{name}' of kind {value.kind} cannot hold {value.data!r}")
    if value.kind == "DWord" and isinstance(value.data, int) and not 0 <= value.data < 1 << 32:
        raise WindowsError(87, message=f"The value '{name}' does not fit into a DWord: {value.data}")
