# SPDX-License-Identifier: GPL-3.0-or-later
"""Search for files and directories."""

from __future__ import annotations

import fnmatch
import re
import typing as t

from lab.windows.files import Node
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.modules.win_stat import attributes_text, checksum

NAMES = ("ansible.windows.win_find",)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_STAMPS = {"mtime": "modified", "ctime": "created", "atime": "accessed"}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give what is below the paths and passes every filter."""
    tests = _tests(machine, params)
    result: Result = {"examined": 0, "matched": 0}
    found: dict[str, dict[str, t.Any]] = {}
    seen: set[str] = set()
    for path in params["paths"]:
        full = machine.expand(path, context.user)
        node = machine.files.find(full)
        if node is None:
            context.warn(f"Argument path '{full}' does not exist or is not accessible, skipping")
        elif not node.directory:
            context.warn(f"Argument path '{full}' is a file not a directory, skipping")
        else:
            for child in _walk(machine, node, params, params["depth"] or 0):
                if child.path.lower() not in seen:
                    seen.add(child.path.lower())
                    result["examined"] += 1
                    if all(test(child) for test in tests):
                        found[child.path] = _describe(machine, child, params)
    result["matched"] = len(found)
    return result | {"files": [found[path] for path in sorted(found, key=str.lower)]}


def _walk(machine: Machine, node: Node, params: Params, depth: int) -> t.Iterator[Node]:
    for child in machine.files.list(node.path):
        if child.directory and params["recurse"] and depth != 1 and (params["follow"] or not child.target):
            yield from _walk(machine, child, params, depth - 1)
        yield child


def _tests(machine: Machine, params: Params) -> list[t.Callable[[Node], bool]]:
    tests: list[t.Callable[[Node], bool]] = []
    kind = params["file_type"]
    if kind != "any":
        tests.append(lambda node: node.directory == (kind == "directory"))
    if not params["hidden"]:
        tests.append(lambda node: "Hidden" not in node.attributes)
    if params["patterns"] is not None:
        tests.append(_name_test(params))
    if params["size"] is not None:
        size = _scaled(params["size"], _BYTES, "size")
        tests.append(lambda node: node.size >= size if size >= 0 else node.size <= -size)
    if params["age"] is not None:
        age = _scaled(params["age"], _SECONDS, "age")
        now, field = machine.clock.seconds(), _STAMPS[params["age_stamp"]]
        tests.append(
            lambda node: (now - getattr(node, field) >= age) if age >= 0 else now - getattr(node, field) <= -age
        )
    return tests


def _name_test(params: Params) -> t.Callable[[Node], bool]:
    patterns = params["patterns"]
    if params["use_regex"]:
        flags = 0 if params.get("case_sensitive") else re.IGNORECASE
        compiled = [re.compile(pattern, flags) for pattern in patterns]
        return lambda node: any(pattern.search(node.name) for pattern in compiled)
    return lambda node: any(fnmatch.fnmatchcase(node.name.lower(), pattern.lower()) for pattern in patterns)


def _scaled(text: str, units: dict[str, int], what: str) -> int:
    match = re.fullmatch(rf"(-?\d+)([{''.join(units)}])?", str(text), re.IGNORECASE)
    if match is None:
        raise ModuleError(f"Invalid {what} pattern specified")
    return int(match[1]) * units[(match[2] or next(iter(units))).lower()]


def _describe(machine: Machine, node: Node, params: Params) -> dict[str, t.Any]:
    plain = not node.directory
    return {
        "attributes": attributes_text(node),
        "checksum": checksum(node.content, params["checksum_algorithm"]) if plain and params["get_checksum"] else None,
        "creationtime": node.created,
        "exists": True,
        "extension": ("." + node.name.rpartition(".")[2] if "." in node.name else "") if plain else None,
        "filename": node.name,
        "hlnk_targets": [],
        "isarchive": "Archive" in node.attributes,
        "isdir": node.directory,
        "ishidden": "Hidden" in node.attributes,
        "isjunction": False,
        "islnk": bool(node.target),
        "isreadonly": "ReadOnly" in node.attributes,
        "isreg": plain and not node.target,
        "isshared": False,
        "lastaccesstime": node.accessed,
        "lastwritetime": node.modified,
        "lnk_source": node.target or None,
        "lnk_target": node.target or None,
        "nlink": 1,
        "owner": node.owner,
        "path": node.path,
        "sharename": None,
        "size": node.size if plain else None,
    }
