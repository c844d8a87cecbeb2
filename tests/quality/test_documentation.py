# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of every plugin is complete, and says what the code does."""

from __future__ import annotations

import ast
import importlib
import inspect
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
import yaml

from scripts.reference import COLLECTION, KINDS, PROJECT
from scripts.reference_page import Subject

PLUGINS = PROJECT / "plugins"
NAMESPACE = f"ansible_collections.{COLLECTION}.plugins"
# An argument of an action that has no words of its own in the documentation's schema.
COMPARED = ("type", "elements", "required", "default", "choices", "no_log")


def files(kind: str) -> list[str]:
    """Return the names of the plugins of a kind, from the files that document them."""
    suffix = ".yml" if kind == "filter" else ".py"
    directory = PLUGINS / ("modules" if kind == "module" else kind)
    return sorted(path.stem for path in directory.glob(f"[a-z]*{suffix}"))


ALL = [(kind, name) for kind in KINDS if kind != "role" for name in files(kind)]
EVERY = pytest.mark.parametrize(("kind", "name"), ALL, ids=[f"{kind}-{name}" for kind, name in ALL])
ACTIONS = sorted(path.stem for path in (PLUGINS / "action").glob("[a-z]*.py"))


def find(documented: list[Subject], kind: str, name: str) -> dict[str, t.Any]:
    [found] = [subject for subject in documented if (subject.kind, subject.name) == (kind, f"{COLLECTION}.{name}")]
    return found.documentation


def test_ansible_doc_knows_every_plugin_and_role(documented: list[Subject]) -> None:
    roles = [("role", path.name) for path in (PROJECT / "roles").iterdir()]
    names = {(subject.kind, subject.name.removeprefix(f"{COLLECTION}.")) for subject in documented}
    assert names == {*ALL, *roles}


@pytest.mark.parametrize("kind", KINDS)
def test_ansible_doc_renders_them(kind: str, documented: list[Subject], tmp_path: pathlib.Path) -> None:
    names = [subject.name for subject in documented if subject.kind == kind]
    command = [str(pathlib.Path(sys.executable).parent / "ansible-doc"), "-t", kind, *names]
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / ".ansible" / "collections"),
    }
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [name for name in names if name.upper() not in done.stdout.upper()] == []


@EVERY
def test_it_says_since_when_by_whom_and_what_else_to_look_at(kind: str, name: str, documented: list[Subject]) -> None:
    doc = find(documented, kind, name)["doc"]
    assert doc.get("version_added"), "version_added"
    assert doc.get("author"), "author"
    assert doc.get("description"), "description"
    assert doc.get("seealso"), "seealso"
    assert not doc["short_description"].endswith(".")


@EVERY
def test_it_has_examples(kind: str, name: str, documented: list[Subject]) -> None:
    examples = find(documented, kind, name)["examples"]
    assert examples
    assert all(yaml.safe_load_all(examples))


@pytest.mark.parametrize(("kind", "name"), [item for item in ALL if item[0] in {"module", "lookup", "filter"}], ids=str)
def test_it_says_what_it_returns(kind: str, name: str, documented: list[Subject]) -> None:
    returned = find(documented, kind, name)["return"]
    assert returned
    without = [key for key, value in returned.items() if not value.get("description") or not value.get("type")]
    assert without == []
    if kind == "module":
        assert [key for key, value in returned.items() if not value.get("returned")] == []


@pytest.mark.parametrize("name", files("module"))
def test_a_module_says_what_check_and_diff_mode_do(name: str, documented: list[Subject]) -> None:
    attributes = find(documented, "module", name)["doc"]["attributes"]
    assert set(attributes) >= {"check_mode", "diff_mode", "platform"}
    assert attributes["check_mode"]["support"] in {"full", "partial"}


def test_every_action_has_a_module_that_documents_it_and_the_reverse() -> None:
    assert files("module") == ACTIONS


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_takes_the_options_that_are_documented(name: str, documented: list[Subject]) -> None:
    arguments = importlib.import_module(f"{NAMESPACE}.action.{name}").ARGUMENTS
    options = find(documented, "module", name)["doc"]["options"]
    assert differences(options, arguments) == []


def differences(options: dict[str, t.Any], arguments: dict[str, t.Any], prefix: str = "") -> list[str]:
    """Return what the documentation and an argument specification disagree about."""
    found = [f"{prefix}{name}: only in one of both" for name in set(options) ^ set(arguments)]
    for name in sorted(set(options) & set(arguments)):
        option, argument = options[name], arguments[name]
        if argument.get("type") == "raw":
            continue  # checked by the plugin itself, which has better words for mistakes
        for key in COMPARED:
            documented_value, real = option.get(key), argument.get(key)
            if key != "no_log" and (documented_value or None) != (real or None):
                found.append(f"{prefix}{name}: {key} is {real!r} and documented as {documented_value!r}")
        found += differences(option.get("suboptions") or {}, argument.get("options") or {}, f"{prefix}{name}.")
    return found


@pytest.mark.parametrize("name", files("filter"))
def test_a_filter_takes_the_options_that_are_documented(name: str, documented: list[Subject]) -> None:
    doc = find(documented, "filter", name)["doc"]
    sources = [
        importlib.import_module(f"{NAMESPACE}.filter.{path.stem}") for path in (PLUGINS / "filter").glob("[a-z]*.py")
    ]
    [function] = [filters[name] for source in sources if name in (filters := source.FilterModule().filters())]
    parameters = list(inspect.signature(function).parameters.values())[1:]
    options = {key: value for key, value in doc["options"].items() if key != "_input"}
    assert "_input" in doc["options"]
    assert set(options) == {parameter.name for parameter in parameters}
    assert split(doc.get("positional")) == [parameter.name for parameter in parameters]
    required = {parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty}
    assert required == {key for key, value in options.items() if value.get("required")}


def split(positional: str | list[str] | None) -> list[str]:
    return re.split(r",\s*", positional) if isinstance(positional, str) else positional or []


@pytest.mark.parametrize(
    ("kind", "name"), [item for item in ALL if item[0] in {"inventory", "lookup", "callback"}], ids=str
)
def test_a_plugin_reads_the_options_that_are_documented(kind: str, name: str, documented: list[Subject]) -> None:
    source = (PLUGINS / kind / f"{name}.py").read_text()
    own = yaml.safe_load(importlib.import_module(f"{NAMESPACE}.{kind}.{name}").DOCUMENTATION).get("options") or {}
    every = find(documented, kind, name)["doc"].get("options") or {}
    read = options_read(source)
    assert read - set(every) == set(), "read and not documented"
    # Ansible itself reads these two.
    assert set(own) - read - {"plugin", "_terms"} == set(), "documented and never read"


def options_read(source: str) -> set[str]:
    """Return the literal names that get_option and functions like it are called with."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"get_option", "_option"}
        if call.args and isinstance(call.args[0], ast.Constant)
    }
