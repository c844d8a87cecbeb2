# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the installed collections, read with Ansible's own reader, for every module that the lab has."""

from __future__ import annotations

import functools
import importlib
import pathlib
import pkgutil
import typing as t

import yaml
from ansible.plugins.loader import fragment_loader, module_loader
from ansible.utils.plugin_docs import get_docstring

from lab.windows import modules


def names() -> list[str]:
    """Give the fully qualified names of the lab's modules."""
    found: list[str] = []
    for info in pkgutil.iter_modules(modules.__path__):
        found += getattr(importlib.import_module(f"lab.windows.modules.{info.name}"), "NAMES", ())
    return sorted(found)


@functools.cache
def _document(name: str) -> tuple[dict[str, t.Any], str, dict[str, t.Any]]:
    found = module_loader.find_plugin_with_context(name, mod_type="", ignore_deprecated=True)
    source = pathlib.Path(found.plugin_resolved_path)
    path = next(path for path in map(source.with_suffix, (".yml", ".py")) if path.exists())
    document, examples, returned, _ = get_docstring(
        str(path), fragment_loader, collection_name=found.plugin_resolved_collection, plugin_type="module"
    )
    return document, examples if isinstance(examples, str) else yaml.safe_dump(examples), returned or {}


def options(name: str) -> dict[str, dict[str, t.Any]]:
    """Give the documented options, those of fragments included."""
    return dict(_document(name)[0].get("options") or {})


def returned(name: str) -> dict[str, dict[str, t.Any]]:
    """Give the documented return values, those inside others under ``contains``."""
    return dict(_document(name)[2])


def source(name: str) -> str:
    """Give the PowerShell of the installed module."""
    found = module_loader.find_plugin_with_context(name, mod_type=".ps1")
    return pathlib.Path(found.plugin_resolved_path).read_text()


class Example(t.NamedTuple):
    """One task of the documentation; ``number`` counts the tasks of a module, from 1."""

    module: str
    number: int
    title: str
    task: dict[str, t.Any]

    @property
    def args(self) -> dict[str, t.Any]:
        """Give what the module gets: the options, and a free form as Ansible passes it on."""
        given = self.task.get(self.module, self.task.get(self.module.rpartition(".")[2]))
        extra = dict(self.task.get("args") or {})
        return extra | (given if isinstance(given, dict) else {"_raw_params": given.strip()} if given else {})

    @property
    def key(self) -> tuple[str, int]:
        """Give what the tables name it by."""
        return self.module.rpartition(".")[2], self.number


def tasks(name: str) -> list[dict[str, t.Any]]:
    """Give every task of a module's examples, those of other modules too."""
    plays = yaml.safe_load(_document(name)[1] or "") or ()
    return [task for play in plays for task in play.get("tasks", [play])]


@functools.cache
def examples() -> tuple[Example, ...]:
    """Give the documented tasks that call the module itself."""
    found = []
    for name in names():
        number = 0
        for task in tasks(name):
            if name in task or name.rpartition(".")[2] in task:
                number += 1
                found.append(Example(name, number, str(task.get("name", "")), task))
    return tuple(found)
