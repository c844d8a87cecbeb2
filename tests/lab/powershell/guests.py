# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines for the tests, and what a script on one of them answers."""

from __future__ import annotations

import dataclasses
import typing as t

from lab.powershell import run_script
from lab.windows.machine import Machine
from lab.windows.stock import stock_machine


class Ran(t.NamedTuple):
    """A finished script."""

    rc: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def running(version: str = "2022", agent: str = "v2") -> Machine:
    """A machine that is up, with its log kept in ``extras['log']`` and power requests in ``extras['power']``."""
    machine = stock_machine(version, agent)
    machine.power_on()
    machine.extras |= {"log": [], "power": []}
    machine.attach(log=machine.extras["log"].append, power=lambda action, delay: machine.extras["power"].append(action))
    return machine


def run(text: str, machine: Machine | None = None, user: str = "Administrator") -> Ran:
    """Run a script; without a machine on a fresh one."""
    done = run_script(machine or running(), text, b"", user)
    return Ran(done.rc, done.stdout.decode().replace("\r\n", "\n"), done.stderr.decode().replace("\r\n", "\n"))


@dataclasses.dataclass
class Instance:
    """The metadata of an instance, and the passwords that its machine handed over."""

    user_data: bytes = b""
    public_key: str = ""
    instance_id: str = "i-0123456789abcdef0"
    region: str = "eu-west-1"
    account: str = "123456789012"
    image_id: str = "ami-0123456789abcdef0"
    instance_type: str = "m5.large"
    availability_zone: str = "eu-west-1a"
    local_ipv4: str = "127.16.0.9"
    public_ipv4: str = ""
    passwords: list[str] = dataclasses.field(default_factory=list)

    def post_password(self, encrypted: str) -> None:
        """Keep what would go to EC2."""
        self.passwords.append(encrypted)
