# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module gets besides its parameters, and how it fails."""

from __future__ import annotations

import dataclasses
import typing as t

Result = dict[str, t.Any]
Params = dict[str, t.Any]


class ModuleError(Exception):
    """The module's own failure: its message, and what else its result holds."""

    def __init__(self, message: str, **result: t.Any) -> None:
        super().__init__(message)
        self.result: Result = result


@dataclasses.dataclass
class ModuleContext:
    """How a module was called."""

    name: str  # fully qualified, for example ansible.windows.win_stat
    user: str
    network: tuple[str, str] = ("", "")  # name and password that other servers are shown; a WinRM session has none
    check_mode: bool = False
    diff: bool = False
    verbosity: int = 0
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    stdin: bytes = b""
    temp_path: str = ""
    warnings: list[str] = dataclasses.field(default_factory=list)

    def warn(self, text: str) -> None:
        """Add a warning to the result."""
        self.warnings.append(text)
