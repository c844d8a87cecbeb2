# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module returned beside what its documentation says: which values were there, which were missing or of a wrong
type. A case is a generator that prepares a guest, runs the module in several states, and gives each result."""

from __future__ import annotations

import dataclasses
import typing as t

from tests.lab.modules.calls import Guest

Result = dict[str, t.Any]
Case = t.Callable[[Guest], t.Iterator[Result]]
Documented = t.Mapping[str, t.Mapping[str, t.Any]]

CASES: dict[str, Case] = {}
# What the documentation calls it when there is no condition.
UNCONDITIONAL = ("always", "success")
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),  # .NET writes 5.0 as 5
    "list": (list,),
    "dict": (dict,),
    "complex": (dict, list, str),
    "raw": (object,),
}


def returns(name: str) -> t.Callable[[Case], Case]:
    """Say which module a case runs."""

    def register(case: Case) -> Case:
        assert name not in CASES, name
        CASES[name] = case
        return case

    return register


@dataclasses.dataclass
class Findings:
    """What was found in all results of a module, by path (``files.owner``)."""

    seen: set[str] = dataclasses.field(default_factory=set)  # with a value other than null
    lacking: set[str] = dataclasses.field(default_factory=set)  # in a successful result that must have it
    wrong: dict[str, str] = dataclasses.field(default_factory=dict)  # another type than the documented one

    def look(self, documented: Documented, result: t.Mapping[str, t.Any], where: str = "") -> None:
        """Compare one result, or one dictionary inside a result, with its documentation."""
        for key, one in documented.items():
            path = where + key
            unconditional = str(one.get("returned", "always")).lower() in UNCONDITIONAL
            if key not in result and unconditional and not result.get("failed") and not result.get("skipped"):
                self.lacking.add(path)
            value = result.get(key)
            if value is None:
                continue
            self.seen.add(path)
            if not _fits(value, one):
                self.wrong[path] = f"{value!r:.80} is documented as {one.get('type')} of {one.get('elements')}"
            for item in value if isinstance(value, list) else [value]:
                if one.get("contains") and isinstance(item, dict):
                    self.look(one["contains"], item, f"{path}.")


def paths(documented: Documented, where: str = "") -> t.Iterator[str]:
    """Give the path of every documented value."""
    for key, one in documented.items():
        yield where + key
        yield from paths(one.get("contains") or {}, f"{where}{key}.")


def _fits(value: t.Any, one: t.Mapping[str, t.Any]) -> bool:
    kind = one.get("type", "str")
    if isinstance(value, bool) and kind not in ("bool", "raw"):
        return False
    if not isinstance(value, _TYPES[kind]):
        return False
    elements = one.get("elements")
    if not elements or not isinstance(value, list):
        return True
    return all(item is None or _fits(item, {"type": elements}) for item in value)
