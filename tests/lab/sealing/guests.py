# SPDX-License-Identifier: GPL-3.0-or-later
"""One guest behind a real WinRM endpoint, and playbooks of this project that run against it. No EC2."""

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
from lab.windows import identity
from lab.windows.machine import Machine, stock_machine
from lab.wsman import CommandRequest, Listener, WinRMEndpoint
from tests.lab.modules.calls import PASSWORD

ROOT = pathlib.Path(__file__).parents[3]
BUILD_NAME = "Golden build WinRM"


class Host:
    """A machine behind an endpoint."""

    computer_name = "WIN-STOCKAMI"

    def __init__(self, machine: Machine, listener: Listener) -> None:
        self.machine = machine
        self._listener = listener

    def password_of(self, user: str) -> str | None:
        return self.machine.users.password_of(user)

    def accepts(self, peer_ip: str, port: int) -> bool:
        return True

    def listener(self, port: int) -> Listener | None:
        # As on Windows: when the machine has no listener any more, nobody answers.
        return self._listener if self.machine.winrm.listeners() else None

    def run(self, request: CommandRequest) -> Completed:
        return execute(self.machine, request.command_line, request.stdin, request.user)

    def powershell(self, user: str) -> t.NoReturn:
        raise AssertionError("the winrm connection does not speak PSRP")


class Played(t.NamedTuple):
    """What a playbook said, and its exit status."""

    status: int
    output: str


class Server(t.NamedTuple):
    """A guest that Ansible reaches, and how often each module ran on it."""

    machine: Machine
    port: int
    modules: list[str]

    def play(
        self, directory: pathlib.Path, tasks: list[dict[str, t.Any]], *arguments: str, **variables: t.Any
    ) -> Played:
        """Run tasks against it."""
        connection = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_user": "Administrator",
            "ansible_password": PASSWORD,
            "ansible_connection": "winrm",
            "ansible_winrm_scheme": "https",
            "ansible_winrm_transport": "ntlm",
            "ansible_winrm_server_cert_validation": "ignore",
            "ansible_python_interpreter": sys.executable,
        }
        (directory / "hosts.json").write_text(json.dumps({"all": {"hosts": {"win": connection}}}))
        book = [{"hosts": "all", "gather_facts": False, "vars": variables, "tasks": tasks}]
        (directory / "site.yml").write_text(json.dumps(book))
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"}
        environment |= {"ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.timer"}
        environment |= {"ANSIBLE_LOCAL_TEMP": str(directory / "tmp")}
        command = [
            sys.executable,
            "-m",
            "ansible",
            "playbook",
            "-i",
            str(directory / "hosts.json"),
            "site.yml",
            *arguments,
        ]
        done = subprocess.run(
            command, cwd=directory, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return Played(done.returncode, done.stdout + done.stderr)


@contextlib.contextmanager
def serving(version: str, agent: str, *, core: bool = False) -> t.Iterator[Server]:
    """A booted server that waits for Ansible, as the build's user data leaves it."""
    machine = stock_machine(version, agent, core=core)
    identity.specialize(machine)
    machine.rename("WIN-STOCKAMI", at_once=True)
    machine.users.get("Administrator").enabled = True
    machine.users.set_password("Administrator", PASSWORD)
    machine.power_on()
    certificate = machine.certificates.create_self_signed(["WIN-STOCKAMI"], friendly_name=BUILD_NAME)
    machine.winrm.remove_listener("HTTP")
    machine.winrm.add_listener("HTTPS", thumbprint=certificate.thumbprint)
    modules: list[str] = []
    machine.attach(
        background=lambda work: threading.Thread(target=work, daemon=True).start(), module=modules.append,
        power=lambda action, delay: machine.extras.setdefault("power", []).append(action),
    )  # fmt: skip
    host = Host(machine, Listener("HTTPS", certificate.pem.decode(), certificate.key_pem.decode()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    endpoint = WinRMEndpoint()
    asyncio.run_coroutine_threadsafe(endpoint.start(host, "127.0.0.1", (port,)), loop).result(10)
    try:
        yield Server(machine, port, modules)
    finally:
        asyncio.run_coroutine_threadsafe(endpoint.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
