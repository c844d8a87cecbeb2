# SPDX-License-Identifier: GPL-3.0-or-later
"""Env:, Variable: and Function:."""

from __future__ import annotations

import fnmatch

from lab.powershell.convert import to_string
from lab.powershell.providers.base import Provider
from lab.powershell.scope import Undefined
from lab.powershell.values import PSObject, Value


class EnvironmentProvider(Provider):
    """The environment of the process."""

    name = "Environment"

    def find(self, path: str, literal: bool) -> list[PSObject]:
        """Variables by name."""
        return [
            PSObject("System.Collections.DictionaryEntry", {"Name": name, "Key": name, "Value": value})
            for name, value in self.shell.environment.items()
            if fnmatch.fnmatchcase(name.casefold(), path.casefold() or "*")
        ]

    def children(self, path: str) -> list[PSObject]:
        """Every variable."""
        return self.find(path, literal=False)

    def set(self, path: str, value: Value) -> None:
        """Change a variable of the process."""
        self.shell.set_variable(f"env:{path}", to_string(value))

    def remove(self, path: str, recurse: bool, force: bool, literal: bool) -> None:
        """Forget variables of the process."""
        found = self.find(path, literal)
        if not found:
            raise self.missing(path)
        for one in found:
            self.shell.environment.pop(to_string(one.properties["Name"]))


class VariableProvider(Provider):
    """PowerShell's own variables."""

    name = "Variable"

    def find(self, path: str, literal: bool) -> list[PSObject]:
        """A variable by name, perhaps with its scope."""
        try:
            value = self.shell.scopes.get(path)
        except Undefined:
            return []
        return [PSObject("System.Management.Automation.PSVariable", {"Name": path.rpartition(":")[2], "Value": value})]

    def set(self, path: str, value: Value) -> None:
        """Change a variable."""
        self.shell.scopes.set(path, value)


class FunctionProvider(Provider):
    """Functions that the script defined."""

    name = "Function"

    def find(self, path: str, literal: bool) -> list[PSObject]:
        """A function by name."""
        known = path in self.shell.functions
        return [PSObject("System.Management.Automation.FunctionInfo", {"Name": path}, text=path)] if known else []
