# SPDX-License-Identifier: GPL-3.0-or-later
"""Which TCP ports a machine listens on, as its services and settings have it."""

from __future__ import annotations

from lab.windows import tentacle_store
from lab.windows.machine import Machine

# Service -> ports that it holds while it runs.
_BY_SERVICE = {"RpcSs": (135,), "LanmanServer": (445,), "W3SVC": (80,), "FTPSVC": (21,), "DNS": (53,)}
_RDP = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server"


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
