# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine behind a real WinRM endpoint, and ansible-playbook against it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import typing as t

from lab.execution import execute
from lab.types import Completed
from lab.windows.machine import Machine
from lab.wsman import CommandRequest, Listener, WinRMEndpoint
from tests.lab.modules.calls import PASSWORD, Guest


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


@contextlib.contextmanager
def served(guest: Guest) -> t.Iterator[int]:
    """Serve a guest on a free port of the loopback address, and give the port."""
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
    try:
        yield number
    finally:
        asyncio.run_coroutine_threadsafe(endpoint.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def play(playbook: str, port: int, folder: pathlib.Path) -> str:
    """Run a playbook with ``folder`` as its directory; give its output. It must not fail."""
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
    (folder / "site.yml").write_text(playbook)
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {"win": variables}}}))
    (folder / "ansible.cfg").write_text("[defaults]\ninventory = hosts.json\nlocalhost_warning = false\n")
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")}
    command = [sys.executable, "-m", "ansible", "playbook", "site.yml"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
