# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pipeline is given and what it gives, as pypsrp sees it."""

from __future__ import annotations

import datetime

import pytest
from pypsrp.complex_objects import ObjectMeta, PSInvocationState
from pypsrp.powershell import PowerShell

from tests.lab.psrp.guests import Desk, host, run


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("'text'; 'Grüße 🪟'; \"two`nlines\"; '_x000A_'; ''", ["text", "Grüße 🪟", "two\nlines", "_x000A_", ""]),
        ("1; -2; 3000000000; 1.5", [1, -2, 3_000_000_000, 1.5]),
        ("$true; $null; $false", [True, None, False]),
        ("1, 2; ,@(3, 4)", [1, 2, [3, 4]]),
        ("@{ a = 1; b = @('x', 'y') }", [{"a": 1, "b": ["x", "y"]}]),
        ("$null = 1", []),
    ],
    ids=["text", "numbers", "constants", "arrays", "hashtables", "nothing"],
)
def test_plain_values(desk: Desk, script: str, output: list[object]) -> None:
    with desk.pool() as pool:
        pipeline = run(pool, script)

    assert pipeline.output == output
    assert pipeline.state == PSInvocationState.COMPLETED


def test_moments(desk: Desk) -> None:
    with desk.pool() as pool:
        (moment,) = run(pool, "Get-Date").output

    assert abs(datetime.datetime.fromisoformat(str(moment)).replace(tzinfo=None) - _now(desk)).total_seconds() < 60


def _now(desk: Desk) -> datetime.datetime:
    return desk.guest.machine.clock().replace(tzinfo=None)


def test_objects_have_properties_and_text(desk: Desk) -> None:
    with desk.pool() as pool:
        custom, service = run(pool, "[pscustomobject]@{ Name = 'x'; Size = 3 }; Get-Service -Name WinRM").output

    assert custom.extended_properties == {"Name": "x", "Size": 3}
    assert str(custom.to_string) == "@{Name=x; Size=3}"
    assert service.adapted_properties["Name"] == "WinRM"
    assert "System.ServiceProcess.ServiceController" in service.types


def test_objects_within_objects_go_as_their_text(desk: Desk) -> None:
    with desk.pool() as pool:
        (outer,) = run(pool, "[pscustomobject]@{ Service = (Get-Service -Name WinRM); Plain = @{ a = 1 } }").output

    assert isinstance(outer.extended_properties["Service"], str)
    assert outer.extended_properties["Plain"] == {"a": 1}


def test_arguments(desk: Desk) -> None:
    with desk.pool() as pool:
        by_place = run(pool, 'param($Name, [int]$Count) "$Name $($Count + 1)"', "x", 3)
        rest = run(pool, "$args.Count; $args[1]", "a", {"k": [1, None]})
        by_name = PowerShell(pool)
        by_name.add_script('param([string]$Name, [switch]$Loud) "$Name $Loud"')
        by_name.add_parameter("Name", "y").add_parameter("Loud", True)
        by_name.invoke()

    assert by_place.output == ["x 4"]
    assert rest.output == [2, {"k": [1, None]}]
    assert by_name.output == ["y True"]


def test_input(desk: Desk) -> None:
    blocks = "$input | & { begin { 'first' } process { \"<$_>\" } end { 'last' } }"
    with desk.pool() as pool:
        whole = run(pool, "$input | ForEach-Object { $_ * 2 }", piped=[1, 2, 3])
        each = run(pool, blocks, piped=["a", "b"])
        nulls = run(pool, "$input", piped=[None, 1, None])
        none = run(pool, "@($input).Count", piped=[])

    assert whole.output == [2, 4, 6]
    assert each.output == ["first", "<a>", "<b>", "last"]
    assert nulls.output == [None, 1, None]
    assert none.output == [0]


def test_cmdlets_in_a_row_and_one_after_the_other(desk: Desk) -> None:
    with desk.pool() as pool:
        pipeline = PowerShell(pool)
        pipeline.add_cmdlet("Get-Service").add_parameter("Name", "WinRM")
        pipeline.add_cmdlet("Select-Object").add_parameter("ExpandProperty", "Name").add_statement()
        pipeline.add_cmdlet("Write-Output").add_argument("second")
        pipeline.invoke()

    assert pipeline.output == ["WinRM", "second"]


