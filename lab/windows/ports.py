# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports a machine listens on, as its services and settings have it."""

from __future__ import annotations

import typing as t

from lab.windows import tentacle_store
from lab.windows.machine import Machine

# Service -> ports that it holds while it runs.
_BY_SERVICE = {"RpcSs": (135,), "LanmanServer": (445,), "W3SVC": (80,), "FTPSVC": (21,), "DNS": (53,)}
_RDP = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server"


# Of the ports that the kernel holds itself (HTTP.sys, SMB) Windows names this process.
_SYSTEM = ("System", 4, None)
_BY_KERNEL = frozenset({80, 445, 5985, 5986})
_UDP = {"W32Time": (123,), "IKEEXT": (500, 4500), "Dnscache": (5353, 5355), "TermService": (3389,)}


class Endpoint(t.NamedTuple):
    """One endpoint. ``user`` is nobody for the kernel."""

    protocol: str
    address: str
    port: int
    process: str
    pid: int
    user: str | None


def endpoints(machine: Machine, protocol: str) -> list[Endpoint]:
    """Give what listens with ``tcp`` or ``udp``, for IPv4 and IPv6 as Windows has them."""
    ports = listening(machine) if protocol == "tcp" else _udp(machine)
    everywhere = ("::", "0.0.0.0")  # noqa: S104 - told, not bound
    return [
        Endpoint(protocol, address, port, *_holder(machine, port)) for port in sorted(ports) for address in everywhere
    ]


def _udp(machine: Machine) -> set[int]:
    return {port for name, ports in _UDP.items() if _runs(machine, name) for port in ports}


def _holder(machine: Machine, port: int) -> tuple[str, int, str | None]:
    """Give name, id and user of the process behind a port."""
    if port in _BY_KERNEL:
        return _SYSTEM
    for instance in tentacle_store.instances(machine):
        if instance.get("Tentacle.Services.PortNumber") == str(port):
            service = machine.services.find(instance.service_name)
            return "Tentacle.exe", service.process_id if service else 0, "NT AUTHORITY\\SYSTEM"
    names = [name for table in (_BY_SERVICE, _UDP) for name, ports in table.items() if port in ports]
    service = machine.services.find(names[0] if names else "TermService")
    return "svchost.exe", service.process_id if service else 0, "NT AUTHORITY\\NETWORK SERVICE"


def listening(machine: Machine) -> set[int]:
    """Give the ports."""
    found = {one.port for one in machine.winrm.listeners() if machine.winrm.listening(one.port) is not None}
    for name, ports in _BY_SERVICE.items():
        if _runs(machine, name):
            found.update(ports)
    if _runs(machine, "TermService") and not machine.registry.data(_RDP, "fDenyTSConnections", 0):
        found.add(int(machine.registry.data(_RDP + "\\WinStations\\RDP-Tcp", "PortNumber", 3389)))
    for instance in tentacle_store.instances(machine):
        port = instance.get("Tentacle.Services.PortNumber")
        polls = instance.get("Tentacle.Services.NoListen").lower() == "true"
        if _runs(machine, instance.service_name) and port.isdigit() and not polls:
            found.add(int(port))
    return found


def _runs(machine: Machine, name: str) -> bool:
    service = machine.services.find(name)
    return service is not None and service.state == "Running"
