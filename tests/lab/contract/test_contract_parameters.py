# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module of the lab accepts is what the installed collection documents, no more and no less."""

from __future__ import annotations

import typing as t

import pytest

from lab.ansible.documentation import options_of
from tests.lab.contract.documents import names, options
from tests.lab.modules.calls import Guest, make_guest

# What is accepted and not documented: an action plugin adds it, or the source has it and the documentation has lost it.
UNDOCUMENTED: dict[str, tuple[str, ...]] = {
    "ansible.windows.async_status": ("_async_dir",),
    "ansible.windows.win_copy": ("_copy_mode", "_original_basename", "directories", "files", "symlinks", "follow"),
    "ansible.windows.win_file": ("_original_basename", "recurse"),
    "ansible.windows.win_shell": ("_raw_params", "cmd"),
    "community.windows.win_firewall_rule": ("interfacetypes", "edge", "security"),
}
# Documented, and named otherwise in what the controller sends.
RENAMED = {"free_form"}
# setup takes whatever gather_facts was given, as the real one does.
OPEN = {"ansible.windows.setup"}
# async_status fails for a job that is not there before the rest is looked at: it needs its internal option.
ALWAYS = {"ansible.windows.async_status": {"_async_dir": "C:\\Temp"}}

NAMES = [name for name in names() if name not in OPEN]


@pytest.fixture(scope="module")
def shared() -> Guest:
    """A guest for calls that are refused before they reach it."""
    return make_guest()


def _required(name: str) -> dict[str, t.Any]:
    sample = {"str": "x", "path": "C:\\x", "int": 1, "bool": True, "list": ["x"], "dict": {}, "raw": "x"}
    return {
        option: one["choices"][0] if one.get("choices") else sample[one.get("type", "str")]
        for option, one in options(name).items()
        if one.get("required")
    }


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_answered_with_the_documented_ones(shared: Guest, name: str) -> None:
    message = shared.run(name, no_such_option=1, **_required(name))["msg"]
    head, _, listed = message.partition("Supported parameters include: ")
    assert "no_such_option" in head
    documented = {alias for key, one in options(name).items() for alias in (key, *one.get("aliases", ()))} - RENAMED
    assert set(listed.split(", ")) - {""} == documented | set(UNDOCUMENTED.get(name, ()))


REQUIRED = [(name, option) for name in names() for option in _required(name) if option not in RENAMED]


@pytest.mark.parametrize(("name", "option"), REQUIRED, ids=[":".join(one) for one in REQUIRED])
def test_a_required_option_must_be_given(shared: Guest, name: str, option: str) -> None:
    rest = {key: value for key, value in _required(name).items() if key != option}
    result = shared.run(name, **rest, **ALWAYS.get(name, {}))
    assert result["failed"]
    assert option in result["msg"]
    assert "issing required argument" in result["msg"]


CHOICES = [
    (name, option)
    for name in names()
    for option, one in options(name).items()
    if one.get("choices") and one.get("type") != "bool"
]


@pytest.mark.parametrize(("name", "option"), CHOICES, ids=[":".join(one) for one in CHOICES])
def test_a_wrong_choice_is_answered_with_the_documented_ones(shared: Guest, name: str, option: str) -> None:
    one = options(name)[option]
    wrong: t.Any = 98765 if one.get("type") == "int" else "no-such-choice"
    message = shared.run(name, **{**_required(name), **ALWAYS.get(name, {}), option: wrong})["msg"]
    legacy = f"Argument {option} needs to be one of {','.join(map(str, one['choices']))} but was {wrong}."
    kind = "one or more of" if one.get("type") == "list" else "one of"
    modern = f"value of {option} must be {kind}: {', '.join(map(str, one['choices']))}. Got no match for: {wrong}"
    assert message in (f"Get-AnsibleParam: {legacy}", modern)


@pytest.mark.parametrize("name", names())
def test_types_defaults_and_aliases_are_the_documented_ones(name: str) -> None:
    lab = {option.name: option for option in options_of(name)}
    for option, one in options(name).items():
        assert lab[option].default == one.get("default"), option
        assert lab[option].type == one.get("type", "str"), option
        assert set(lab[option].aliases) == set(one.get("aliases", ())), option
        assert lab[option].required == bool(one.get("required")), option
    assert lab.keys() == options(name).keys()
