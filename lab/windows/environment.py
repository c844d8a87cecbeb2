# SPDX-License-Identifier: GPL-3.0-or-later
"""Environment variables: a view over the registry, as Windows keeps them."""

from __future__ import annotations

import re

from lab.windows.registry import Registry

MACHINE_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"
_REFERENCE = re.compile(r"%([^%]+)%")


class Environment:
    """The machine's variables, and each user's."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def get(self, name: str, sid: str = "") -> str | None:
        """Give a machine variable unexpanded (a user's with ``sid``), or None."""
        data = self._registry.data(_key(sid), name)
        return data if isinstance(data, str) else None

    def set(self, name: str, value: str, sid: str = "", *, expand: bool | None = None) -> None:
        """Write a variable; with a ``%`` in it (or ``expand``) as REG_EXPAND_SZ."""
        expanding = "%" in value if expand is None else expand
        self._registry.set(_key(sid), name, value, "ExpandString" if expanding else "String")

    def delete(self, name: str, sid: str = "") -> bool:
        """Remove a variable; says whether it was there."""
        return self._registry.delete_value(_key(sid), name)

    def all(self, sid: str = "") -> dict[str, str]:
        """Give a block's variables by name, unexpanded."""
        return {name: str(value.data) for name, value in self._registry.values(_key(sid)).items()}

    def block(self, user: str, profile: str, sid: str, computer_name: str) -> dict[str, str]:
        """Give what a user's new process sees, expanded: the machine's variables, then the user's (PATH joined)."""
        result = {
            "SystemDrive": "C:",
            "SystemRoot": "C:\\Windows",
            "ProgramData": "C:\\ProgramData",
            "ALLUSERSPROFILE": "C:\\ProgramData",
            "ProgramFiles": "C:\\Program Files",
            "ProgramFiles(x86)": "C:\\Program Files (x86)",
            "ProgramW6432": "C:\\Program Files",
            "CommonProgramFiles": "C:\\Program Files\\Common Files",
            "PUBLIC": "C:\\Users\\Public",
            "COMPUTERNAME": computer_name,
            "USERNAME": user,
            "USERDOMAIN": computer_name,
            "USERPROFILE": profile,
            "HOMEDRIVE": "C:",
            "HOMEPATH": profile[2:],
            "APPDATA": profile + "\\AppData\\Roaming",
            "LOCALAPPDATA": profile + "\\AppData\\Local",
        }
        logon = {name: result[name] for name in ("USERNAME", "USERPROFILE")}
        for name, value in self.all().items():
            result[_existing(result, name)] = _expand(value, result)
        result.update(logon)
        for name, value in self.all(sid).items() if sid else ():
            text = _expand(value, result)
            if name.lower() == "path" and result.get(_existing(result, name)):
                text = result[_existing(result, name)].rstrip(";") + ";" + text
            result[_existing(result, name)] = text
        return result


def _existing(block: dict[str, str], name: str) -> str:
    return next((known for known in block if known.lower() == name.lower()), name)


def _key(sid: str) -> str:
    return f"HKU\\{sid}\\Environment" if sid else MACHINE_KEY


def _expand(text: str, block: dict[str, str]) -> str:
    folded = {name.lower(): value for name, value in block.items()}
    return _REFERENCE.sub(lambda match: folded.get(match[1].lower(), match[0]), text)


def expand(text: str, block: dict[str, str]) -> str:
    """Replace ``%NAME%`` by the block's values; an unknown name stays as it is, as in Windows."""
    return _expand(text, block)
