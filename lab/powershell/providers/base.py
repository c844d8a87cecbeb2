# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drive can do; what it cannot is an error that names it."""

from __future__ import annotations

import typing as t

from lab.powershell.errors import CmdletError, UnsupportedPowerShell
from lab.powershell.values import PSObject, Value

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter
    from lab.powershell.registry import Call


class Provider:
    """One kind of drive, for one running script."""

    name = ""

    def __init__(self, shell: Interpreter) -> None:
        self.shell = shell
        self.machine = shell.machine

    def exists(self, path: str, kind: str = "Any") -> bool:
        """Test-Path; ``kind`` is Any, Leaf or Container."""
        return bool(self.find(path, literal=False)) and kind in ("Any", self.kind(path))

    def kind(self, path: str) -> str:
        """Leaf or Container."""
        return "Leaf"

    def find(self, path: str, literal: bool) -> list[PSObject]:
        """The items at a path, with wildcards unless literal; nothing when there is none."""
        raise self._refuse("Get-Item")

    def children(self, path: str) -> list[PSObject]:
        """The items directly below.

        Raises:
            CmdletError: there is nothing at the path.
        """
        raise self._refuse("Get-ChildItem")

    def new(self, path: str, call: Call) -> PSObject:
        """New-Item."""
        raise self._refuse("New-Item")

    def remove(self, path: str, recurse: bool, force: bool, literal: bool) -> None:
        """Remove-Item."""
        raise self._refuse("Remove-Item")

    def set(self, path: str, value: Value) -> None:
        """Set-Item."""
        raise self._refuse("Set-Item")

    def missing(self, path: str) -> CmdletError:
        """The error for a path where nothing is."""
        return CmdletError(
            f"Cannot find path '{path}' because it does not exist.", "ObjectNotFound", "PathNotFound", path
        )

    @staticmethod
    def has_children(path: str) -> CmdletError:
        """The error for deleting a container without -Recurse: a console would ask, a session without one cannot."""
        return CmdletError(
            f"The item at {path} has children and the Recurse parameter was not specified. Windows PowerShell is in "
            "NonInteractive mode. Read and Prompt functionality is not available.",
            "InvalidOperation",
        )

    def _refuse(self, what: str) -> UnsupportedPowerShell:
        return UnsupportedPowerShell(f"{what} on the {self.name} provider", self.shell.line)
