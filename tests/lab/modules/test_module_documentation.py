# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's modules against the examples that the real ones document."""

from __future__ import annotations

import ast
import typing as t

import pytest
import yaml

from lab.ansible.arguments import Validator
from lab.ansible.documentation import collection_folder, options_of
from lab.ansible.modules import _INTERNAL
from lab.ansible.ps_spec import read_spec
from tests.lab.modules.test_ansible_specs import _names, _source


def _block(name: str, variable: str) -> t.Any:
    namespace, collection, module = name.split(".")
    folder = collection_folder(f"{namespace}.{collection}") / "plugins" / "modules"
    sidecar = folder / f"{module}.yml"
    if sidecar.exists():
        value = yaml.safe_load(sidecar.read_text()).get(variable)
        return yaml.safe_load(value) if isinstance(value, str) else value
    for node in ast.parse((folder / f"{module}.py").read_text()).body:
        if isinstance(node, ast.Assign) and any(isinstance(x, ast.Name) and x.id == variable for x in node.targets):
            return yaml.safe_load(ast.literal_eval(node.value))
    return None


# Examples that the real module refuses too: they lack the thumbprint that state=exported needs.
REFUSED = (
    ("ansible.windows.win_certificate_store", "Export certificate as der encoded file"),
    ("ansible.windows.win_certificate_store", "Export certificate and key as pfx encoded file"),
)


def _examples() -> list[tuple[str, str, dict[str, t.Any]]]:
    found = []
    for name in _names():
        for play in _block(name, "EXAMPLES") or ():
            tasks = play.get("tasks", [play]) if isinstance(play, dict) else ()
            for index, task in enumerate(tasks):
                args = task.get(name)
                if isinstance(args, dict) and "{{" not in str(args) and (name, task.get("name")) not in REFUSED:
                    found.append((name, f"{task.get('name', index)}", args))
    return found


EXAMPLES = _examples()


@pytest.mark.parametrize(("name", "title", "args"), EXAMPLES, ids=[f"{name}: {title}" for name, title, _ in EXAMPLES])
def test_a_documented_example_is_accepted(name: str, title: str, args: dict[str, t.Any]) -> None:
    options = tuple(one for one in options_of(name) if one.name != "free_form") + _INTERNAL.get(name, ())
    if name == "ansible.windows.win_copy":
        args = {key: value for key, value in args.items() if key != "content"} | {"dest": args["dest"]}
    Validator(name, lambda text: text, read_spec(_source(name))).check(options, args)
