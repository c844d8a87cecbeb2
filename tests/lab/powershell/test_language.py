# SPDX-License-Identifier: GPL-3.0-or-later
"""The language: what Windows PowerShell 5.1 answers to the same text."""

from __future__ import annotations

import pytest

from tests.lab.powershell.guests import run, running

EXPRESSIONS = [
    ("1 + 2 * 3", "7"),
    ("(1 + 2) * 3", "9"),
    ("7 / 2", "3.5"),
    ("6 / 2", "3"),
    ("-7 % 3", "-1"),
    ("2GB", "2147483648"),
    ("0x10 + 1kb", "1040"),
    ("'a' + 1", "a1"),
    ("'5' * 2", "55"),
    ("1 + '5'", "6"),
    ("'abc'.Substring(1, 1)", "b"),
    ("'a,b' -split ','", "a\nb"),
    ("'a', 'b' -join '-'", "a-b"),
    ("-join ('a', 'b')", "ab"),
    ("'x1y22' -replace '\\d+', '#'", "x#y#"),
    ("'John Doe' -replace '(\\w+) (\\w+)', '$2 $1'", "Doe John"),
    ("'abc' -match '^(?<first>.)'; $Matches['first']", "True\na"),
    ("'ABC' -eq 'abc'", "True"),
    ("'ABC' -ceq 'abc'", "False"),
    ("'abc' -like 'A*'", "True"),
    ("1, 2, 3, 2 -eq 2", "2\n2"),
    ("'a' -in 'b', 'A'", "True"),
    ("'b', 'A' -contains 'c'", "False"),
    ("'b', 'A' -notcontains 'c'", "True"),
    ("5 -gt '4'", "True"),
    ("'5' -gt 10", "True"),
    ("$true -and -not $false", "True"),
    ("!$null", "True"),
    ("1..3", "1\n2\n3"),
    ("3..1", "3\n2\n1"),
    ("(1, 2, 3)[-1]", "3"),
    ("@(1, 2, 3)[0..1]", "1\n2"),
    ("@().Count", "0"),
    ("@($null).Count", "1"),
    ("'text'.Count", "1"),
    ("'{0:D3}|{1,4}|{2,-4}|{3:X2}|{4:N1}' -f 7, 'a', 'b', 255, 1234.5", "007|   a|b   |FF|1,234.5"),
    ("'{{}} {0}' -f 1", "{} 1"),
    ("[string]5 + 5", "55"),
    ("[int]'5' + 5", "10"),
    ("[int]2.5", "2"),
    ("[int]3.5", "4"),
    ("[bool]'False'", "True"),
    ("[version]'1.10.0' -gt [version]'1.9.9'", "True"),
    ("5 -is [int]", "True"),
    ("'5' -as [int]", "5"),
    ("$null -eq $undefined", "True"),
    ("[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes('hi'))", "aGk="),
    ("[Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('aABpAA=='))", "hi"),
    ("[string]::IsNullOrEmpty('')", "True"),
    ("([datetime]'2026-11-22').AddDays(10).ToString('yyyy-MM-dd')", "2026-12-02"),
    ("'{0:yyyy-MM-ddTHH:mm:ss}' -f [datetime]'2026-11-22 16:45:01'", "2026-11-22T16:45:01"),
    ("([datetime]'2026-01-31').AddMonths(1).Month", "2"),
]


