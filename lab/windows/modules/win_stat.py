# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at a file or directory."""

from __future__ import annotations

import hashlib
import typing as t

from lab.windows.files import Node
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, Params, Result

NAMES = ("ansible.windows.win_stat",)

# The order in which .NET prints file attributes.
_FLAGS = (
    "ReadOnly",
    "Hidden",
    "System",
    "Directory",
    "Archive",
    "Normal",
    "Temporary",
    "ReparsePoint",
    "Compressed",
    "NotContentIndexed",
)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give ``stat``."""
    node = machine.files.find(params["path"])
    if node is not None and node.target and params["follow"]:
        node = machine.files.find(node.target)
    return {"stat": {"exists": False} if node is None else _stat(machine, node, params)}


def attributes_text(node: Node) -> str:
    """Give the attributes as .NET prints them."""
    return ", ".join(flag for flag in _FLAGS if flag in node.attributes) or "Normal"


def checksum(content: bytes, algorithm: str) -> str:
    """Give a digest in lower-case hex."""
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()


def _stat(machine: Machine, node: Node, params: Params) -> dict[str, t.Any]:
    stat: dict[str, t.Any] = {
        "exists": True,
        "attributes": attributes_text(node),
        "isarchive": "Archive" in node.attributes,
        "isdir": node.directory,
        "ishidden": "Hidden" in node.attributes,
        "isjunction": False,
        "islnk": bool(node.target),
        "isreadonly": "ReadOnly" in node.attributes,
        "isreg": not node.directory and not node.target,
        "isshared": False,
        "nlink": 1,
        "hlnk_targets": [],
        "creationtime": node.created,
        "lastaccesstime": node.accessed,
        "lastwritetime": node.modified,
        "path": node.path,
        "filename": node.name,
        "owner": node.owner,
    }
    if node.target:
        stat |= {"lnk_target": node.target, "lnk_source": node.target}
    if node.directory:
        if params["get_size"]:
            stat["size"] = sum(child.size for child in machine.files.walk(node.path))
        return stat
    stat["extension"] = "." + node.name.rpartition(".")[2] if "." in node.name else ""
    content = machine.files.read(node.target or node.path)
    if params["get_checksum"]:
        stat["checksum"] = checksum(content, params["checksum_algorithm"])
    if params["get_size"]:
        stat["size"] = len(content)
    return stat
