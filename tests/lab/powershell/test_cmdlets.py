# SPDX-License-Identifier: GPL-3.0-or-later
"""Cmdlets act on the machine, and say what they find there."""

from __future__ import annotations

import datetime

import pytest

from lab.windows.errors import NetworkError
from lab.windows.machine import Machine
from lab.windows.runtime import HttpResponse
from tests.lab.powershell.guests import run, running


@pytest.fixture
def machine() -> Machine:
    return running()


# --- files ----------------------------------------------------------------------------------------------------------


def test_content_goes_in_and_comes_out(machine: Machine) -> None:
    text = """
    New-Item -Path C:\\data -ItemType Directory | Out-Null
    Set-Content -Path C:\\data\\a.txt -Value 'one', 'two'
    Add-Content -Path C:\\data\\a.txt -Value 'three'
    (Get-Content C:\\data\\a.txt).Count
    Get-Content C:\\data\\a.txt -Tail 1
    (Get-Content C:\\data\\a.txt -Raw).Length
    """
    assert run(text, machine).lines == ["3", "three", "17"]
    assert machine.files.read("C:\\data\\a.txt") == b"one\r\ntwo\r\nthree\r\n"


def test_encodings_are_those_of_windows_powershell(machine: Machine) -> None:
    run("Set-Content C:\\a 'é'; 'é' | Out-File C:\\b; 'é' | Out-File C:\\c -Encoding utf8; 'é' > C:\\d", machine)
    content = [machine.files.read(f"C:\\{name}") for name in "abcd"]
    utf16 = b"\xff\xfe" + "é\r\n".encode("utf-16-le")
    assert content == [b"\xe9\r\n", utf16, b"\xef\xbb\xbf" + "é\r\n".encode(), utf16]


def test_a_directory_that_is_missing_is_an_error(machine: Machine) -> None:
    assert "Could not find a part of the path 'C:\\no\\a.txt'" in run("Set-Content C:\\no\\a.txt x", machine).err
    assert run("New-Item C:\\Windows -ItemType Directory", machine).rc == 1
    assert run("New-Item C:\\Windows -ItemType Directory -Force | Out-Null", machine).rc == 0


def test_children_are_listed_and_removed(machine: Machine) -> None:
    text = """
    foreach ($name in 'a.log', 'b.log', 'c.txt') { New-Item -Path "C:\\d\\$name" -Force | Out-Null }
    (Get-ChildItem C:\\d -Filter *.log).Name -join ','
    Remove-Item C:\\d\\*.log
    Get-ChildItem C:\\d | Select-Object -ExpandProperty Name
    Remove-Item C:\\d
    Test-Path C:\\d -PathType Container
    Remove-Item C:\\d -Recurse
    Test-Path C:\\d
    """
    done = run(text, machine)
    assert done.lines == ["a.log,b.log", "c.txt", "True", "False"]
    assert "has children and the Recurse parameter was not specified" in done.err


def test_files_are_copied_moved_and_hashed(machine: Machine) -> None:
    text = """
    Set-Content C:\\a.txt 'x' -NoNewline
    Copy-Item C:\\a.txt C:\\b.txt
    Move-Item C:\\b.txt C:\\Windows\\Temp
    Test-Path C:\\b.txt
    (Get-FileHash C:\\Windows\\Temp\\b.txt).Hash
    """
    assert run(text, machine).lines == ["False", "2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881"]


def test_a_transcript_keeps_what_the_console_shows(machine: Machine) -> None:
    run(
        "Start-Transcript -Path C:\\t\\log.txt | Out-Null; 'shown'; Write-Host 'host'; Stop-Transcript; 'after'",
        machine,
    )
    text = machine.files.read_text("C:\\t\\log.txt")
    assert "shown\r\nhost\r\n" in text
    assert "after" not in text


# --- registry -------------------------------------------------------------------------------------------------------


