# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest to run a role on with the real ansible-playbook, and a look into it that Ansible does not have."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import threading
import typing as t

import yaml

from lab.execution import execute
from lab.types import Completed
from lab.windows.machine import Machine, stock_machine
from lab.wsman import CommandRequest, Listener, WinRMEndpoint

PROJECT = pathlib.Path(__file__).parents[3]
PASSWORD = "Aa1!aaaa-bbbb"
PORT = 5986
CONTROLLER = "127.0.0.1"


class Host:
    """A booted machine behind an endpoint; its own firewall decides who gets in."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.computer_name = machine.name
        made = machine.certificates.create_self_signed([machine.name])
        self._listener = Listener("HTTPS", made.pem.decode(), made.key_pem.decode())

    def password_of(self, user: str) -> str | None:
        return self.machine.users.password_of(user)

    def accepts(self, peer_ip: str, port: int) -> bool:
        return self.machine.firewall.admits(peer_ip, port)

    def listener(self, port: int) -> Listener | None:
        return self._listener

    def run(self, request: CommandRequest) -> Completed:
        return execute(self.machine, request.command_line, request.stdin, request.user)

    def powershell(self, user: str) -> t.NoReturn:
        raise AssertionError("the winrm connection does not speak PSRP")


class Run(t.NamedTuple):
    """What a play said and did."""

    status: int
    output: str
    modules: collections.Counter[str]

    @property
    def said(self) -> str:
        """The output as one line: the callback breaks long messages."""
        return " ".join(self.output.split())

    @property
    def changed(self) -> int:
        """How many tasks changed something, as the recap says."""
        return int(self.output.rpartition("changed=")[2].split()[0])


@dataclasses.dataclass
class Guest:
    """A running guest and a directory to run plays from."""

    machine: Machine
    address: str
    home: pathlib.Path
    modules: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    def role(self, name: str, *arguments: str, entry: str = "main", **variables: t.Any) -> Run:
        """Run a role of the collection with these variables."""
        task = {"ansible.builtin.include_role": {"name": f"golden.windows_ami.{name}", "tasks_from": entry}}
        return self.play([{"name": "Run the role", **task}], *arguments, **variables)

    def play(self, tasks: list[dict[str, t.Any]], *arguments: str, **variables: t.Any) -> Run:
        """Run a play with these tasks."""
        before = self.modules.copy()
        status, output = play_on(self.home, {"win": self}, tasks, *arguments, **variables)
        return Run(status, output, self.modules - before)

    @property
    def connection(self) -> dict[str, t.Any]:
        """Return what Ansible has to know to get in."""
        return {
            "ansible_host": self.address, "ansible_port": PORT, "ansible_connection": "winrm",
            "ansible_user": "Administrator", "ansible_password": PASSWORD, "ansible_winrm_scheme": "https",
            "ansible_winrm_transport": "ntlm", "ansible_winrm_server_cert_validation": "ignore",
            "ansible_winrm_connection_timeout": 10,
        }  # fmt: skip

    def count(self, module: str) -> None:
        """Remember that a module ran."""
        self.modules[module] += 1


def play_on(
    home: pathlib.Path,
    guests: t.Mapping[str, Guest],
    tasks: list[dict[str, t.Any]],
    *arguments: str,
    **variables: t.Any,
) -> tuple[int, str]:
    """Run a play with these tasks on guests by name; return its exit status and what it said."""
    play = {"name": "Test", "hosts": "all", "gather_facts": False, "vars": variables, "tasks": tasks}
    (home / "play.yml").write_text(yaml.safe_dump([play]))
    hosts = {name: guest.connection for name, guest in guests.items()}
    (home / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    environment = {
        **kept, "HOME": str(home), "LC_ALL": "C.UTF-8", "COLUMNS": "10000", "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "ANSIBLE_HOME": str(home / ".ansible"),
        "GOLDEN_SPOOL": str(home / "spool"),
    }  # fmt: skip
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.json", "play.yml", *arguments]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=180, check=False)
    return done.returncode, done.stdout + done.stderr


@contextlib.contextmanager
def running_guest(home: pathlib.Path, version: str, *, core: bool = False) -> t.Iterator[Guest]:
    """Start a guest that lets this controller in on WinRM's HTTPS port."""
    machine = stock_machine(version, "v2" if version in ("2022", "2025") else "v1", core=core)
    machine.users.set_password("Administrator", PASSWORD)
    machine.power_on()
    address = _free_address()
    guest = Guest(machine, address, home)
    machine.attach(module=guest.count, background=lambda work: threading.Thread(target=work, daemon=True).start())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    endpoint = WinRMEndpoint()
    asyncio.run_coroutine_threadsafe(endpoint.start(Host(machine), address, (PORT,)), loop).result(10)
    try:
        yield guest
    finally:
        asyncio.run_coroutine_threadsafe(endpoint.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _free_address() -> str:
    """Give a loopback address where nobody listens on WinRM's port: guests have ports of their own in no other way."""
    for _ in range(100):
        address = f"127.{random.randint(100, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((address, PORT))
            return address
    raise OSError("no loopback address is free")
