# SPDX-License-Identifier: GPL-3.0-or-later
"""Stock Amazon Windows AMIs: sealed, waiting for their first boot."""

from __future__ import annotations

import functools

from lab.windows import stock_files, stock_services
from lab.windows.firewall import PROFILES, Rule
from lab.windows.machine import CRYPTOGRAPHY, TCPIP, Clock, Machine
from lab.windows.proxy import Proxy, write_winhttp
from lab.windows.stock_registry import add_registry
from lab.windows.tasks import Action, Task
from lab.windows.versions import VERSIONS

IMAGE_STATE_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Setup\\State"
SEALED = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"
COMPLETE = "IMAGE_STATE_COMPLETE"
GROUPS = {
    "Administrators": ("S-1-5-32-544", "Administrators have complete and unrestricted access to the computer/domain"),
    "Users": ("S-1-5-32-545", "Users are prevented from making accidental or intentional system-wide changes"),
    "Guests": ("S-1-5-32-546", "Guests have the same access as members of the Users group by default"),
    "Backup Operators": ("S-1-5-32-551", "Backup Operators can override security restrictions to back up files"),
    "Remote Desktop Users": ("S-1-5-32-555", "Members in this group are granted the right to logon remotely"),
    "Remote Management Users": ("S-1-5-32-580", "Members of this group can access WMI resources over WS-Management"),
    "IIS_IUSRS": ("S-1-5-32-568", "Built-in group used by Internet Information Services."),
    "Event Log Readers": ("S-1-5-32-573", "Members of this group can read event logs from local machine"),
    "Performance Log Users": ("S-1-5-32-559", "Members of this group may schedule logging of performance counters"),
}


def stock_machine(version: str, launch_agent: str, *, core: bool = False, clock: Clock | None = None) -> Machine:
    """Make a stock AMI's machine.

    :param version: ``2016``, ``2019``, ``2022`` or ``2025``.
    :param launch_agent: ``v2`` (EC2Launch v2, on 2022 and 2025), ``v1`` (EC2Launch v1, on 2016 and 2019) or
        ``ec2config`` (on none of them as Amazon delivers them).
    :raises KeyError: unknown version.
    :raises ValueError: unknown launch agent.
    """
    if launch_agent not in ("v1", "v2", "ec2config"):
        raise ValueError(f"'{launch_agent}' is not a launch agent that the lab knows (v1, v2, ec2config)")
    if clock is not None:
        return _build(version, launch_agent, core, clock)
    return _template(version, launch_agent, core).snapshot()


@functools.cache
def _template(version: str, launch_agent: str, core: bool) -> Machine:
    return _build(version, launch_agent, core, Clock())


def _build(version: str, launch_agent: str, core: bool, clock: Clock) -> Machine:
    machine = Machine(VERSIONS[version], name="WIN-STOCKAMI", core=core, clock=clock)
    stock_files.add_files(machine, launch_agent)
    add_registry(machine, launch_agent)
    _add_users(machine)
    stock_services.add_services(machine, launch_agent)
    machine.registry.set(TCPIP, "DataBasePath", "%SystemRoot%\\System32\\drivers\\etc", "ExpandString")
    _add_firewall_rules(machine)
    machine.winrm.reset()
    write_winhttp(machine, Proxy())
    if launch_agent == "v1":
        _add_v1_task(machine)
    machine.registry.set(IMAGE_STATE_KEY, "ImageState", SEALED)
    return machine


def _add_users(machine: Machine) -> None:
    users = machine.users
    users.add("Administrator", rid=500, description="Built-in account for administering the computer/domain")
    users.add("Guest", rid=501, enabled=False, description="Built-in account for guest access to the computer/domain")
    users.add("DefaultAccount", rid=503, enabled=False, description="A user account managed by the system.")
    if machine.version.key != "2016":
        users.add("WDAGUtilityAccount", rid=504, enabled=False, description="Managed by Windows Defender.")
    for name, (sid, description) in GROUPS.items():
        users.add_group(name, sid, description)
    users.group("Administrators").members.append("Administrator")
    users.group("Guests").members.append("Guest")
    users.get("Administrator").profile = "C:\\Users\\Administrator"
    machine.files.mkdir("C:\\Users\\Administrator\\AppData\\Local\\Temp")
    machine.files.mkdir("C:\\Users\\Administrator\\Documents")
    machine.registry.create_key(f"HKU\\{users.sid('Administrator')}\\Environment")


def _add_firewall_rules(machine: Machine) -> None:
    winrm = "@FirewallAPI.dll,-30267"
    desktop = "@FirewallAPI.dll,-28752"
    add = machine.firewall.add
    for name, profiles, remote in (
        ("WINRM-HTTP-In-TCP-NoScope", ("Domain", "Private"), "Any"),
        ("WINRM-HTTP-In-TCP", ("Public",), "LocalSubnet"),
    ):
        add(
            Rule(
                name,
                "Windows Remote Management (HTTP-In)",
                protocol="TCP",
                local_ports="5985",
                remote_addresses=remote,
                profiles=profiles,
                program="System",
                group=winrm,
                resource="@FirewallAPI.dll,-30253",
            )
        )
    for protocol, resource in (("TCP", "@FirewallAPI.dll,-28775"), ("UDP", "@FirewallAPI.dll,-28776")):
        add(
            Rule(
                f"RemoteDesktop-UserMode-In-{protocol}",
                f"Remote Desktop - User Mode ({protocol}-In)",
                protocol=protocol,
                local_ports="3389",
                program="%SystemRoot%\\system32\\svchost.exe",
                service="termservice",
                group=desktop,
                resource=resource,
            )
        )
    add(
        Rule(
            "CoreNet-DHCP-In",
            "Core Networking - Dynamic Host Configuration Protocol (DHCP-In)",
            protocol="UDP",
            local_ports="68",
            remote_ports="67",
            profiles=PROFILES,
            group="@FirewallAPI.dll,-25000",
            resource="@FirewallAPI.dll,-25301",
        )
    )


def _add_v1_task(machine: Machine) -> None:
    script = stock_files.V1_ROOT + "\\Scripts\\InitializeInstance.ps1"
    machine.tasks.put(
        Task(
            "Amazon Ec2 Launch - Instance Initialization",
            actions=[
                Action("powershell.exe", f"-NoProfile -NonInteractive -ExecutionPolicy Unrestricted -File {script}")
            ],
            triggers=[{"type": "boot", "enabled": True}],
            run_level="highest",
        )
    )


__all__ = ["COMPLETE", "CRYPTOGRAPHY", "IMAGE_STATE_KEY", "SEALED", "stock_machine"]