def test_registry_values_are_properties(machine: Machine) -> None:
    text = """
    New-Item -Path HKLM:\\SOFTWARE\\Lab -Force | Out-Null
    New-ItemProperty -Path HKLM:\\SOFTWARE\\Lab -Name Number -Value 5 -PropertyType DWord | Out-Null
    Set-ItemProperty -Path HKLM:\\SOFTWARE\\Lab -Name Text -Value 'a'
    (Get-ItemProperty HKLM:\\SOFTWARE\\Lab).Number + 1
    (Get-ItemProperty HKLM:\\SOFTWARE\\Lab -Name Text).Text
    (Get-Item HKLM:\\SOFTWARE\\Lab).Property -join ','
    Remove-ItemProperty HKLM:\\SOFTWARE\\Lab -Name Text
    Get-ItemProperty HKLM:\\SOFTWARE\\Lab -Name Text
    """
    done = run(text, machine)
    assert done.lines == ["6", "a", "Number,Text"]
    assert "Property Text does not exist at path HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab." in done.err
    assert machine.registry.get("HKLM\\SOFTWARE\\Lab", "Number") == ("DWord", 5)


def test_a_key_needs_its_parent_unless_forced(machine: Machine) -> None:
    assert run("New-Item HKLM:\\SOFTWARE\\No\\Such", machine).rc == 1
    assert (
        run("New-Item HKLM:\\SOFTWARE\\No\\Such -Force | Out-Null; Test-Path HKLM:\\SOFTWARE\\No", machine).out
        == "True\n"
    )


def test_hkcu_is_the_hive_of_the_user(machine: Machine) -> None:
    run("New-Item HKCU:\\Software\\Lab -Force | Out-Null", machine, user="Administrator")
    sid = machine.user_sid("Administrator")
    assert machine.registry.key_exists(f"HKU\\{sid}\\Software\\Lab")
    assert run("Test-Path HKCU:\\Software\\Lab", machine, user="SYSTEM").out == "False\n"


# --- services, firewall, certificates, WinRM ------------------------------------------------------------------------


def test_services_start_stop_and_are_configured(machine: Machine) -> None:
    text = """
    Set-Service -Name WinRM -StartupType Manual
    Stop-Service WinRM -PassThru | Select-Object -ExpandProperty Status
    (Get-Service WinRM).StartType
    Start-Service WinRM
    (Get-Service -Name Win*m).Status
    Restart-Service Nonsense
    """
    done = run(text, machine)
    assert done.lines == ["Stopped", "Manual", "Running"]
    assert "Cannot find any service with service name 'Nonsense'." in done.err


def test_a_service_without_its_binary_does_not_start(machine: Machine) -> None:
    done = run("New-Service Broken C:\\no.exe | Out-Null; Start-Service Broken", machine)
    assert "cannot be started due to the following error: The system cannot find the file specified" in done.err


def test_firewall_rules_come_and_go(machine: Machine) -> None:
    new = "New-NetFirewallRule -DisplayName Web -Protocol TCP -LocalPort 80, 443 -Action Allow | Out-Null"
    assert run(new, machine).rc == 0
    assert machine.firewall.admits("10.0.0.1", 443)
    assert run("(Get-NetFirewallRule -DisplayName Web).Enabled", machine).out == "True\n"
    run("Set-NetFirewallRule -DisplayName Web -RemoteAddress 10.0.0.2", machine)
    assert not machine.firewall.admits("10.0.0.1", 443)
    run("Remove-NetFirewallRule -DisplayName Web", machine)
    assert "No MSFT_NetFirewallRule objects found" in run("Remove-NetFirewallRule -DisplayName Web", machine).err
    assert "port is not supported" in run(new.replace("TCP", "ICMPv4"), machine).err


def test_a_certificate_is_real_and_lands_in_its_store(machine: Machine) -> None:
    text = """
    $end = (Get-Date).AddDays(3)
    $c = New-SelfSignedCertificate -DnsName 'a.lab', 'b.lab' -CertStoreLocation Cert:\\LocalMachine\\My -NotAfter $end
    $c.Thumbprint
    (Get-ChildItem Cert:\\LocalMachine\\My).Subject
    """
    thumbprint, subject = run(text, machine).lines
    made = machine.certificates.find(thumbprint)
    assert made is not None
    assert subject == "CN=a.lab"
    left = made.x509.not_valid_after_utc - machine.clock()
    assert datetime.timedelta(days=2) < left < datetime.timedelta(days=4)
    run(f"Remove-Item Cert:\\LocalMachine\\My\\{thumbprint}", machine)
    assert machine.certificates.find(thumbprint) is None


