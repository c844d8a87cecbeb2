# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ansible-playbook over a real WinRM endpoint: what only works when both ends agree."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import typing as t

import pytest

from lab.execution import execute
from lab.types import Completed
from lab.windows.machine import Machine
from lab.wsman import CommandRequest, Listener, WinRMEndpoint
from tests.lab.modules.calls import PASSWORD, make_guest

PLAYBOOK = """
- hosts: all
  tasks:
    - ansible.builtin.wait_for_connection: {timeout: 20}
    - ansible.windows.win_file: {path: 'C:\\Golden', state: directory}
    - ansible.windows.win_copy: {content: hello, dest: 'C:\\Golden\\one.txt'}
    - ansible.windows.win_copy: {src: tree/, dest: 'C:\\Golden\\tree\\'}
    - ansible.windows.win_template: {src: page.j2, dest: 'C:\\Golden\\page.txt'}
    - ansible.windows.win_template: {src: page.j2, dest: 'C:\\Golden\\page.txt'}
      register: again
    - ansible.builtin.assert: {that: again is not changed}
    - ansible.builtin.fetch: {src: 'C:\\Golden\\page.txt', dest: fetched/, flat: true}
    - ansible.windows.win_command: whoami.exe
      become: true
      become_method: runas
      become_user: SYSTEM
      register: who
    - ansible.windows.win_shell: Write-Output slept
      async: 20
      poll: 1
      register: slept
    - ansible.builtin.raw: hostname
      register: name
    - ansible.builtin.assert:
        that:
          - who.stdout is search('system')
          - slept.stdout is search('slept')
          - name.stdout is search('WIN-STOCKAMI')
"""


class Host:
    """A machine behind an endpoint, without the power switch and the network that the lab's guests have."""

    computer_name = "WIN-STOCKAMI"

    def __init__(self, machine: Machine, listener: Listener) -> None:
        self.machine = machine
        self._listener = listener

    def password_of(self, user: str) -> str | None:
        return self.machine.users.password_of(user)

    def accepts(self, peer_ip: str, port: int) -> bool:
        return True

    def listener(self, port: int) -> Listener | None:
        return self._listener

    def run(self, request: CommandRequest) -> Completed:
        return execute(self.machine, request.command_line, request.stdin, request.user)

    def powershell(self, user: str) -> t.NoReturn:
        raise AssertionError("the winrm connection does not speak PSRP")


@pytest.fixture
def port() -> t.Iterator[int]:
    guest = make_guest()
    guest.machine.attach(background=lambda work: threading.Thread(target=work, daemon=True).start())
    certificate = guest.machine.certificates.create_self_signed(["WIN-STOCKAMI"])
    host = Host(guest.machine, Listener("HTTPS", certificate.pem.decode(), certificate.key_pem.decode()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    endpoint = WinRMEndpoint()
    asyncio.run_coroutine_threadsafe(endpoint.start(host, "127.0.0.1", (number,)), loop).result(10)
    yield number
    asyncio.run_coroutine_threadsafe(endpoint.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def test_a_playbook_with_copies_templates_become_and_async(port: int, tmp_path: pathlib.Path) -> None:
    (tmp_path / "site.yml").write_text(PLAYBOOK)
    (tmp_path / "page.j2").write_text("Hello {{ inventory_hostname }}\n")
    (tmp_path / "files" / "tree" / "sub").mkdir(parents=True)
    for name in ("1.txt", "sub/2.txt"):
        (tmp_path / "files" / "tree" / name).write_text(name)
    variables = {
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": "Administrator",
        "ansible_password": PASSWORD,
        "ansible_connection": "winrm",
        "ansible_winrm_scheme": "https",
        "ansible_winrm_transport": "ntlm",
        "ansible_winrm_server_cert_validation": "ignore",
    }
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {"win": variables}}}))
    (tmp_path / "ansible.cfg").write_text("[defaults]\ninventory = hosts.json\nlocalhost_warning = false\n")
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp")}
    command = [sys.executable, "-m", "ansible", "playbook", "site.yml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "fetched" / "page.txt").read_bytes() == b"Hello win\r\n"
