# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables: dynamic scopes, and the drives that variables can name (``$env:X``, ``$global:X``)."""

from __future__ import annotations

import typing as t

from lab.powershell.errors import UnsupportedPowerShell
from lab.powershell.values import CaseDict, Value

CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}
PREFERENCES: dict[str, str] = {
    "ErrorActionPreference": "Continue",
    "ProgressPreference": "Continue",
    "VerbosePreference": "SilentlyContinue",
    "DebugPreference": "SilentlyContinue",
    "WarningPreference": "Continue",
    "InformationPreference": "SilentlyContinue",
    "ConfirmPreference": "High",
}


class Undefined(Exception):  # noqa: N818 - a look-up that found nothing
    """There is no such variable."""


class Scopes:
    """A stack of scopes; reading looks outwards, writing stays inside."""

    def __init__(self, initial: t.Mapping[str, Value]) -> None:
        self._stack = [CaseDict(initial.items())]

    def push(self, variables: t.Mapping[str, Value] | None = None) -> None:
        """Enter a function or script block."""
        self._stack.append(CaseDict((variables or {}).items()))

    def pop(self) -> None:
        """Leave it."""
        self._stack.pop()

    def get(self, name: str) -> Value:
        """The value of a variable, perhaps with a scope before its name.

        Raises:
            Undefined: it was never set.
        """
        drive, _, bare = name.rpartition(":")
        if not drive and bare.casefold() in CONSTANTS:
            return CONSTANTS[bare.casefold()]
        for scope in self._candidates(drive):
            if bare in scope:
                return scope[bare]
        raise Undefined(name)

    def set(self, name: str, value: Value) -> None:
        """Set a variable in the current scope, or in the one its name says."""
        drive, _, bare = name.rpartition(":")
        if not drive and bare.casefold() in CONSTANTS:
            if bare.casefold() == "null":
                return
            raise UnsupportedPowerShell(f"an assignment to ${name}")
        self._candidates(drive or "local")[0][bare] = value

    def exists(self, name: str) -> bool:
        """Say whether a variable is set."""
        try:
            self.get(name)
        except Undefined:
            return False
        return True

    def remove(self, name: str) -> bool:
        """Forget a variable of the current scope."""
        drive, _, bare = name.rpartition(":")
        scope = self._candidates(drive or "local")[0]
        known = bare in scope
        scope.pop(bare)
        return known

    def _candidates(self, drive: str) -> list[CaseDict]:
        kind = drive.casefold().removeprefix("variable:")
        if kind in ("", "variable"):
            return self._stack[::-1]
        if kind in ("global", "script"):
            # A script's own scope is the outermost one here: nothing the lab runs calls another script by a dot.
            return [self._stack[0]]
        if kind in ("local", "private"):
            return [self._stack[-1]]
        raise UnsupportedPowerShell(f"the variable drive ${drive}:")
