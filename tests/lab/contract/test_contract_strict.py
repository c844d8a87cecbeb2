# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab does not know fails and is named: every module, cmdlet and program, not a choice of them.

Statements, types and methods of PowerShell are in tests/lab/powershell, requests of WinRM in tests/lab/wsman, calls of
AWS in tests/lab/ec2.
"""

from __future__ import annotations

import importlib
import pathlib

import pytest
from ansible.plugins.loader import module_loader

import lab.powershell  # noqa: F401 - declares the cmdlets
from lab.execution import execute
from lab.powershell.registry import CMDLETS
from tests.lab.contract.documents import names, tasks
from tests.lab.contract.example_guest import SEVEN_ZIP
from tests.lab.modules.calls import Guest, encoded, make_guest
from tests.lab.powershell.guests import run, running

COLLECTIONS = ("ansible.windows", "community.windows", "microsoft.iis")
TENTACLE = "C:\\Program Files\\Octopus Deploy\\Tentacle\\Tentacle.exe"


def _installed() -> list[str]:
    found = []
    for collection in COLLECTIONS:
        package = importlib.import_module(f"ansible_collections.{collection}.plugins")
        for folder in package.__path__:
            scripts = pathlib.Path(folder, "modules").glob("*.ps1")
            found += [f"{collection}.{script.stem}" for script in scripts]
    return sorted(found)


MISSING = sorted(set(_installed()) - set(names()))


@pytest.fixture(scope="module", params=[("2022", "v2"), ("2019", "v1")], ids=["2022", "2019"])
def guest(request: pytest.FixtureRequest) -> Guest:
    """A guest for what is refused before it changes anything."""
    guest = make_guest(*request.param)
    guest.machine.files.write("C:\\setup.exe", SEVEN_ZIP)
    guest.machine.files.write(TENTACLE, b"MZ", parents=True)
    return guest


@pytest.fixture(scope="module")
def other() -> Guest:
    """Another guest."""
    return make_guest()


def test_there_are_modules_that_the_lab_has_not() -> None:
    assert len(MISSING) > 50
    assert all(module_loader.find_plugin_with_context(name, mod_type=".ps1").resolved for name in MISSING)


@pytest.mark.parametrize("name", MISSING)
def test_a_module_that_the_lab_has_not_is_named(other: Guest, name: str) -> None:
    done = other.raw(name, {})
    assert done.rc == 1
    assert done.stdout == b""
    assert f"The lab does not support this: the module '{name}'" in done.stderr.decode()


def test_a_parameter_that_a_cmdlet_has_not_is_named() -> None:
    # For this one the grammar has a rule of its own, and its script block comes first.
    calls = {name: f"{name} -NoSuchParameter" for name in CMDLETS if name != "foreach-object"}
    calls["foreach-object"] = "1 | ForEach-Object { 1 } -NoSuchParameter"
    assert len(calls) > 90
    machine = running()
    for name, text in calls.items():
        done = run(text, machine)
        assert done.rc == 1, text
        assert f"does not know the parameter -nosuchparameter of {name}" in done.err.lower(), done.err


def test_a_switch_that_a_program_has_not_is_named(guest: Guest) -> None:
    programs = [node.path for node in guest.machine.files.walk("C:\\") if node.path.lower().endswith((".exe", ".cmd"))]
    assert len(programs) > 25
    for path in programs:
        done = execute(guest.machine, f'"{path}" -wrong:1', b"", "Administrator")
        text = done.stderr.decode()
        assert done.rc != 0, path
        assert "The lab does not support this" in text, path
        assert path.rpartition("\\")[2].lower() in text.lower() or "-wrong:1" in text, text


@pytest.mark.parametrize("command", ["type C:\\foo.txt", "dir", "reg.exe query HKLM", "C:\\nothing.exe", "wmic os get"])
def test_a_program_that_is_not_there_is_named(other: Guest, command: str) -> None:
    done = execute(other.machine, command, b"", "Administrator")
    assert done.rc != 0
    assert command.split()[0].encode() in done.stderr


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("Get-Unicorn", "the cmdlet Get-Unicorn"),
        ("[System.Nonsense]::New()", "[System.Nonsense]"),
        ("$x = 1; $x.Nonsense()", "the method Nonsense"),
        ("class A { }", "the statement"),
        ("1 ?? 2", "ParserError"),
        ("if (1 {", "ParserError"),
    ],
)
def test_a_script_that_the_lab_cannot_run_says_so_whoever_sends_it(other: Guest, script: str, named: str) -> None:
    by_wire = execute(other.machine, encoded(script), b"", "Administrator").stderr.decode()
    by_shell = other.run("win_shell", _raw_params=script)
    by_module = other.raw("ansible.windows.win_powershell", {"script": script})
    assert named in by_wire
    assert by_shell["failed"]
    assert named in by_shell["stderr"]
    assert by_module.rc != 0
    assert named in (by_module.stderr + by_module.stdout).decode()


def test_the_list_of_examples_is_not_empty_by_mistake() -> None:
    assert all(tasks(name) for name in names())