@pytest.mark.parametrize(("text", "wanted"), EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_an_expression_has_its_value(text: str, wanted: str) -> None:
    assert run(text).out == wanted + "\n"


STRINGS = [
    ('$a = "x"; "<$a>"', "<x>"),
    ("$a = 'x'; '<$a>'", "<$a>"),
    ('$a = "x"; "`$a $a"', "$a x"),
    ('$h = @{ k = 1 }; "$($h.k) $h.k"', "1 System.Collections.Hashtable.k"),
    ('$a = 1, 2; "$a"', "1 2"),
    ('"a`tb"', "a\tb"),
    ('"say ""hi"""', 'say "hi"'),
    ("'it''s'", "it's"),
    ('"é ${env:COMPUTERNAME}" -eq "é $env:COMPUTERNAME"', "True"),
    ('$n = 1; "${n}: $n"', "1: 1"),
    ('$a = \'v\'\n@"\nfirst $a\n"second"\n"@', 'first v\n"second"'),
    ("@'\nraw $a\n'@", "raw $a"),
    ('"$(1; 2)"', "1 2"),
]


@pytest.mark.parametrize(("text", "wanted"), STRINGS, ids=[text for text, _ in STRINGS])
def test_a_string_is_what_its_quotes_say(text: str, wanted: str) -> None:
    assert run(text).out == wanted + "\n"


STATEMENTS = [
    ("if (0) { 'a' } elseif ('x') { 'b' } else { 'c' }", "b"),
    ("if (0) { 'a' } elseif (0) { 'b' } else { 'c' }", "c"),
    ("$x = if (1) { 'a' }; $x", "a"),
    ("foreach ($i in 1..4) { if ($i -eq 2) { continue }; if ($i -eq 4) { break }; $i }", "1\n3"),
    ("$i = 0; while ($i -lt 3) { $i++ }; $i", "3"),
    ("$i = 0; do { $i += 2 } until ($i -ge 4); $i", "4"),
    ("for ($i = 0; $i -lt 3; $i++) { $i }", "0\n1\n2"),
    ("switch ('b') {\n'a' { 1 }\n'b' { 2 }\ndefault { 3 }\n}", "2"),
    ("switch ('z') {\n'a' { 1 }\ndefault { 3 }\n}", "3"),
    ("$a, $b = 1, 2, 3; $b -join '+'", "2+3"),
    ("$h = @{ a = 1 }; $h.b = 2; $h['c'] = 3; $h.Count", "3"),
    ("$h = [ordered]@{ z = 1; a = 2 }; $h.Keys", "z\na"),
    ("$o = [pscustomobject]@{ Name = 'n' }; $o.Name = 'm'; $o.name", "m"),
    ("$a = @(); $a += 'x'; $a += 'y'; $a.Count", "2"),
    ("$a = $b = 5; $a + $b", "10"),
    ("$l = [System.Collections.ArrayList]::new(); [void]$l.Add(1); $l.Count", "1"),
    ("(Get-Variable PID).Name", "PID"),
    ("1, 2, 3 | Where-Object { $_ -gt 1 } | ForEach-Object { $_ * 10 }", "20\n30"),
    ("'b', 'a' | Sort-Object | Select-Object -First 1", "a"),
    ("'a', 'b' | ForEach-Object ToUpper", "A\nB"),
    ('& { param($x, [switch] $s) "$x $s" } 5 -s', "5 True"),
    ("$b = { param($x) $x + 1 }; & $b 2", "3"),
    ("1; return; 2", "1"),
    ("@{ a = @{ b = 1, 2 } } | ConvertTo-Json -Compress", '{"a":{"b":[1,2]}}'),
    ('(\'{"a": {"b": [1, 2]}}\' | ConvertFrom-Json).a.b[1]', "2"),
]


@pytest.mark.parametrize(("text", "wanted"), STATEMENTS, ids=[text for text, _ in STATEMENTS])
def test_a_statement_does_what_it_says(text: str, wanted: str) -> None:
    done = run(text)
    assert (done.out, done.err) == (wanted + "\n", "")


def test_a_function_binds_by_name_position_and_prefix() -> None:
    text = """
    function Show {
        param([Parameter(Mandatory)] [string] $Name, [int] $Count = 2, [switch] $Loud)
        "$Name/$Count/$Loud/$($PSBoundParameters.Count)"
    }
    Show a
    Show -Count 3 b -Loud
    Show -n c
    $arguments = @{ Name = 'd'; Loud = $true }
    Show @arguments
    """
    assert run(text).lines == ["a/2/False/1", "b/3/True/3", "c/2/False/1", "d/2/True/2"]


def test_a_function_sees_but_does_not_change_the_variables_outside() -> None:
    text = '$a = 1; function F { $a = 2; $script:b = $a }; F; "$a $b"'
    assert run(text).out == "1 2\n"


def test_a_process_block_runs_for_every_item() -> None:
    text = "function Twice {\nbegin { 'b' }\nprocess { $_ * 2 }\nend { 'e' }\n}\n1, 2 | Twice"
    assert run(text).lines == ["b", "2", "4", "e"]


def test_a_script_may_be_made_of_blocks() -> None:
    text = "param($Greeting = 'hi')\nbegin { \"begin $Greeting\" }\nprocess { \"process $_\" }\nend {\n  'end'\n}"
    assert run(text).lines == ["begin hi", "process ", "end"]
    machine = running()
    machine.files.write("C:\\blocks.ps1", text)
    assert run("1, 2 | C:\\blocks.ps1 -Greeting hey", machine).lines == ["begin hey", "process 1", "process 2", "end"]


def test_the_parameters_of_a_script_have_their_defaults() -> None:
    assert run("param([int]$Count = 2)\n$Count + 1").out == "3\n"
    assert run("param($Only)").out == ""


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", "& { }", "$block = {}; & $block"])
def test_nothing_gives_nothing(text: str) -> None:
    assert run(text) == (0, "", "")


@pytest.mark.parametrize("text", ["begin { 1 } 'loose'", "end { 1 }\n'loose'", "1 } ; { 2", "clean { 1 }"])
def test_blocks_beside_other_statements_are_an_error(text: str) -> None:
    assert run(text).err


def test_output_before_an_exit_is_kept() -> None:
    done = run("'before'; exit 7; 'after'")
    assert (done.rc, done.out) == (7, "before\n")


@pytest.mark.parametrize(("text", "rc"), [("Get-Item C:\\nothing", 1), ("Get-Item C:\\nothing; 'x'", 0), ("$false", 0)])
def test_the_exit_code_is_that_of_the_last_statement(text: str, rc: int) -> None:
    assert run(text).rc == rc
