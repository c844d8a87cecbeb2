# SPDX-License-Identifier: GPL-3.0-or-later
"""Make, touch and remove files and directories."""

from __future__ import annotations

from lab.windows import paths
from lab.windows.errors import WindowsError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_file",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring a path to a state."""
    path, state = params["path"], params["state"]
    if params["_original_basename"] and machine.files.is_directory(path):
        path = paths.join(path, params["_original_basename"])
    if state == "touch":
        return _touch(machine, path, context)
    node = machine.files.find(path)
    if node is not None:
        if state == "absent":
            if not context.check_mode:
                machine.files.delete(path, recursive=True)
            return {"changed": True}
        if state == "directory" and not node.directory:
            raise ModuleError(f"path {path} is not a directory")
        if state == "file" and node.directory:
            raise ModuleError(f"path {path} is not a file")
        return {}
    if state == "absent":
        return {}
    if state == "file" or state is None:
        raise ModuleError(f"path {path} will not be created")
    if not context.check_mode:
        try:
            machine.files.mkdir(path)
        except WindowsError as exc:
            raise ModuleError(str(exc)) from exc
    return {"changed": True}


def _touch(machine: Machine, path: str, context: ModuleContext) -> Result:
    if context.check_mode:
        return {"changed": True}
    node = machine.files.find(path)
    if node is None:
        machine.files.write(path, b"")
    else:
        node.modified = machine.clock.seconds()
    return {"changed": True}
