# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's own psrp connection plugin, without a playbook around it."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from lab.windows.machine import Machine
from tests.lab.psrp.guests import Desk
from tests.lab.wsman.guests import PASSWORD, flood


def connect(desk: Desk, scheme: str = "https", password: str = PASSWORD) -> t.Any:
    connection = connection_loader.get("ansible.builtin.psrp", PlayContext())
    options = {
        "remote_addr": desk.address,
        "remote_user": "Administrator",
        "remote_password": password,
        "port": desk.https if scheme == "https" else desk.http,
        "protocol": scheme,
        "auth": "ntlm",
        "cert_validation": "ignore",
    }
    connection.set_options(direct=options)
    connection._connect()
    return connection


@pytest.fixture
def machine(desk: Desk) -> Machine:
    return desk.guest.machine


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_command(desk: Desk, machine: Machine, scheme: str) -> None:
    connection = connect(desk, scheme)

    assert connection.exec_command("hostname.exe") == (0, f"{machine.name}".encode(), b"")
    assert connection.exec_command("'a'; 'b'; exit 3") == (3, b"a\r\nb", b"")
    connection.close()
    assert desk.endpoint.service.shells == ()


def test_errors_of_a_command(desk: Desk) -> None:
    connection = connect(desk)

    rc, stdout, stderr = connection.exec_command("'before'; throw 'no more'")
    unknown = connection.exec_command("Get-Unicorn")

    assert (rc, stdout) == (1, b"before")
    assert stderr.startswith(b"no more\r\n")
    assert unknown[0] == 1
    assert b"The lab's PowerShell does not know the cmdlet Get-Unicorn" in unknown[2]
    connection.close()


def test_what_a_program_writes_to_standard_error(desk: Desk) -> None:
    connection = connect(desk)

    rc, stdout, stderr = connection.exec_command("sc.exe query nobody")

    assert rc == 1060, (stdout, stderr)
    connection.close()


def test_a_script_file_with_arguments(desk: Desk, machine: Machine) -> None:
    machine.files.write("C:\\Windows\\Temp\\greet.ps1", b'param($First, $Second) "$Second, $First"; exit 4')
    connection = connect(desk)
    prefix = " ".join(["PowerShell", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Unrestricted"])

    rc, stdout, _ = connection.exec_command(f"{prefix} -File 'C:\\Windows\\Temp\\greet.ps1' ann hello")

    assert (rc, stdout) == (0, b"hello, ann"), "a script that is called with & ends by itself, and leaves its exit code"
    connection.close()


@pytest.mark.parametrize("size", [0, 5, 1_200_000], ids=["empty", "small", "several-pieces"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_file_goes_there_and_back(
    desk: Desk, machine: Machine, scheme: str, size: int, tmp_path: pathlib.Path
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(flood(1_200_000)[:size])
    connection = connect(desk, scheme)

    connection.put_file(str(source), "C:\\Windows\\Temp\\file")
    connection.fetch_file("C:\\Windows\\Temp\\file", str(target))
    connection.close()

    assert machine.files.read("C:\\Windows\\Temp\\file") == source.read_bytes() == target.read_bytes()


def test_what_cannot_be_fetched(desk: Desk, tmp_path: pathlib.Path) -> None:
    connection = connect(desk)

    connection.fetch_file("C:\\Windows", str(tmp_path / "directory"))
    with pytest.raises(AnsibleError, match="failed to transfer file"):
        connection.fetch_file("C:\\missing.txt", str(tmp_path / "missing"))

    assert not (tmp_path / "directory").exists()
    connection.close()


def test_the_wrong_password(desk: Desk) -> None:
    with pytest.raises(AnsibleConnectionFailure, match="failed to authenticate"):
        connect(desk, password="wrong")


def test_a_new_connection_after_the_pool_is_gone(desk: Desk) -> None:
    # What win_reboot meets: the guest comes back without the pool.
    connection = connect(desk)
    connection.exec_command("'before'")
    desk.call(desk.endpoint.stop())
    desk.call(desk.endpoint.start(desk.guest, desk.address, (desk.http, desk.https)))

    connection.reset()

    assert connection.exec_command("'after'")[1] == b"after"
    connection.close()
