# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read from the modules' sources and documentation, for every module that the lab has."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from lab.ansible.documentation import collection_folder, options_of
from lab.ansible.ps_spec import OPAQUE, read_spec, supports_check_mode
from lab.windows import modules


def _names() -> list[str]:
    found = []
    for info in pkgutil.iter_modules(modules.__path__):
        module = importlib.import_module(f"lab.windows.modules.{info.name}")
        found += list(getattr(module, "NAMES", ()))
    return found


def _source(name: str) -> str:
    namespace, collection, module = name.split(".")
    return (collection_folder(f"{namespace}.{collection}") / "plugins" / "modules" / f"{module}.ps1").read_text()


@pytest.mark.parametrize("name", _names())
def test_documentation_and_source_have_the_same_options(name: str) -> None:
    spec = read_spec(_source(name))
    if spec is None:
        return  # written with the legacy utilities: there is only the documentation
    documented = {option.name: option for option in options_of(name)}
    for option, one in spec.get("options", {}).items():
        assert option in documented
        if isinstance(one, dict) and one.get("required") is True:
            assert documented[option].required
        if isinstance(one, dict) and one.get("default", OPAQUE) is not OPAQUE and not isinstance(one["default"], list):
            # One text is a list of one text where a list is wanted.
            assert documented[option].default in (one["default"], [one["default"]])


def test_the_lab_has_the_modules_that_are_needed() -> None:
    assert len(_names()) >= 30
    assert {"ansible.windows.setup", "ansible.windows.win_ping", "ansible.windows.win_feature"} <= set(_names())


def test_rules_of_a_specification_are_read() -> None:
    spec = read_spec(_source("ansible.windows.win_environment"))
    assert spec is not None
    assert spec["mutually_exclusive"] == [["variables", "name"], ["variables", "value"], ["variables", "state"]]
    assert spec["required_one_of"] == [["name", "variables"]]


def test_nested_rules_and_secrets_are_read() -> None:
    spec = read_spec(_source("ansible.windows.win_powershell"))
    assert spec is not None
    inner = spec["options"]["sensitive_parameters"]
    assert inner["options"]["password"]["no_log"] is True
    assert inner["required_together"] == [["username", "password"]]


def test_what_is_no_literal_is_opaque() -> None:
    spec = read_spec(
        "$spec = @{\n  options = @{ a = @{ type = $kind; default = (Get-It -Now) }; b = @{ type = 'str' } }\n}"
    )
    assert spec == {"options": {"a": {"type": OPAQUE, "default": OPAQUE}, "b": {"type": "str"}}}


def test_check_mode_is_read_from_both_kinds_of_source() -> None:
    assert supports_check_mode(_source("ansible.windows.win_feature"))
    assert not supports_check_mode(_source("ansible.windows.win_command"))
    assert not supports_check_mode(_source("ansible.windows.win_shell"))
