# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines of powershell.exe as they arrive over WinRM."""

from __future__ import annotations

import pytest

from lab.execution import execute
from lab.windows.machine import Machine
from tests.lab.modules.calls import encoded
from tests.lab.powershell.guests import running


@pytest.fixture
def machine() -> Machine:
    machine = running()
    machine.files.write("C:\\say.ps1", 'param([string]$Name = "nobody", [switch]$Loud, $Times)\n"$Name $Loud $Times"')
    return machine


def _out(machine: Machine, line: str, stdin: bytes = b"") -> tuple[int, str]:
    done = execute(machine, line, stdin, "Administrator")
    return done.rc, done.stdout.decode().strip() or done.stderr.decode().strip()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "nobody False"),
        ("-Name Ann -Loud", "Ann True"),
        ("Ann 3", "Ann False 3"),
        ('-Name "Ann Lee" -Times:2', "Ann Lee False 2"),
    ],
)
def test_a_script_file_gets_its_arguments(machine: Machine, arguments: str, said: str) -> None:
    line = f"powershell.exe -NoProfile -ExecutionPolicy Bypass -File C:\\say.ps1 {arguments}"
    assert _out(machine, line) == (0, said)


def test_a_script_file_that_is_not_there_is_named(machine: Machine) -> None:
    code, text = _out(machine, "powershell -File C:\\none.ps1 -Name x")
    assert code != 0
    assert "The argument 'C:\\none.ps1' to the -File parameter does not exist." in text


@pytest.mark.parametrize(
    "line", ["powershell -", "powershell", "PowerShell.exe -NoProfile -Command -"], ids=["dash", "bare", "command"]
)
def test_a_script_comes_on_standard_input(machine: Machine, line: str) -> None:
    assert _out(machine, line, b"'from stdin'") == (0, "from stdin")


@pytest.mark.parametrize("script", ["\n", " \n", "# a comment", "<# a\nb #>"])
def test_a_script_of_nothing_does_nothing(machine: Machine, script: str) -> None:
    assert _out(machine, encoded(script)) == (0, "")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("powershell -Sideways x", "powershell.exe -Sideways"),
        ("powershell -EncodedCommand %%%", "not base64"),
        ("winrm.cmd quickconfig", "the program C:\\Windows\\System32\\winrm.cmd"),
        ("nonsense.exe /x", "'nonsense.exe' is not recognized"),
    ],
)
def test_what_the_lab_does_not_know_fails_and_is_named(machine: Machine, line: str, named: str) -> None:
    code, text = _out(machine, line)
    assert code != 0
    assert named in text
