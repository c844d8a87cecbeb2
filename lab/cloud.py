# SPDX-License-Identifier: GPL-3.0-or-later
"""The hypervisor: guests behind moto's instances, disks behind its images.

moto's threads call the methods of `Cloud`, which return at once; the work is done in the lab's event loop, one change
of an instance after another, and the instance's state in moto follows it.
"""

from __future__ import annotations

import asyncio
import collections
import logging
import typing as t

from lab.disks import Disks
from lab.ec2.hypervisor import set_state
from lab.ec2.models import backend
from lab.metadata import InstanceMetadata, user_data_of
from lab.network import GuestNetwork
from lab.timings import Timings

if t.TYPE_CHECKING:
    from lab.ec2.hypervisor import Instance
    from lab.ec2.image import Image
    from lab.guest import Guest

LOG = logging.getLogger("lab.cloud")
FAULT_TAG = "lab:fault"
# never-boot: Windows stays dark. no-winrm: nothing listens. no-certificates: New-SelfSignedCertificate fails.
# no-netsh: netsh.exe is not there.
FAULTS = frozenset({"never-boot", "no-winrm", "no-certificates", "no-netsh"})


class Cloud:
    """Implements lab.ec2.hypervisor.Hypervisor."""

    def __init__(self, loop: asyncio.AbstractEventLoop, cidrs: t.Iterator[str], timings: Timings | None = None) -> None:
        self.timings = timings or Timings()
        self.disks = Disks()
        self.guests: dict[str, Guest] = {}
        self._loop = loop
        self._cidrs = cidrs
        self._networks: dict[tuple[str, str], str] = {}
        self._passwords: dict[str, str] = {}
        # What terminated guests have done.
        self._past_work: dict[str, dict[str, dict[str, int]]] = {}
        self._locks: dict[str, asyncio.Lock] = collections.defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._next_faults: list[str] = []

    def open_region(self, region: str, account: str) -> str:
        place = (account, region)
        if place not in self._networks:
            self._networks[place] = next(self._cidrs)
            self.disks.know_stock(region)
        return self._networks[place]

    def password_data(self, instance_id: str) -> str:
        return self._passwords.get(instance_id, "")

    def console(self, instance_id: str) -> str:
        guest = self.guests.get(instance_id)
        return "\r\n".join(guest.console) if guest else ""

    def status_checks(self, instance_id: str) -> str:
        """Return how EC2's status checks of a running instance stand: ok, initializing or impaired."""
        guest = self.guests.get(instance_id)
        if guest is not None and (guest.error or "never-boot" in guest.site.faults):
            return "impaired"
        return "ok" if guest is not None and guest.power == "on" else "initializing"

    def launch(self, instance: Instance) -> None:
        self._submit(instance, self._launch(instance))

    def start(self, instance: Instance) -> None:
        self._submit(instance, self._power_on(instance))

    def stop(self, instance: Instance) -> None:
        self._submit(instance, self._power_off(instance, "stopped"), cut=True)

    def reboot(self, instance: Instance) -> None:
        self._submit(instance, self._reboot(instance))

    def terminate(self, instance: Instance) -> None:
        self._submit(instance, self._power_off(instance, "terminated"), cut=True)

    def capture(self, instance: Instance, image: Image, reboot: bool) -> None:
        self._submit(instance, self._capture(instance, image, reboot))

    def copy_image(self, source_id: str, image: Image, fails: bool) -> None:
        self.disks.copy(source_id, image.id)
        asyncio.run_coroutine_threadsafe(self._complete(image, fails), self._loop)

    def forget_image(self, image_id: str) -> None:
        self.disks.forget(image_id)

    async def close(self) -> None:
        """Power every guest off."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(guest.power_off() for guest in self.guests.values()))

    def _submit(self, instance: Instance, change: t.Coroutine[t.Any, t.Any, None], cut: bool = False) -> None:
        """Queue a change of an instance, from any thread. With `cut` it does not wait for the end of a boot."""

        def begin() -> None:
            guest = self.guests.get(instance.id)
            if cut and guest is not None and guest.power == "booting":
                guest.cut_power()
            task = self._loop.create_task(self._in_turn(instance.id, change))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(begin)

    async def _in_turn(self, instance_id: str, change: t.Coroutine[t.Any, t.Any, None]) -> None:
        async with self._locks[instance_id]:
            try:
                await change
            except Exception:  # the last boundary: a bug shows in the log, and the lab lives on
                LOG.exception("%s: a change of the instance failed", instance_id)

    async def _launch(self, instance: Instance) -> None:
        try:
            machine = await asyncio.to_thread(self.disks.open, instance.image_id)
            self.guests[instance.id] = self._guest(instance, machine)
        except Exception as exc:
            # As EC2 does with an instance it cannot start.
            instance.ec2_backend.release_instance(instance)
            set_state(instance, "terminated", f"Server.InternalError: {type(exc).__name__}: {exc}")
            raise
        await self._power_on(instance)

    async def _power_on(self, instance: Instance) -> None:
        await asyncio.sleep(self.timings.pending)
        if instance.state != "pending":  # stopped or terminated meanwhile
            return
        set_state(instance, "running")
        guest = self.guests[instance.id]
        guest.site.metadata.user_data = user_data_of(instance)
        await guest.power_on()

    async def _power_off(self, instance: Instance, final: str) -> None:
        guest = self.guests.get(instance.id)
        if guest is not None:
            await guest.power_off()
        if final == "terminated":
            if guest is not None:
                self._past_work[instance.id] = self.guests.pop(instance.id).work()
            self._passwords.pop(instance.id, None)
            instance.ec2_backend.release_instance(instance)
        elif instance.state == "stopping":
            set_state(instance, "stopped", instance._reason)

    async def _reboot(self, instance: Instance) -> None:
        if instance.state == "running":
            await self.guests[instance.id].reboot()

    async def _capture(self, instance: Instance, image: Image, reboot: bool) -> None:
        guest = self.guests[instance.id]
        if reboot:
            await guest.power_off()
        self.disks.keep(image.id, await asyncio.to_thread(guest.machine.snapshot))
        if reboot:
            await guest.power_on()
        await self._complete(image)

    async def _complete(self, image: Image, fails: bool = False) -> None:
        await asyncio.sleep(self.timings.image)
        for device in image.devices:
            device.snapshot.status = "error" if fails else "completed"
        image.state = "failed" if fails else "available"
        LOG.info("%s: %s as %s", image.id, image.state, image.name)

    async def _from_inside(self, instance: Instance, action: str) -> None:
        """Do what the guest's own shutdown command asks, as EC2 sees it."""
        if instance.state != "running":
            return
        if action == "reboot":
            self.reboot(instance)
            return
        terminates = instance.instance_initiated_shutdown_behavior == "terminate"
        set_state(instance, "shutting-down" if terminates else "stopping")
        instance.state_reason = type(instance.state_reason)(
            "Client.InstanceInitiatedShutdown: Instance initiated shutdown", "Client.InstanceInitiatedShutdown"
        )
        self._submit(instance, self._power_off(instance, "terminated" if terminates else "stopped"))

    def _guest(self, instance: Instance, machine: t.Any) -> Guest:
        from lab.guest import Guest, Site  # the model of Windows is large; the lab is ready before it is needed

        ec2 = instance.ec2_backend
        metadata = InstanceMetadata.of(instance, lambda data: self._passwords.update({instance.id: data}))
        cidr = ec2.get_vpc(instance.vpc_id).cidr_block
        site = Site(
            address=instance.private_ip,
            metadata=metadata,
            network=GuestNetwork(instance.private_ip, cidr, lambda: ec2.has_egress(instance)),
            allows=lambda peer, port: ec2.group_allows(instance, peer, port),
            on_power=lambda action: self._from_inside(instance, action),
            faults=self._faults_of(instance),
        )
        return Guest(machine, site, self.timings, self._loop)

    def _faults_of(self, instance: Instance) -> frozenset[str]:
        """Return the faults that its tag asks for, and one that was ordered for the next instance."""
        tagged = [tag["value"].split(",") for tag in instance.get_tags() if tag["key"] == FAULT_TAG]
        ordered = [self._next_faults.pop(0)] if self._next_faults else []
        faults = frozenset(fault for names in [*tagged, ordered] for fault in names)
        if not faults <= FAULTS:
            raise ValueError(f"unknown faults {sorted(faults - FAULTS)}; there are {sorted(FAULTS)}")
        return faults

    def order_faults(self, query: t.Mapping[str, str]) -> dict[str, t.Any]:
        """Spoil the next instances: fault, times. Or take all orders back: fault=none."""
        fault = query["fault"]
        if fault == "none":
            self._next_faults.clear()
        elif fault not in FAULTS:
            raise ValueError(f"unknown fault {fault}; there are {sorted(FAULTS)}")
        else:
            self._next_faults += [fault] * int(query.get("times", "1"))
        return {"faults": self._next_faults}

    def order_trouble(self, query: t.Mapping[str, str]) -> dict[str, t.Any]:
        """Disturb the next WinRM requests of an instance: instance_id, kind, times, status, seconds, action."""
        guest = self.guests.get(query["instance_id"])
        if guest is None:
            raise ValueError(f"no guest behind {query['instance_id']}")
        return guest.order_trouble(query)

    def status(self, account: str, region: str) -> list[dict[str, t.Any]]:
        """Describe every instance of a region, for people and for the bench."""
        rows = []
        for instance in backend(account, region).all_instances():
            guest = self.guests.get(instance.id)
            rows.append(
                {
                    "instance_id": instance.id,
                    "state": instance.state,
                    "image_id": instance.image_id,
                    "address": instance.private_ip,
                    "computer_name": guest.machine.name if guest else "",
                    "power": guest.power if guest else "off",
                    "boots": guest.boots if guest else 0,
                    "error": guest.error if guest else "",
                    "tags": {tag["key"]: tag["value"] for tag in instance.get_tags()},
                    **(guest.work() if guest else self._past_work.get(instance.id, {"winrm": {}, "modules": {}})),
                }
            )
        return rows
