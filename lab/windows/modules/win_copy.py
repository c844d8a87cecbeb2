# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest's part of win_copy: which files differ, put one in place, unpack many, copy on the machine itself."""

from __future__ import annotations

import base64
import io
import secrets
import typing as t
import zipfile

from lab.windows import paths
from lab.windows.files import Files
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.modules.win_stat import checksum

NAMES = ("ansible.windows.win_copy",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Do the step that the action plugin asks for."""
    step = {"query": _query, "single": _single, "explode": _explode, "remote": _remote}.get(params["_copy_mode"])
    if step is None:
        raise ModuleError(f"_copy_mode must be one of query, single, explode, remote: {params['_copy_mode']}")
    return step(machine, params, context)


def _query(machine: Machine, params: Params, context: ModuleContext) -> Result:
    files = machine.files
    return {
        "files": [one for one in params["files"] or [] if _file_differs(files, params, one)],
        "directories": [one for one in params["directories"] or [] if _directory_lacks(files, params, one)],
        "symlinks": [],
    }


def _file_differs(files: Files, params: Params, one: dict[str, t.Any]) -> bool:
    path = _join(params["dest"], one["dest"])
    if files.is_directory(path):
        path = _join(path, one["src"].rpartition("/")[2])
    if files.is_directory(path):
        raise ModuleError(f"cannot copy file to dest '{path}': object at path is already a directory")
    if not files.is_file(path):
        return True
    return bool(params["force"]) and checksum(files.read(path), "sha1") != one["checksum"]


def _directory_lacks(files: Files, params: Params, one: dict[str, t.Any]) -> bool:
    path = _join(params["dest"], one["dest"])
    if files.is_file(paths.parent(path)):
        raise ModuleError(f"cannot copy folder to dest '{path}': object at parent directory path is already a file")
    if files.is_file(path):
        raise ModuleError(f"cannot copy folder to dest '{path}': object at path is already a file")
    return not files.is_directory(path)


def _single(machine: Machine, params: Params, context: ModuleContext) -> Result:
    files = machine.files
    _must_be_file(files, params["src"])
    target = _target(files, params["dest"], params["_original_basename"])
    _make_parent(files, params["dest"], target)
    result: Result = {"changed": True}
    if params["backup"]:
        result["backup_file"] = backup(machine, target, context)
    files.write(target, files.read(params["src"]))
    return result


def _explode(machine: Machine, params: Params, context: ModuleContext) -> Result:
    if not machine.files.is_file(params["src"]):
        raise ModuleError(f"Cannot expand src zip file: '{params['src']}' as it does not exist")
    with zipfile.ZipFile(io.BytesIO(machine.files.read(params["src"]))) as archive:
        for entry in archive.infolist():
            encoded = entry.filename.rstrip("/\\")
            path = _join(params["dest"], base64.b64decode(encoded).decode())
            if entry.is_dir():
                machine.files.mkdir(path)
            else:
                machine.files.write(path, archive.read(entry), parents=True)
    return {"changed": True}


def _remote(machine: Machine, params: Params, context: ModuleContext) -> Result:
    files, source, dest = machine.files, params["src"], params["dest"]
    if not files.exists(source):
        raise ModuleError(f"Cannot copy src file: '{source}' as it does not exist")
    copy = _Copy(machine, params, context)
    if files.is_directory(source):
        result = _remote_folder(copy, source, dest)
    else:
        target = _target(files, dest, files.stat(source).name)
        _make_parent(files, dest, target)
        copy.file(source, target)
        result = {
            "operation": "file_copy",
            "original_basename": files.stat(source).name,
            "dest": target,
            "checksum": checksum(files.read(source), "sha1"),
        }
    result |= {"src": source, "changed": bool(copy.lines), **copy.extra}
    result["size"] = None if context.check_mode and not files.is_file(result["dest"]) else _size(files, result["dest"])
    return result | {"diff": {"prepared": "".join(copy.lines)}}


def _remote_folder(copy: _Copy, source: str, dest: str) -> Result:
    if source.endswith(("/", "\\")):
        for child in copy.files.list(source):
            copy.any(child.path, _join(dest, child.name))
        return {"operation": "folder_copy", "dest": dest}
    target = _join(dest, copy.files.stat(source).name)
    copy.any(source, target)
    return {"operation": "folder_copy", "dest": target}


class _Copy:
    """Copies on the machine and notes what it did."""

    def __init__(self, machine: Machine, params: Params, context: ModuleContext) -> None:
        self.files = machine.files
        self.lines: list[str] = []
        self.extra: Result = {}
        self._machine = machine
        self._params = params
        self._context = context

    def any(self, source: str, target: str) -> None:
        """Copy a file, or a directory with its content."""
        if not self.files.is_directory(source):
            self.file(source, target)
            return
        if self.files.is_file(target):
            raise ModuleError(f"cannot copy folder from '{source}' to '{target}': dest is already a file")
        if not self.files.is_directory(target):
            self._parent_is_folder(source, target)
            self.lines.append(f"+{target}\\\n")
            if not self._context.check_mode:
                self.files.mkdir(target)
        for child in self.files.list(source):
            self.any(child.path, _join(target, child.name))

    def file(self, source: str, target: str) -> None:
        """Copy a file when it differs."""
        content = self.files.read(source)
        if self.files.is_directory(target):
            raise ModuleError(f"cannot copy file from '{source}' to '{target}': dest is already a folder")
        if self.files.is_file(target):
            if not self._params["force"] or self.files.read(target) == content:
                return
            if self._params["backup"]:
                self.extra["backup_file"] = backup(self._machine, target, self._context)
            self.lines.append(f"-{target}\n")
        else:
            self._parent_is_folder(source, target)
        self.lines.append(f"+{target}\n")
        if not self._context.check_mode:
            self.files.write(target, content, parents=True)

    def _parent_is_folder(self, source: str, target: str) -> None:
        if self.files.is_file(paths.parent(target)):
            text = f"cannot copy file from '{source}' to '{target}': object at dest parent dir is not a folder"
            raise ModuleError(text)


def _target(files: Files, dest: str, basename: str) -> str:
    if dest.endswith(("/", "\\")) or files.is_directory(dest):
        return _join(dest, basename)
    return paths.normalise(dest)


def _make_parent(files: Files, dest: str, target: str) -> None:
    folder = paths.parent(paths.normalise(target))
    if files.is_file(folder):
        raise ModuleError(f"object at destination parent dir '{folder}' is currently a file")
    if not files.is_directory(folder):
        if paths.normalise(dest).lower() == paths.normalise(target).lower():
            raise ModuleError(f"Destination directory '{folder}' does not exist")
        files.mkdir(folder)


def _must_be_file(files: Files, source: str) -> None:
    if not files.is_file(source):
        raise ModuleError(f"Cannot copy src file: '{source}' as it does not exist")


def backup(machine: Machine, path: str, context: ModuleContext) -> str | None:
    """Keep a copy beside a file; gives its name, or None when there is no such file."""
    if not machine.files.is_file(path):
        return None
    process = 1000 + secrets.randbelow(9000) * 4
    name = f"{path}.{process}.{machine.clock():%Y%m%d-%H%M%S}.bak"
    if not context.check_mode:
        machine.files.copy(path, name)
    return name


def _size(files: Files, path: str) -> int | None:
    if files.is_directory(path):
        return sum(node.size for node in files.walk(path))
    return files.stat(path).size if files.exists(path) else None


def _join(base: str, name: str) -> str:
    return paths.normalise(paths.join(base.replace("/", "\\"), name.replace("/", "\\")))
