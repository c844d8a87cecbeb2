# SPDX-License-Identifier: GPL-3.0-or-later
"""The boundary to Ansible: real payloads in, results out."""

from __future__ import annotations

import base64
import hashlib
import json
import threading

import pytest
from ansible.executor.powershell.module_manifest import _bootstrap_powershell_script

from lab.execution import execute
from tests.lab.modules.calls import PASSWORD, SHELL, Guest, encoded


def test_a_ping_answers(guest: Guest) -> None:
    assert guest.ok("win_ping")["ping"] == "pong"


def test_a_module_without_an_implementation_names_itself(guest: Guest) -> None:
    done = guest.raw("ansible.windows.win_dsc", {"resource_name": "x"})
    assert done.rc == 1
    assert b"ansible.windows.win_dsc" in done.stderr


def test_an_unknown_option_fails_with_the_text_of_ansible_basic(guest: Guest) -> None:
    result = guest.run("win_ping", data="x", colour="red")
    assert result["failed"]
    assert result["msg"] == ("Unsupported parameters for (win_ping) module: colour. Supported parameters include: data")


def test_a_missing_required_option_fails(guest: Guest) -> None:
    assert guest.run("win_stat")["msg"] == "missing required arguments: path"


def test_a_wrong_choice_names_the_right_ones(guest: Guest) -> None:
    message = guest.run("win_stat", path="C:\\", checksum_algorithm="crc")["msg"]
    assert message == (
        "value of checksum_algorithm must be one of: md5, sha1, sha256, sha384, sha512. Got no match for: crc"
    )


def test_a_wrong_type_says_what_it_is(guest: Guest) -> None:
    message = guest.run("win_stat", path="C:\\", follow="perhaps")["msg"]
    assert message.startswith("argument for follow is of type System.String and we were unable to convert to bool")


def test_the_temporary_directory_is_made_below_the_users(guest: Guest) -> None:
    done = guest.shell(SHELL._mkdtemp2("ansible-tmp-1", tmpdir="%TEMP%"))
    path = done.stdout.decode().strip()
    assert path == "C:\\Users\\Administrator\\AppData\\Local\\Temp\\ansible-tmp-1"
    assert guest.machine.files.is_directory(path)
    assert execute(guest.machine, SHELL.remove(path, recurse=True), b"", guest.user).rc == 0
    assert not guest.machine.files.exists(path)


@pytest.mark.parametrize(("given", "expected"), [("~", ""), ("~\\x", "\\x")], ids=["home", "below"])
def test_a_tilde_is_the_users_profile(guest: Guest, given: str, expected: str) -> None:
    done = guest.shell(SHELL._expand_user2(given))
    assert done.stdout.decode().strip() == "C:\\Users\\Administrator" + expected


@pytest.mark.parametrize("content", [b"", b"small", bytes(range(256)) * 3000], ids=["empty", "small", "chunks"])
def test_a_file_goes_there_and_back(guest: Guest, content: bytes) -> None:
    script, stdin = _bootstrap_powershell_script("winrm_put_file.ps1", {"Path": "C:\\a.bin"}, has_input=True)
    chunks = [base64.b64encode(content[i : i + 250000]) + b"\r\n" for i in range(0, len(content), 250000)]
    command = SHELL._encode_script(script, strict_mode=False, preserve_rc=False)
    done = execute(guest.machine, command, stdin + b"".join(chunks), guest.user)
    assert json.loads(done.stdout) == {"sha1": hashlib.sha1(content).hexdigest()}
    assert guest.machine.files.read("C:\\a.bin") == content

    params = {"Path": "C:\\a.bin", "BufferSize": 2**19, "Offset": 0}
    script, stdin = _bootstrap_powershell_script("winrm_fetch_file.ps1", params)
    done = execute(guest.machine, SHELL._encode_script(script, preserve_rc=False), stdin, guest.user)
    assert base64.b64decode(done.stdout.strip()) == content[: 2**19]


def test_a_file_into_a_missing_directory_fails(guest: Guest) -> None:
    script, stdin = _bootstrap_powershell_script("winrm_put_file.ps1", {"Path": "C:\\no\\a"}, has_input=True)
    done = execute(guest.machine, SHELL._encode_script(script), stdin + b"YQ==\r\n", guest.user)
    assert done.rc == 1
    assert "cannot find the path" in json.loads(done.stdout)["msg"]


def test_become_system_changes_the_user(guest: Guest) -> None:
    facts = guest.ok("setup", gather_subset=["!all", "user"], become_user="SYSTEM")["ansible_facts"]
    assert facts["ansible_user_sid"] == "S-1-5-18"


def test_become_with_a_wrong_password_fails(guest: Guest) -> None:
    guest.machine.users.add("bob", PASSWORD)
    result = guest.run("win_ping", become_user="bob", become_password="wrong")
    assert "The user name or password is incorrect" in result["msg"]


def test_an_asynchronous_job_leaves_its_result_in_a_file(guest: Guest) -> None:
    workers: list[threading.Thread] = []

    def background(work: object) -> None:
        workers.append(threading.Thread(target=work))  # type: ignore[arg-type]
        workers[-1].start()

    guest.machine.attach(background=background)
    started = guest.ok("win_ping", async_timeout=30, environment={"ANSIBLE_ASYNC_DIR": "%USERPROFILE%\\.ansible_async"})
    assert started["started"]
    assert not started["finished"]
    workers[0].join(10)
    folder = "C:\\Users\\Administrator\\.ansible_async"
    status = guest.ok("async_status", jid=started["ansible_job_id"], _async_dir=folder)
    assert status["finished"]
    assert status["ping"] == "pong"
    guest.ok("async_status", jid=started["ansible_job_id"], _async_dir=folder, mode="cleanup")
    assert guest.run("async_status", jid=started["ansible_job_id"], _async_dir=folder)["failed"]


def test_an_unknown_action_of_the_manifest_names_itself(guest: Guest) -> None:
    script, stdin = _bootstrap_powershell_script("coverage_wrapper.ps1", {"ModuleName": "x"})
    done = execute(guest.machine, SHELL._encode_script(script), stdin, guest.user)
    assert done.rc == 1
    assert b"coverage_wrapper.ps1" in done.stderr


def test_text_that_is_not_base64_is_refused(guest: Guest) -> None:
    done = execute(guest.machine, "powershell -EncodedCommand !!", b"", guest.user)
    assert done.rc == 1
    assert b"-EncodedCommand" in done.stderr


def test_an_unknown_switch_of_powershell_is_refused(guest: Guest) -> None:
    done = execute(guest.machine, "powershell -Colour red", b"", guest.user)
    assert b"-Colour" in done.stderr


def test_a_removal_of_what_is_not_there_fails(guest: Guest) -> None:
    done = execute(guest.machine, encoded("Remove-Item 'C:\\nothing' -Force -Recurse;"), b"", guest.user)
    assert done.rc == 1
