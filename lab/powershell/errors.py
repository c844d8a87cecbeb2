# SPDX-License-Identifier: GPL-3.0-or-later
"""What can interrupt a script: errors of PowerShell itself, control flow, and things the lab does not know."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from lab.powershell.values import ErrorRecord, Value


class UnsupportedPowerShell(Exception):  # noqa: N818 - the name is the message
    """The script uses something outside the lab's subset. A script cannot catch it: the lab must never guess."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.line = line

    def __str__(self) -> str:
        where = "" if self.line is None else f" (line {self.line})"
        return f"The lab's PowerShell does not know {self.what}{where}"


class PSError(Exception):
    """A terminating error. ``fatal`` errors end the script; others end the statement when nothing catches them."""

    def __init__(self, record: ErrorRecord, fatal: bool = False) -> None:
        super().__init__(str(record))
        self.record = record
        self.fatal = fatal


class CmdletError(Exception):
    """A non-terminating error of a cmdlet; ErrorAction decides what becomes of it."""

    def __init__(
        self, message: str, category: str = "NotSpecified", identity: str = "Error", target: Value = ""
    ) -> None:
        super().__init__(message)
        self.category = category
        self.identity = identity
        self.target = target
        self.exception_type = ""  # full .NET name, empty for PowerShell's own RuntimeException
        self.recommended_action = ""  # Write-Error's


class MethodError(Exception):
    """An exception thrown by a .NET method or conversion, with the short .NET name of its class."""

    def __init__(self, message: str, exception_type: str = "RuntimeException") -> None:
        super().__init__(message)
        self.exception_type = exception_type


class ControlFlow(Exception):  # noqa: N818 - not an error
    """A jump: break, continue, return, exit."""


class LoopBreak(ControlFlow):
    """``break``."""


class LoopContinue(ControlFlow):
    """``continue``."""


class Returned(ControlFlow):
    """``return``; what it returned is already in the output."""


class Exited(ControlFlow):
    """``exit`` with its code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
