# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of a script, and what the lab says to what it does not know."""

from __future__ import annotations

import pytest

from tests.lab.powershell.guests import run, running


def test_a_throw_is_caught_with_its_message() -> None:
    text = "try { throw 'bad' } catch { \"$_ | $($_.Exception.Message)\" } finally { 'last' }"
    assert run(text).lines == ["bad | bad", "last"]


def test_a_throw_that_nobody_catches_ends_the_script() -> None:
    done = run("'a'; throw 'bad'; 'b'")
    assert (done.rc, done.out) == (1, "a\n")
    assert "bad" in done.err
    assert "line:1" in done.err


def test_an_error_of_a_cmdlet_only_ends_its_statement() -> None:
    done = run("Get-Item C:\\nothing\n'goes on'")
    assert done.out == "goes on\n"
    assert "Get-Item : Cannot find path 'C:\\nothing' because it does not exist." in done.err
    assert "line:1" in done.err


@pytest.mark.parametrize(
    "text",
    [
        "$ErrorActionPreference = 'Stop'; Get-Item C:\\nothing; 'not here'",
        "Get-Item C:\\nothing -ErrorAction Stop; 'not here'",
    ],
)
def test_stop_makes_it_end_the_script(text: str) -> None:
    done = run(text)
    assert (done.rc, done.out) == (1, "")


def test_silently_continue_hides_an_error_and_remembers_it() -> None:
    text = (
        'gi C:\\nothing -ErrorAction SilentlyContinue; $ok = $?; "$ok $($Error.Count) $($Error[0].Exception.Message)"'
    )
    done = run(text)
    assert done.err == ""
    assert done.out == "False 1 Cannot find path 'C:\\nothing' because it does not exist.\n"


def test_a_catch_clause_is_chosen_by_its_type() -> None:
    text = "try { throw 'x' } catch [System.IO.IOException] { 'io' } catch { 'other' }"
    assert run(text).out == "other\n"


def test_a_bare_throw_throws_again() -> None:
    text = "try { try { throw 'inner' } catch { throw } } catch { \"outer: $_\" }"
    assert run(text).out == "outer: inner\n"


def test_an_error_inside_try_is_terminating_for_methods_too() -> None:
    assert run("try { 1 / 0 } catch { $_.Exception.Message }").out == "Attempted to divide by zero.\n"


def test_strict_mode_knows_unset_variables_and_properties() -> None:
    assert run("$x.y").rc == 0
    done = run(
        "Set-StrictMode -Version Latest\ntry { $unset } catch { $_.Exception.Message }\n$o = [pscustomobject]@{}\n$o.y"
    )
    assert "The variable '$unset' cannot be retrieved because it has not been set." in done.out
    assert "The property 'y' cannot be found on this object." in done.err


def test_a_program_that_is_not_there_can_be_caught() -> None:
    text = "try { & 'C:\\no\\such.exe' } catch [System.Management.Automation.CommandNotFoundException] { 'none' }"
    assert run(text).out == "none\n"


def test_redirected_errors_become_records_in_the_output() -> None:
    text = "$all = Get-Item C:\\nothing 2>&1; $all.Count; $all.Exception.Message"
    assert run(text).lines == ["1", "Cannot find path 'C:\\nothing' because it does not exist."]


def test_a_program_that_writes_to_its_error_stream_stops_a_script_that_redirects_it() -> None:
    text = "$ErrorActionPreference = 'Stop'; try { schtasks.exe /Run /TN none 2>&1 } catch { \"caught $_\" }"
    assert run(text).out.startswith("caught ERROR: The system cannot find the file specified.")


UNKNOWN = [
    ("Get-Something", "the cmdlet Get-Something"),
    ("Get-Service -Nonsense", "the parameter -Nonsense of Get-Service"),
    ("[System.Net.Dns]::GetHostName()", "[System.Net.Dns]::GetHostName()"),
    ("'a'.Nonsense()", "the method Nonsense of System.String"),
    ("[nonsense]'a'", "a cast to [nonsense]"),
    ("workflow w { 1 }", "line"),
    ("trap { 1 }", "the statement"),
    ("Get-CimInstance Win32_Nonsense", "the CIM class Win32_Nonsense"),
    ("Set-Item WSMan:\\localhost\\Nonsense 1", "WSMan:"),
    ("netsh.exe trace start", "netsh.exe trace start"),
    ('netsh name="a b"', "quotes inside the bare word"),
    ("while ($true) { }", "a loop of more than"),
]


@pytest.mark.parametrize(("text", "named"), UNKNOWN, ids=[text for text, _ in UNKNOWN])
def test_what_the_lab_does_not_know_fails_and_is_named(text: str, named: str) -> None:
    machine = running()
    done = run(f"try {{\n{text}\n}} catch {{ 'hidden' }}\n'went on'", machine)
    assert done.rc == 1
    assert "hidden" not in done.out
    assert "went on" not in done.out
    assert named in done.err


def test_it_is_also_in_the_labs_log() -> None:
    machine = running()
    run("\n\nGet-Something", machine)
    assert machine.extras["log"] == ["The lab's PowerShell does not know the cmdlet Get-Something (line 3)"]


def test_a_syntax_error_names_its_line_and_runs_nothing() -> None:
    done = run("'a'\nif (1 {")
    assert (done.rc, done.out) == (1, "")
    assert "line:2" in done.err
    assert "ParserError" in done.err
