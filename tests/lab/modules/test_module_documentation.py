# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's modules against the examples and return values that the real ones document."""

from __future__ import annotations

import ast
import typing as t

import pytest
import yaml

from lab.ansible.arguments import Validator
from lab.ansible.documentation import collection_folder, options_of
from lab.ansible.modules import _INTERNAL
from lab.ansible.ps_spec import read_spec
from tests.lab.modules.calls import Guest
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


CALLS: list[tuple[str, dict[str, t.Any]]] = [
    ("ansible.windows.slurp", {"src": "C:\\Windows\\System32\\drivers\\etc\\hosts"}),
    ("ansible.windows.win_certificate_info", {}),
    ("ansible.windows.win_environment", {"name": "A", "value": "b", "level": "machine", "state": "present"}),
    ("ansible.windows.win_feature", {"name": "Telnet-Client"}),
    ("ansible.windows.win_feature_info", {"name": "Web-Server"}),
    ("ansible.windows.win_find", {"paths": ["C:\\Windows\\System32\\drivers\\etc"]}),
    ("ansible.windows.win_firewall", {"state": "enabled"}),
    ("ansible.windows.win_hostname", {"name": "other"}),
    ("ansible.windows.win_ping", {}),
    ("ansible.windows.win_powershell", {"script": "1"}),
    ("ansible.windows.win_product_facts", {}),
    ("ansible.windows.win_reg_stat", {"path": "HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", "name": "UBR"}),
    ("ansible.windows.win_regedit", {"path": "HKLM:\\SOFTWARE\\G", "name": "a", "data": "b"}),
    ("ansible.windows.win_service", {"name": "WinRM"}),
    ("ansible.windows.win_service_info", {"name": "WinRM"}),
    ("ansible.windows.win_stat", {"path": "C:\\Windows\\explorer.exe"}),
    ("ansible.windows.win_tempfile", {}),
    ("ansible.windows.win_wait_for", {"port": 5985}),
    ("ansible.windows.win_whoami", {}),
    ("community.windows.win_scheduled_task_stat", {"path": "\\"}),
]
ALWAYS = ("always", "success")
# What the documentation has and the source has not, or under another name: there the source is right.
ONLY_DOCUMENTED = (
    "source",  # slurp
    "enabled",  # win_firewall has it per profile
    "services.failure_action_on_non_crash_failure",  # failure_actions_…
    "services.win32_exitcode",  # win32_exit_code
    # MajorVersion and so on
    *(f"features.additional_info.{key}" for key in ("major_version", "minor_version", "number_id_version")),
    "features.additional_info.install_name",
)


def _missing(documented: dict[str, t.Any], result: t.Any, where: str) -> list[str]:
    """Give the documented values that a result has not."""
    if isinstance(result, list):
        return [one for item in result for one in _missing(documented, item, where)]
    lacking = []
    for key, one in documented.items():
        if str(one.get("returned", "always")).lower() not in ALWAYS:
            continue
        if key not in result:
            lacking.append(f"{where}{key}")
        elif one.get("contains") and result[key]:
            lacking += _missing(one["contains"], result[key], f"{where}{key}.")
    return lacking


@pytest.mark.parametrize(("name", "args"), CALLS, ids=[name for name, _ in CALLS])
def test_a_result_has_what_is_documented(guest: Guest, name: str, args: dict[str, t.Any]) -> None:
    result = guest.ok(name, **args)
    documented = _block(name, "RETURN") or {}
    found = result["ansible_facts"] if "ansible_facts" in result and "ansible_facts" not in documented else result
    assert [key for key in _missing(documented, found, "") if key not in ONLY_DOCUMENTED] == []