def test_the_wsman_drive_needs_the_service(machine: Machine) -> None:
    assert run("(Get-ChildItem WSMan:\\localhost\\Listener).Keys", machine).lines == ["Transport=HTTP", "Address=*"]
    run("Stop-Service WinRM", machine)
    assert "cannot connect to the destination" in run("Get-ChildItem WSMan:\\localhost\\Listener", machine).err


def test_listeners_are_filtered_removed_and_made(machine: Machine) -> None:
    text = """
    $listeners = Get-ChildItem WSMan:\\localhost\\Listener
    $listeners | Where-Object { $_.Keys -contains 'Transport=HTTP' } | Remove-Item -Recurse
    New-Item WSMan:\\localhost\\Listener -Transport HTTPS -Address * -CertificateThumbPrint 00 -Force
    """
    done = run(text, machine)
    assert machine.winrm.listeners() == []
    assert "thumbprint was not found" in done.err


# --- system ---------------------------------------------------------------------------------------------------------


def test_environment_variables_have_their_scopes(machine: Machine) -> None:
    text = """
    [Environment]::SetEnvironmentVariable('LAB', 'm', 'Machine')
    [Environment]::GetEnvironmentVariable('LAB', 'Machine')
    "<$env:LAB>"
    $env:LAB = 'p'
    "<$env:LAB>"
    [Environment]::SetEnvironmentVariable('LAB', $null, 'Machine')
    """
    assert run(text, machine).lines == ["m", "<>", "<p>"]
    assert machine.environment.get("LAB") is None


def test_a_program_gets_its_arguments_and_gives_its_exit_code(machine: Machine) -> None:
    done = run('$name = hostname; "$name $LASTEXITCODE"; schtasks /Run /TN none; $LASTEXITCODE', machine)
    assert done.lines == [f"{machine.name} 0", "1"]
    assert "ERROR: The system cannot find the file specified." in done.err


def test_a_script_file_gets_its_parameters(machine: Machine) -> None:
    machine.files.write("C:\\s.ps1", 'param([string] $A, [switch] $B)\n"$A $B $PSScriptRoot"\nexit 3')
    done = run("& C:\\s.ps1 -A x -B; $LASTEXITCODE; powershell.exe -File C:\\s.ps1 -A y; $LASTEXITCODE", machine)
    assert done.lines == ["x True C:\\", "3", "y False C:\\", "3"]


def test_start_process_waits_when_told(machine: Machine) -> None:
    text = "$p = Start-Process sc.exe -ArgumentList 'start', 'nonsense' -Wait -PassThru; $p.ExitCode"
    assert run(text, machine).out == "1060\n"


def test_a_computer_is_renamed_and_restarted(machine: Machine) -> None:
    before = machine.name
    run("Rename-Computer -NewName OTHER -Restart", machine)
    assert machine.extras["power"] == ["reboot"]
    assert (machine.name, machine.pending_reboot.reasons()) == (before, ["computer name"])


class Web:
    """A network with one server behind it."""

    def request(self, url: str, **options: object) -> HttpResponse:
        if not options["proxy"]:
            raise NetworkError("Unable to connect to the remote server")
        return HttpResponse(200, {"Content-Type": "application/json"}, b'{"a": [1, 2]}', "OK")


def test_requests_leave_by_the_machines_network(machine: Machine) -> None:
    machine.attach(network=Web())
    assert "Unable to connect to the remote server" in run("Invoke-WebRequest http://x/", machine).err
    assert run("(Invoke-RestMethod http://x/ -Proxy http://p:1).a[1]", machine).out == "2\n"
    run("Invoke-WebRequest http://x/ -OutFile C:\\x.json -Proxy http://p:1", machine)
    assert machine.files.read("C:\\x.json") == b'{"a": [1, 2]}'


def test_sleeping_takes_no_time_to_speak_of(machine: Machine) -> None:
    started = datetime.datetime.now(datetime.UTC)
    assert run("Start-Sleep -Seconds 600; 'awake'", machine).out == "awake\n"
    assert datetime.datetime.now(datetime.UTC) - started < datetime.timedelta(seconds=20)
