# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a temporary file or directory."""

from __future__ import annotations

import secrets

from lab.windows import paths
from lab.windows.errors import WindowsError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_tempfile",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Make it, and give its path."""
    folder = machine.expand(params["path"], context.user)
    suffix = machine.expand(params["suffix"] or "", context.user)
    name = f"{machine.expand(params['prefix'] or '', context.user)}{secrets.token_hex(6)}{suffix}"
    path = paths.normalise(paths.join(folder, name))
    if not context.check_mode:
        try:
            if params["state"] == "directory":
                machine.files.mkdir(path)
            else:
                machine.files.write(path, b"")
        except WindowsError as exc:
            raise ModuleError(f"No random temporary file worked in 5 attempts. Error: {exc}") from exc
    return {"changed": True, "state": params["state"], "path": path}
