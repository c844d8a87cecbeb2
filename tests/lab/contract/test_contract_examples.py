# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented examples that use no script run against a guest prepared as they presume."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from lab.types import Completed
from tests.lab.contract import example_guest
from tests.lab.contract.documents import Example, examples
from tests.lab.contract.dump import difference, dump
from tests.lab.contract.example_table import (
    BY_PLAYBOOK,
    FAILED,
    REFUSED,
    SUBSTITUTES,
    UNPREDICTED,
    VARIABLES,
    Key,
    uses_script,
)
from tests.lab.modules.calls import Guest, become_plugin

RUN = [one for one in examples() if not uses_script(one) and one.key[0] not in BY_PLAYBOOK]


@pytest.fixture(scope="module")
def pristine() -> Guest:
    """The prepared guest that every example gets a copy of."""
    return example_guest.make()


@pytest.fixture
def prepared(pristine: Guest) -> Guest:
    """A guest with what the examples speak of."""
    guest = Guest(pristine.machine.snapshot())
    guest.machine.attach(network=pristine.machine.network)
    return guest


def _rendered(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: _rendered(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rendered(one) for one in value]
    if isinstance(value, str) and "{{" in value:
        return Templar(DataLoader(), VARIABLES).template(trust_as_template(value))
    return value


def _arguments(example: Example) -> dict[str, t.Any]:
    short = example.key[0]
    extra = SUBSTITUTES.get((short, 0), {}) | SUBSTITUTES.get(example.key, {})
    return _rendered(example.args) | extra


def _run(guest: Guest, example: Example, check: bool = False) -> Completed:
    """Run an example as the task says, with its become."""
    variables = _rendered(example.task.get("vars", {}))
    become = None
    if example.task.get("become"):
        user = example.task.get("become_user") or variables.get("ansible_become_user", "SYSTEM")
        password = variables.get("ansible_become_pass") or variables.get("ansible_become_password", "")
        become = become_plugin(user, password)
    internal = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_verbosity": 0}
    internal |= {"_ansible_module_name": example.module, "_ansible_remote_tmp": "%TEMP%"}
    return guest.raw(example.module, _arguments(example) | internal, become=become)


@pytest.mark.parametrize("example", RUN, ids=lambda one: f"{one.key[0]} {one.number}: {one.title[:40]}")
def test_an_example_runs(prepared: Guest, example: Example) -> None:
    example_guest.arrange(prepared, example)
    done = _run(prepared, example)
    if example.key in REFUSED:
        assert REFUSED[example.key] in done.stderr.decode()
        return
    assert done.stdout, done.stderr.decode()
    result = json.loads(done.stdout)
    if example.key in FAILED:
        assert FAILED[example.key] in result["msg"]
        return
    assert not result.get("failed"), result["msg"]
    assert isinstance(result["changed"], bool)


@pytest.mark.parametrize("example", RUN, ids=lambda one: f"{one.key[0]} {one.number}: {one.title[:40]}")
def test_check_mode_says_what_an_example_does(prepared: Guest, example: Example) -> None:
    example_guest.arrange(prepared, example)
    before = dump(prepared.machine)
    predicted = _run(prepared, example, check=True)
    assert difference(before, dump(prepared.machine)) == {}
    real = _run(prepared, example)
    if example.key in REFUSED:
        return
    says, does = json.loads(predicted.stdout), json.loads(real.stdout)
    if "does not support check mode" in says.get("msg", ""):
        assert says["skipped"]
        return
    right = all(bool(says.get(key)) is bool(does.get(key)) for key in ("changed", "failed"))
    assert right is (example.key not in UNPREDICTED), (says, does)


TABLES = {
    "substitutes": SUBSTITUTES,
    "refused": REFUSED,
    "failed": FAILED,
    "unpredicted": UNPREDICTED,
    "arranged": example_guest.ARRANGED,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_entry_of_a_table_is_of_an_example_that_runs(table: dict[Key, t.Any]) -> None:
    known = {example.key for example in RUN} | {(example.key[0], 0) for example in RUN}
    assert set(table) <= known


def test_no_example_is_said_to_fail_in_two_ways() -> None:
    assert not set(REFUSED) & set(FAILED)


def test_what_does_not_run_here_runs_in_a_playbook_or_is_a_script() -> None:
    left = {one.key for one in examples()} - {one.key for one in RUN}
    assert all(uses_script(one) or one.key[0] in BY_PLAYBOOK for one in examples() if one.key in left)
