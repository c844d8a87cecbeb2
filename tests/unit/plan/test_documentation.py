# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions take is what their documentation says."""

from __future__ import annotations

import types
import typing as t

import pytest
import yaml
from ansible_collections.golden.windows_ami.plugins.action import build_plan as plan_action
from ansible_collections.golden.windows_ami.plugins.action import build_preflight as preflight_action
from ansible_collections.golden.windows_ami.plugins.modules import build_plan, build_preflight
from ansible_collections.golden.windows_ami.plugins.plugin_utils.plan import PlanEntry

PAIRS = [(plan_action, build_plan), (preflight_action, build_preflight)]
KEYS = ("type", "elements", "required", "default", "choices")


def documented(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return documented options as an argument specification."""
    found = {}
    for name, option in options.items():
        found[name] = {key: option[key] for key in KEYS if key in option}
        if "suboptions" in option:
            found[name]["options"] = documented(option["suboptions"])
    return found


@pytest.mark.parametrize(("action", "module"), PAIRS, ids=lambda item: item.__name__.rpartition(".")[2])
def test_options_are_documented_as_they_are(action: types.ModuleType, module: types.ModuleType) -> None:
    specification = documented(yaml.safe_load(module.DOCUMENTATION)["options"])
    if module is build_plan:
        # Checked by the plan itself, which has better words for mistakes.
        for name in ("images", "bases"):
            specification[name] = {"type": "raw", "required": specification[name]["required"]}
    assert specification == action.ARGUMENTS


def test_every_key_of_an_entry_is_documented() -> None:
    documented_keys = yaml.safe_load(build_plan.RETURN)["plan"]["contains"]
    entry = PlanEntry(image="a", action="build", region="r").to_dict()
    assert set(documented_keys) == set(entry)


@pytest.mark.parametrize("module", [build_plan, build_preflight], ids=["plan", "preflight"])
def test_examples_use_documented_options_only(module: types.ModuleType) -> None:
    options = yaml.safe_load(module.DOCUMENTATION)["options"]
    name = module.__name__.rpartition(".")[2]
    tasks = [
        task[f"golden.windows_ami.{name}"]
        for task in yaml.safe_load(module.EXAMPLES)
        if f"golden.windows_ami.{name}" in task
    ]
    assert tasks
    for task in tasks:
        assert set(task) <= set(options)