def test_streams(desk: Desk) -> None:
    script = (
        "$VerbosePreference = 'Continue'; Write-Warning w; Write-Verbose v; Write-Debug d; Write-Information i; 'o'"
    )
    with desk.pool() as pool:
        pipeline = run(pool, script)

    streams = pipeline.streams
    assert pipeline.output == ["o"]
    assert [str(record) for record in streams.warning] == ["w"]
    assert [str(record) for record in streams.verbose] == ["v"]
    assert streams.debug == [], "the preference says no"
    assert [record.message_data for record in streams.information] == ["i"]


def test_what_is_said_to_the_host(desk: Desk) -> None:
    ours = host()
    with desk.pool(host=ours) as pool:
        pipeline = run(pool, "Write-Host one; Write-Host two -NoNewline; Write-Host ' three'; 'output'")

    assert "".join(ours.ui.stdout) == "one\r\ntwo three\r\n"
    assert [record.message_data for record in pipeline.streams.information] == ["one", "two", " three"]
    assert pipeline.output == ["output"]


def test_a_client_without_a_host_is_not_called(desk: Desk) -> None:
    with desk.pool() as pool:
        pipeline = run(pool, "Write-Host one; exit 3")

    assert pipeline.state == PSInvocationState.COMPLETED
    assert [record.message_data for record in pipeline.streams.information] == ["one"]


def test_the_exit_code_goes_to_the_host(desk: Desk) -> None:
    ours = host()
    with desk.pool(host=ours) as pool:
        pipeline = run(pool, "'before'; exit 3; 'after'")
        assert (pipeline.output, pipeline.state, ours.rc) == (["before"], PSInvocationState.COMPLETED, 3)
        ours.rc = 0
        program = run(pool, "hostname.exe; exit $LASTEXITCODE")
        assert (program.output, ours.rc) == ([desk.guest.machine.name], 0)
        run(pool, "cmd.exe /c exit 7; exit $LASTEXITCODE")
        assert ours.rc == 7


def test_an_error_that_does_not_end_it(desk: Desk) -> None:
    with desk.pool() as pool:
        pipeline = run(pool, "'a'\nGet-Service -Name nobody\n'b'")

    (error,) = pipeline.streams.error
    assert pipeline.output == ["a", "b"]
    assert (pipeline.state, pipeline.had_errors) == (PSInvocationState.COMPLETED, False)
    assert "nobody" in str(error)
    assert error.command_name == "Get-Service"
    assert error.invocation_position_message.startswith("At line:2")
    assert "[Get-Service]" in error.message


@pytest.mark.parametrize(
    "script",
    ["'a'; throw 'no more'; 'b'", "'a'; $ErrorActionPreference = 'Stop'; Write-Error 'no more'; 'b'"],
    ids=["throw", "stop"],
)
def test_an_error_that_ends_it(desk: Desk, script: str) -> None:
    with desk.pool() as pool:
        pipeline = run(pool, script)

    assert pipeline.output == ["a"]
    assert (pipeline.state, pipeline.had_errors) == (PSInvocationState.FAILED, True)
    assert [str(error) for error in pipeline.streams.error] == ["no more"]


def test_errors_in_the_output_when_the_client_says_so(desk: Desk) -> None:
    with desk.pool() as pool:
        pipeline = PowerShell(pool)
        pipeline.add_script("'a'; Write-Error 'b'; 'c'").merge_error("output")
        pipeline.invoke()

    assert [str(one) for one in pipeline.output] == ["a", "b", "c"]
    assert pipeline.streams.error == []


def test_secrets_are_encrypted_both_ways(desk: Desk) -> None:
    script = "param($Secret) $Secret.GetType().Name; $Secret"
    with desk.pool() as pool:
        pool.exchange_keys()
        pipeline = run(pool, script, pool.serialize("Pa55:wörd!", ObjectMeta("SS")))

    assert pipeline.output == ["SecureString", "Pa55:wörd!"]


def test_output_and_input_that_no_envelope_can_hold(desk: Desk) -> None:
    text = "".join(chr(0x4E00 + index % 5000) for index in range(700_000))
    with desk.pool() as pool:
        one = run(pool, "$input", piped=[text])
        many = run(pool, "1..5000")

    assert one.output == [text]
    assert many.output == list(range(1, 5001))


def test_a_small_envelope(desk: Desk) -> None:
    with desk.pool(wsman={"max_envelope_size": 16_384}) as pool:
        pipeline = run(pool, "$input; 'y' * 100000", piped=["x" * 100_000])

    assert pipeline.output == ["x" * 100_000, "y" * 100_000]
