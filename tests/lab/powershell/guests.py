# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines for the tests, and what a script on one of them answers."""

from __future__ import annotations

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
