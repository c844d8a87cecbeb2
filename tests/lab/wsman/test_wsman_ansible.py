# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's own winrm connection plugin, without a playbook around it."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from tests.lab.wsman.guests import PASSWORD, Service, flood


def connect(service: Service, scheme: str, password: str = PASSWORD) -> t.Any:
    connection = connection_loader.get("ansible.builtin.winrm", PlayContext())
    options = {
        "remote_addr": service.address,
        "remote_user": "Administrator",
        "remote_password": password,
        "port": service.https if scheme == "https" else service.http,
        "scheme": scheme,
        "transport": ["ntlm"],
        "connection_timeout": 5,
    }
    extras = {"ansible_winrm_server_cert_validation": "ignore", "ansible_winrm_proxy": None}
    connection.set_options(var_options={"_extras": extras}, direct=options)
    return connection


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_command(service: Service, scheme: str) -> None:
    connection = connect(service, scheme)

    rc, stdout, stderr = connection.exec_command('echo "hello"')
    connection.close()

    assert (rc, stdout, stderr) == (0, b"hello\r\n", b"")
    assert service.guest.seen[0].codepage == 65001
    assert service.endpoint.service.shells == ()


@pytest.mark.parametrize("size", [0, 5, 600_000], ids=["empty", "small", "several-pieces"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_file_is_put(service: Service, scheme: str, size: int, tmp_path: pathlib.Path) -> None:
    # The plugin compares the checksum that the guest computes with its own, and fails when they differ. It encodes
    # twice and sends 250 kB at a time: the largest requests that a client of ours makes.
    source = tmp_path / "file"
    source.write_bytes(flood(600_000)[:size])
    connection = connect(service, scheme)

    connection.put_file(str(source), "C:\\Temp\\file")
    connection.close()

    assert len(service.guest.seen) == 1
    assert not service.guest.seen[0].console


def test_the_wrong_password(service: Service) -> None:
    with pytest.raises(AnsibleConnectionFailure, match="credentials were rejected"):
        connect(service, "https", "wrong").exec_command('echo "hello"')


def test_a_new_connection_after_the_shell_is_gone(service: Service) -> None:
    # What win_reboot meets: the guest comes back without the shell.
    connection = connect(service, "https")
    connection.exec_command('echo "before"')
    service.call(service.endpoint.stop())
    service.call(service.endpoint.start(service.guest, service.address, (service.http, service.https)))

    connection.reset()

    assert connection.exec_command('echo "after"')[1] == b"after\r\n"
    connection.close()
