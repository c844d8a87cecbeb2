# SPDX-License-Identifier: GPL-3.0-or-later
"""Add and remove elements of PATH and variables like it."""

from __future__ import annotations

import re

from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, Params, Result

NAMES = ("ansible.windows.win_path",)

_ELEMENT = re.compile(r'(\s*"[^"]+"\s*|[^;]+)(;$|$|;)')


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring elements to a state; those that are there keep their place unless the order is wrong."""
    sid = machine.user_sid(context.user) if params["scope"] == "user" else ""
    current = machine.environment.get(params["name"], sid) or ""
    elements = [match[1] for match in _ELEMENT.finditer(current)]
    result: Result = {}
    if params["state"] == "absent":
        changed = _remove(elements, params["elements"], result)
    else:
        changed = _add(elements, params["elements"])
    text = ";".join(elements)
    if changed and not context.check_mode:
        machine.environment.set(params["name"], text, sid, expand=True)
    return result | {"changed": changed, "path_value": text}


def _index(elements: list[str], wanted: str) -> int:
    plain = [element.strip('"').strip("\\").lower() for element in elements]
    wanted = wanted.strip('"').strip("\\").lower()
    return plain.index(wanted) if wanted in plain else -1


def _add(elements: list[str], wanted: list[str]) -> bool:
    last, changed = -1, False
    for element in wanted:
        index = _index(elements, element)
        if 0 <= index >= last:
            last = index
            continue
        if index >= 0:
            del elements[index]
        elements.append(element)
        last, changed = len(elements) - 1, True
    return changed


def _remove(elements: list[str], unwanted: list[str], result: Result) -> bool:
    before = len(elements)
    for element in unwanted:
        index = result["removed_idx"] = _index(elements, element)
        if index >= 0:
            del elements[index]
    return len(elements) != before
