# SPDX-License-Identifier: GPL-3.0-or-later
"""One guest: a Windows installation with an address, a power switch and a WinRM endpoint.

Power states, and what moves between them:

    off --power_on--> booting --Windows is up--> on --power_off--> off
                         ^                        |
                         +--------- reboot -------+

All methods that are coroutines run in the lab's event loop; the model of Windows runs in worker threads.
"""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import logging
import typing as t

from lab.execution import execute
from lab.psrp.runspace import GuestPowerShell
from lab.windows.boot import boot
from lab.windows.errors import WindowsError
from lab.windows.runtime import Attachments
from lab.wsman.server import WinRMEndpoint
from lab.wsman.trouble import Trouble
from lab.wsman.types import CommandRequest, Listener

if t.TYPE_CHECKING:
    from lab.timings import Timings
    from lab.types import Completed
    from lab.windows.machine import Machine
    from lab.windows.runtime import Metadata, Network

LOG = logging.getLogger("lab.guest")
PowerHook = t.Callable[[str], t.Coroutine[t.Any, t.Any, None]]


@dataclasses.dataclass(frozen=True)
class Site:
    """Where a guest runs: what EC2 gives the machine."""

    address: str
    metadata: Metadata
    network: Network
    # Security groups: may this peer reach this port?
    allows: t.Callable[[str, int], bool]
    # The guest asks for its own "reboot" or "shutdown".
    on_power: PowerHook
    faults: frozenset[str] = frozenset()


