# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a module, from the documentation in the installed collection."""

from __future__ import annotations

import ast
import dataclasses
import functools
import pathlib
import sys
import typing as t

import yaml

from lab.windows.errors import UnsupportedError


@dataclasses.dataclass(frozen=True)
class Option:
    """One option; ``options`` are the sub-options of a dict or of a list of dicts."""

    name: str
    type: str = "str"
    elements: str = ""
    required: bool = False
    default: t.Any = None
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    no_log: bool = False


@functools.cache
def options_of(module: str) -> tuple[Option, ...]:
    """Give a module's documented options, those of its documentation fragments included.

    :param module: the fully qualified name, for example ``ansible.windows.win_stat``.
    :raises UnsupportedError: no such module is installed, or it has no documentation.
    """
    collection, _, name = module.rpartition(".")
    folder = collection_folder(collection) / "plugins"
    document = _module_document(folder / "modules", name, module)
    merged: dict[str, t.Any] = {}
    fragments = document.get("extends_documentation_fragment", [])
    for fragment in [fragments] if isinstance(fragments, str) else fragments:
        merged.update(_fragment(fragment))
    for option, own in (document.get("options") or {}).items():
        merged[option] = merged.get(option, {}) | own
    return _options(merged)


def collection_folder(name: str) -> pathlib.Path:
    """Give the folder of an installed collection; looked for, not imported, so as not to disturb Ansible's loader.

    :raises UnsupportedError: it is not installed.
    """
    for entry in sys.path:
        folder = pathlib.Path(entry or ".", "ansible_collections", *name.split("."))
        if folder.is_dir():
            return folder
    raise UnsupportedError(f"the collection {name} is not installed")


def _module_document(folder: pathlib.Path, name: str, module: str) -> dict[str, t.Any]:
    for suffix in (".yml", ".yaml"):
        sidecar = folder / f"{name}{suffix}"
        if sidecar.exists():
            return dict(_load(sidecar.read_text())["DOCUMENTATION"])
    source = folder / f"{name}.py"
    if not source.exists():
        raise UnsupportedError(f"the module {module} is not in the installed collection")
    return _load(_string(ast.parse(source.read_text()).body, "DOCUMENTATION"))


def _fragment(name: str) -> dict[str, t.Any]:
    """Give the options of a fragment named ``fragment`` or ``namespace.collection.fragment[.part]``."""
    parts = name.split(".")
    if len(parts) < 3 or parts[:2] == ["ansible", "builtin"]:
        return {}  # ansible-core's own: attributes only, no options
    path = collection_folder(".".join(parts[:2])) / "plugins" / "doc_fragments" / f"{parts[2]}.py"
    classes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
    variable = parts[3].upper() if len(parts) > 3 else "DOCUMENTATION"
    return dict(_load(_string(classes[0].body, variable)).get("options") or {})


def _string(body: list[ast.stmt], variable: str) -> str:
    for node in body:
        if isinstance(node, ast.Assign) and any(isinstance(x, ast.Name) and x.id == variable for x in node.targets):
            return str(ast.literal_eval(node.value))
    raise UnsupportedError(f"no {variable} in the module's documentation")


def _load(text: str) -> dict[str, t.Any]:
    return dict(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 - safe ones


def _options(raw: dict[str, t.Any]) -> tuple[Option, ...]:
    return tuple(
        Option(
            name=name,
            type=one.get("type", "dict" if one.get("suboptions") else "str"),
            elements=one.get("elements", ""),
            required=bool(one.get("required", False)),
            default=one.get("default"),
            choices=tuple(_choice(choice) for choice in one.get("choices") or ()),
            aliases=tuple(one.get("aliases") or ()),
            options=_options(one.get("suboptions") or {}),
        )
        for name, one in raw.items()
    )


def _choice(value: t.Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
