# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer a ping."""

from __future__ import annotations

from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_ping",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give back ``data``."""
    if params["data"] == "crash":
        raise ModuleError("Unhandled exception while executing module: boom", exception="boom")
    return {"ping": params["data"]}