class Guest:
    """A running or stopped machine. Implements lab.wsman.types.Host."""

    def __init__(self, machine: Machine, site: Site, timings: Timings, loop: asyncio.AbstractEventLoop) -> None:
        self.machine = machine
        self.site = site
        self.power = "off"
        self.error = ""
        self.boots = 0
        # What GetConsoleOutput shows.
        self.console: list[str] = []
        # How often each Ansible module ran.
        self.modules: collections.Counter[str] = collections.Counter()
        self._timings = timings
        self._loop = loop
        self._endpoint = WinRMEndpoint()
        self._jobs: set[asyncio.Task[None]] = set()
        self._cut = asyncio.Event()

    async def power_on(self) -> None:
        """Boot Windows and answer at the address. Returns when Windows is up, or has failed to come up."""
        if self.power != "off":
            return
        self.power = "booting"
        await asyncio.sleep(self._timings.boot)
        if "never-boot" in self.site.faults:
            LOG.warning("%s: stays dark, as its tag lab:fault asks", self.site.metadata.instance_id)
            return
        if "no-certificates" in self.site.faults:
            self.machine.certificates.create_self_signed = _refuse  # type: ignore[method-assign]
        if "no-netsh" in self.site.faults:
            self.machine.files.delete("C:\\Windows\\System32\\netsh.exe")
        self.machine.attach(**self._attachments())
        try:
            if not await self._boot():
                return
        except Exception as exc:  # the boundary of the model: one guest's bug must not end the lab
            self.error = f"{type(exc).__name__}: {exc}"
            self._say(f"Windows did not come up: {self.error}")
            LOG.exception("%s: Windows did not come up", self.site.metadata.instance_id)
            return
        self.boots += 1
        self.power = "on"
        if "no-winrm" not in self.site.faults:
            await self._endpoint.start(self, self.site.address)
        self._say(f"Windows is Ready to use: {self.machine.name} at {self.site.address}")

    async def _boot(self) -> bool:
        """Let Windows come up, user data and all; False when the power went first."""
        booting = asyncio.ensure_future(asyncio.to_thread(boot, self.machine))
        cut = asyncio.ensure_future(self._cut.wait())
        await asyncio.wait({booting, cut}, return_when=asyncio.FIRST_COMPLETED)
        cut.cancel()
        if not booting.done():
            # The thread runs on until its script ends, on a disk that nobody looks at while it is off.
            booting.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            return False
        result = booting.result()
        if result.user_data_ran:
            self._say(f"User data ended with exit code {result.user_data_rc}")
        if result.failed_services:
            self._say(f"Services that did not start: {', '.join(result.failed_services)}")
        return True

    def cut_power(self) -> None:
        """End a boot that is under way, so that a power-off need not wait for it."""
        self._cut.set()

    async def power_off(self) -> None:
        """Go down; the address falls silent first."""
        self._cut.clear()
        if self.power == "off":
            return
        self.power = "off"
        await self._endpoint.stop()
        for job in self._jobs - {asyncio.current_task()}:
            job.cancel()
        await asyncio.sleep(self._timings.shutdown)
        self.machine.power_off()
        self.machine.attached = Attachments()
        LOG.info("%s: off", self.site.metadata.instance_id)

    async def reboot(self) -> None:
        await self.power_off()
        await asyncio.sleep(self._timings.restart)
        await self.power_on()

    def work(self) -> dict[str, dict[str, int]]:
        """Return what the guest was given to do, over all its boots."""
        return {"winrm": dataclasses.asdict(self._endpoint.counters), "modules": dict(self.modules)}

    def order_trouble(self, query: t.Mapping[str, str]) -> dict[str, t.Any]:
        """Disturb the next WinRM requests; see lab.wsman.trouble for what there is."""
        kinds = t.get_args(t.get_type_hints(Trouble)["kind"])
        if query["kind"] not in kinds:
            raise ValueError(f"unknown kind {query['kind']}; there are {kinds}")
        trouble = Trouble(
            t.cast("t.Any", query["kind"]),
            times=int(query.get("times", "1")),
            status=int(query.get("status", "503")),
            seconds=float(query.get("seconds", "0")),
            action=query.get("action"),
        )
        self._endpoint.troubles.add(trouble)
        return dataclasses.asdict(trouble)

    # What the WinRM endpoint asks.

    @property
    def computer_name(self) -> str:
        return self.machine.name

    def password_of(self, user: str) -> str | None:
        return self.machine.users.password_of(user)

    def accepts(self, peer_ip: str, port: int) -> bool:
        return self.power == "on" and self.site.allows(peer_ip, port) and self.machine.firewall.admits(peer_ip, port)

    def listener(self, port: int) -> Listener | None:
        winrm = self.machine.winrm
        found = winrm.listening(port)
        if found is None:
            return None
        flags = (winrm.flag("Auth/Negotiate"), winrm.flag("Auth/Basic"), winrm.flag("AllowUnencrypted"))
        if found.transport == "HTTP":
            return Listener("HTTP", None, None, *flags)
        certificate = self.machine.certificates.find(found.thumbprint)
        if certificate is None:
            return None
        return Listener("HTTPS", certificate.pem.decode(), certificate.key_pem.decode(), *flags)

    def run(self, request: CommandRequest) -> Completed:
        return execute(self.machine, request.command_line, request.stdin, request.user)

    def powershell(self, user: str) -> GuestPowerShell:
        return GuestPowerShell(self.machine, user)

    # What Windows asks.

    def _attachments(self) -> dict[str, t.Any]:
        return {
            "network": self.site.network,
            "metadata": self.site.metadata,
            "power": self._request_power,
            "background": self._in_background,
            "log": self._say,
            "changed": self._refresh,
            # In the loop, and so before the client has its answer.
            "module": lambda name: self._soon(lambda: self.modules.update([name])),
        }

    def _say(self, line: str) -> None:
        LOG.info("%s: %s", self.site.metadata.instance_id, line)
        self.console.append(f"{self.machine.clock():%Y/%m/%d %H:%M:%SZ}: {line}")

    def _refresh(self) -> None:
        if self.power == "on":
            self._endpoint.refresh()

    def _soon(self, call: t.Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(call)

    def _request_power(self, action: str, delay: float) -> None:
        """Take the guest's own request to go down or restart, from any thread, and let it go on meanwhile."""
        self._soon(lambda: self._spawn(self._power_later(action, delay)))

    async def _power_later(self, action: str, delay: float) -> None:
        await asyncio.sleep(delay * self._timings.guest_delays)
        # In a task of its own: going down cancels the jobs of this guest.
        self._loop.create_task(self.site.on_power(action))

    def _in_background(self, work: t.Callable[[], None]) -> None:
        self._soon(lambda: self._spawn(self._background(work)))

    async def _background(self, work: t.Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(work)
        except Exception:  # as above: what runs detached on a guest must not end the lab
            LOG.exception("%s: a detached process failed", self.site.metadata.instance_id)
        self._refresh()

    def _spawn(self, job: t.Coroutine[t.Any, t.Any, None]) -> None:
        task = self._loop.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)


def _refuse(*_: object, **__: object) -> t.NoReturn:
    raise WindowsError(
        0x80090016 & 0xFFFF, message="CertEnroll::CX509Enrollment::_CreateRequest: Keyset does not exist"
    )
