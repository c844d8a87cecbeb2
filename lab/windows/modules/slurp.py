# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a file in base64."""

from __future__ import annotations

import base64

from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.slurp",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give the file's content."""
    path = params["src"]
    if machine.files.is_directory(path):
        raise ModuleError(f"Path {path} is a directory")
    if not machine.files.is_file(path):
        raise ModuleError(f"Path {path} is not found")
    return {"content": base64.b64encode(machine.files.read(path)).decode(), "encoding": "base64"}
