# SPDX-License-Identifier: GPL-3.0-or-later
"""A stock Windows Server behind a WinRM endpoint of its own, and clients for it."""

from __future__ import annotations

import asyncio
import contextlib
import time
import typing as t

from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from lab.psrp.runspace import GuestPowerShell
from lab.windows.machine import Machine
from lab.windows.stock import stock_machine
from lab.wsman import CommandRequest, Completed, Listener, WinRMEndpoint
from tests.lab.wsman.guests import PASSWORD, free_port


class StockGuest:
    """A Host that is a whole model of Windows, with one account."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.listeners: dict[int, Listener] = {}

    @property
    def computer_name(self) -> str:
        return self.machine.name

    def password_of(self, user: str) -> str | None:
        return PASSWORD if user.casefold() == "administrator" else None

    def accepts(self, peer_ip: str, port: int) -> bool:
        return True

    def listener(self, port: int) -> Listener | None:
        return self.listeners.get(port)

    def run(self, request: CommandRequest) -> Completed:
        raise AssertionError(f"over PSRP nothing is a process: {request.command_line}")

    def powershell(self, user: str) -> GuestPowerShell:
        return GuestPowerShell(self.machine, user)


class Desk(t.NamedTuple):
    """A running guest and a client's desk in front of it."""

    guest: StockGuest
    endpoint: WinRMEndpoint
    address: str
    http: int
    https: int
    loop: asyncio.AbstractEventLoop

    def call(self, coroutine: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def wsman(self, scheme: str = "https", **options: t.Any) -> WSMan:
        settings = {
            "username": "Administrator",
            "password": PASSWORD,
            "ssl": scheme == "https",
            "port": self.https if scheme == "https" else self.http,
            "auth": "ntlm",
            "cert_validation": False,
            "operation_timeout": 5,
            "no_proxy": True,
        }
        return WSMan(self.address, **{**settings, **options})

    @contextlib.contextmanager
    def pool(self, scheme: str = "https", wsman: dict[str, t.Any] | None = None, **options: t.Any) -> t.Iterator[t.Any]:
        with self.wsman(scheme, **(wsman or {})) as connection, RunspacePool(connection, **options) as pool:
            yield pool


def host() -> PSHost:
    """A host such as Ansible has: it keeps what is written to it, and the exit code."""
    return PSHost(None, None, False, "Test Host", None, PSHostUserInterface(), None)


def run(
    pool: RunspacePool, script: str, *arguments: t.Any, piped: list[t.Any] | None = None, local: bool | None = None
) -> PowerShell:
    """A script's pipeline, run to its end."""
    pipeline = PowerShell(pool)
    pipeline.add_script(script, use_local_scope=local)
    for argument in arguments:
        pipeline.add_argument(argument)
    pipeline.invoke(piped)
    return pipeline


def eventually(condition: t.Callable[[], object], seconds: float = 5) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@contextlib.contextmanager
def serve(loop: asyncio.AbstractEventLoop, certificate: tuple[str, str]) -> t.Iterator[Desk]:
    address = "127.0.0.1"
    http, https = free_port(address), free_port(address)
    guest = StockGuest(stock_machine("2022", "v2"))
    guest.listeners = {http: Listener("HTTP"), https: Listener("HTTPS", *certificate)}
    desk = Desk(guest, WinRMEndpoint(), address, http, https, loop)
    desk.call(desk.endpoint.start(guest, address, (http, https)))
    try:
        yield desk
    finally:
        desk.call(desk.endpoint.stop())
