# SPDX-License-Identifier: GPL-3.0-or-later
"""C:\\ and other drives of files."""

from __future__ import annotations

import datetime
import typing as t

from lab.powershell.convert import to_string
from lab.powershell.errors import CmdletError, UnsupportedPowerShell
from lab.powershell.providers.base import Provider
from lab.powershell.values import PSObject, Value
from lab.windows import files, paths

if t.TYPE_CHECKING:
    from lab.powershell.registry import Call


class FileProvider(Provider):
    """The file system."""

    name = "FileSystem"

    def full(self, path: str) -> str:
        """The absolute path."""
        base = self.shell.location if len(self.shell.location.partition(":")[0]) == 1 else "C:\\"
        text = path.replace("/", "\\")
        absolute = text[1:2] == ":" or text.startswith("\\")
        joined = text if absolute else paths.join(base, text)
        return joined if _wild(joined) else paths.normalise(joined)

    def find(self, path: str, literal: bool) -> list[PSObject]:
        """The files and directories at a path."""
        full = self.full(path)
        if _wild(full) and not literal:
            return [self._item(node) for node in self.machine.files.glob(full)]
        node = self.machine.files.find(full)
        return [self._item(node)] if node else []

    def exists(self, path: str, kind: str = "Any") -> bool:
        """Test-Path."""
        found = self.find(path, literal=False)
        wanted = {"Any": (True, False), "Container": (True,), "Leaf": (False,)}[kind]
        return any(item.properties["PSIsContainer"] in wanted for item in found)

    def children(self, path: str) -> list[PSObject]:
        """What a directory holds."""
        full = self.full(path)
        if _wild(full):
            return self.find(full, literal=False)
        node = self.machine.files.find(full)
        if node is None:
            raise self.missing(full)
        return [self._item(child) for child in self.machine.files.list(full)] if node.directory else [self._item(node)]

    def new(self, path: str, call: Call) -> PSObject:
        """A file or a directory."""
        full, kind = self.full(path), call.text("ItemType", "File").casefold()
        if kind not in ("file", "directory"):
            raise UnsupportedPowerShell(f"New-Item -ItemType {call.text('ItemType')}", self.shell.line)
        existing = self.machine.files.find(full)
        if existing and not (call.flag("Force") and existing.directory == (kind == "directory")):
            raise CmdletError(
                f"An item with the specified name {full} already exists.", "ResourceExists", "DirectoryExist"
            )
        if kind == "directory":
            return self._item(self.machine.files.mkdir(full))
        return self._item(self.machine.files.write(full, to_string(call.get("Value")), parents=call.flag("Force")))

    def remove(self, path: str, recurse: bool, force: bool, literal: bool) -> None:
        """Delete what is at a path."""
        found = self.find(path, literal)
        if not found and not _wild(path):
            raise self.missing(self.full(path))
        for item in found:
            full = to_string(item.properties["FullName"])
            if item.properties["PSIsContainer"] and not recurse and self.machine.files.list(full):
                raise self.has_children(full)
            node = self.machine.files.stat(full)
            if force:
                node.attributes.discard("ReadOnly")
            self.machine.files.delete(full, recursive=recurse)

    def _item(self, node: files.Node) -> PSObject:
        moments = {
            name: datetime.datetime.fromtimestamp(value, datetime.UTC)
            for name, value in (
                ("CreationTime", node.created),
                ("LastWriteTime", node.modified),
                ("LastAccessTime", node.accessed),
            )
        }
        properties: dict[str, Value] = {
            "Name": node.name,
            "FullName": node.path,
            "PSIsContainer": node.directory,
            "PSPath": node.path,
            "Extension": "" if node.directory or "." not in node.name else "." + node.name.rpartition(".")[2],
            "BaseName": node.name if node.directory else node.name.rpartition(".")[0] or node.name,
            "Attributes": ", ".join(sorted(node.attributes)),
            **moments,
        }
        if node.directory:
            return PSObject("System.IO.DirectoryInfo", properties, text=node.path)
        properties |= {"Length": node.size, "DirectoryName": paths.parent(node.path)}
        version = {"ProductVersion": "", "FileVersion": ""}
        properties["VersionInfo"] = PSObject("System.Diagnostics.FileVersionInfo", version)
        return PSObject("System.IO.FileInfo", properties, text=node.path)


def _wild(path: str) -> bool:
    return any(char in path for char in "*?")
