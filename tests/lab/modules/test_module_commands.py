# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from tests.lab.modules.calls import Guest
from tests.lab.modules.fetching import Web


def test_a_command_answers(guest: Guest) -> None:
    result = guest.ok("win_command", argv=["hostname.exe"])
    assert result["stdout"].strip() == "WIN-STOCKAMI"
    assert (result["rc"], result["changed"]) == (0, True)


def test_a_command_that_is_not_there_fails(guest: Guest) -> None:
    result = guest.run("win_command", _raw_params="nothing.exe /x")
    assert result["rc"] == 2
    assert "The system cannot find the file specified" in result["msg"]


def test_creates_and_removes_skip(guest: Guest) -> None:
    assert guest.ok("win_command", _raw_params="hostname", creates="C:\\Windows")["skipped"]
    assert guest.ok("win_command", _raw_params="hostname", removes="C:\\nothing\\*.exe")["skipped"]
    assert guest.ok("win_command", _raw_params="hostname", check=True)["msg"] == (
        "remote module (win_command) does not support check mode"
    )


def test_a_program_that_the_lab_does_not_have_names_itself(guest: Guest) -> None:
    guest.machine.files.write("C:\\tool.exe", b"MZ")
    done = guest.raw("ansible.windows.win_command", {"_raw_params": "C:\\tool.exe"})
    assert done.rc == 1
    assert b"tool.exe" in done.stderr


def test_a_shell_runs_powershell_and_cmd(guest: Guest) -> None:
    assert guest.ok("win_shell", _raw_params="Write-Output 'hi'")["stdout"].strip() == "hi"
    failed = guest.run("win_shell", _raw_params="exit 3")
    assert (failed["rc"], failed["msg"]) == (3, "non-zero return code")
    assert guest.ok("win_shell", _raw_params="hostname", executable="cmd")["stdout"].strip() == "WIN-STOCKAMI"


def test_a_script_talks_to_ansible(guest: Guest) -> None:
    script = "$Ansible.Changed = $false\n$Ansible.Result.who = $env:COMPUTERNAME\n'one', 2"
    result = guest.ok("win_powershell", script=script)
    assert (result["changed"], result["output"], result["result"]) == (False, ["one", 2], {"who": "WIN-STOCKAMI"})
    failed = guest.run("win_powershell", script="throw 'boom'")
    assert failed["error"][0]["exception"]["message"] == "boom"


def test_a_script_has_parameters_and_a_preference(guest: Guest) -> None:
    result = guest.ok("win_powershell", script='param ($Name)\n"Hello $Name"', parameters={"Name": "you"})
    assert result["output"] == ["Hello you"]
    lost = "Get-Item -LiteralPath C:\\nothing\n'on'"
    assert guest.ok("win_powershell", script=lost)["output"] == ["on"]
    assert guest.run("win_powershell", script=lost, error_action="stop")["failed"]


def test_waiting_for_a_file_and_a_port(guest: Guest) -> None:
    guest.machine.files.write("C:\\signal", b"0")
    assert guest.ok("win_wait_for", path="C:\\signal", regex="^0")["wait_attempts"] == 1
    late = guest.run("win_wait_for", path="C:\\none", timeout=0)
    assert late["msg"] == "timeout while waiting for file C:\\none to be present"
    guest.machine.attach(network=Web({}, open_ports={("10.0.0.1", 80)}))
    assert not guest.ok("win_wait_for", port=5985)["changed"]
    guest.ok("win_wait_for", port=80, state="stopped")
    guest.ok("win_feature", name="Web-Server")
    guest.ok("win_wait_for", port=80)
    guest.ok("win_wait_for", host="10.0.0.1", port=80)
    guest.ok("win_wait_for", host="10.0.0.1", port=81, state="stopped")
    assert "not both" in guest.run("win_wait_for", port=1, path="C:\\x")["msg"]


def test_a_program_of_argv_is_shown_by_its_full_path(guest: Guest) -> None:
    assert guest.ok("win_command", argv=["hostname"])["cmd"].lower() == "c:\\windows\\system32\\hostname.exe"
    assert guest.run("win_command", argv=["no such", "a b"])["cmd"] == '"no such.exe" "a b"'


def test_a_command_needs_its_directory(guest: Guest) -> None:
    result = guest.run("win_command", _raw_params="hostname", chdir="C:\\nowhere")
    assert result["msg"] == "Failed to run: 'hostname': Could not find specified -WorkingDirectory 'C:\\nowhere'"
    assert result["rc"] == 2


def test_every_stream_of_a_script_is_returned(guest: Guest) -> None:
    script = "Write-Warning 'careful'; Write-Verbose 'unseen'; Write-Information @{a=1} -Tags 'x'; Write-Host 'hello'"
    result = guest.ok("win_powershell", script=script)
    assert (result["warning"], result["verbose"], result["debug"]) == (["careful"], [], [])
    told, shown = result["information"]
    assert (told["message_data"], told["source"], told["tags"]) == ({"a": 1}, "Write-Information", ["x"])
    assert (shown["message_data"]["Message"], shown["source"], shown["tags"]) == ("hello", "Write-Host", ["PSHOST"])
    assert result["host_out"] == "WARNING: careful\r\nhello\r\n"


def test_a_script_that_does_not_run_has_empty_streams(guest: Guest) -> None:
    for result in (
        guest.ok("win_powershell", script="1", check=True),
        guest.ok("win_powershell", script="1", creates="C:\\Windows"),
    ):
        assert (result["output"], result["information"], "skipped" in result) == ([], [], False)
    missing = guest.run("win_powershell", path="C:\\no.ps1", remote_src=True)
    assert missing["msg"] == "Could not find or access 'C:\\no.ps1' on Windows host"
