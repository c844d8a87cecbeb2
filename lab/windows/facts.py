# SPDX-License-Identifier: GPL-3.0-or-later
"""What the setup module says about a machine, by subset."""

from __future__ import annotations

import datetime
import json
import typing as t
import uuid

from lab.windows.errors import UnsupportedError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext
from lab.windows.stock_registry import CURRENT_VERSION
from lab.windows.users import SYSTEM_SID

Facts = dict[str, t.Any]
MEMORY_MB = 8192


def gather(machine: Machine, subset: str, user: str) -> Facts:
    """Give the facts of one subset; ``dns`` and ``facter`` have none on such a machine."""
    function = _SUBSETS.get(subset)
    return {} if function is None else {f"ansible_{name}": value for name, value in function(machine, user).items()}


def local(machine: Machine, path: str, context: ModuleContext) -> Facts:
    """Give the facts from the JSON files of a directory.

    :raises UnsupportedError: a fact file is a script.
    """
    if not machine.files.is_directory(path):
        context.warn(f"Non existing path was set for local facts - {path}")
        return {}
    found: Facts = {}
    for node in machine.files.list(path):
        name, _, extension = node.name.rpartition(".")
        if extension == "ps1":
            raise UnsupportedError(f"setup: the fact script {node.path}")
        if extension == "json":
            found[f"ansible_{name}"] = json.loads(machine.files.read_text(node.path))
    return found


def _address(machine: Machine) -> str:
    return machine.metadata.local_ipv4 if machine.metadata else "127.0.0.1"


def _addresses(machine: Machine, user: str) -> Facts:
    address = _address(machine)
    return {"ip_addresses": [] if address == "127.0.0.1" else [address]}


def _bios(machine: Machine, user: str) -> Facts:
    instance = machine.metadata.instance_id if machine.metadata else ""
    return {
        "bios_date": "10/16/2017",
        "bios_version": "1.0",
        "product_name": machine.metadata.instance_type if machine.metadata else "m5.large",
        "product_serial": f"ec2{instance}",
        "product_uuid": "EC2" + str(uuid.uuid5(uuid.NAMESPACE_DNS, instance or machine.sid)).upper()[3:],
    }


def _date_time(machine: Machine, user: str) -> Facts:
    now = machine.clock().astimezone(datetime.UTC)
    return {
        "date_time": {
            "date": now.strftime("%Y-%m-%d"),
            "day": now.strftime("%d"),
            "epoch": str(now.timestamp()),
            "epoch_local": str(now.timestamp()),
            "epoch_int": int(now.timestamp()),
            "hour": now.strftime("%H"),
            "iso8601": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "iso8601_basic": now.strftime("%Y%m%dT%H%M%S%f"),
            "iso8601_basic_short": now.strftime("%Y%m%dT%H%M%S"),
            "iso8601_micro": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "minute": now.strftime("%M"),
            "month": now.strftime("%m"),
            "second": now.strftime("%S"),
            "time": now.strftime("%H:%M:%S"),
            "tz": "UTC",
            "tz_offset": "+00:00",
            "weekday": now.strftime("%A"),
            "weekday_number": now.strftime("%w"),
            "weeknumber": str(int(now.strftime("%W"))),
            "year": now.strftime("%Y"),
        }
    }


def _distribution(machine: Machine, user: str) -> Facts:
    version = machine.version
    admin = machine.users.is_administrator(user)
    return {
        "distribution": version.caption if admin else None,
        "distribution_version": version.full,
        "distribution_major_version": "10",
        "os_family": "Windows",
        "os_name": version.caption if admin else None,
        "os_product_type": "server",
        "os_installation_type": machine.registry.data(CURRENT_VERSION, "InstallationType"),
        "os_install_date": None,
    }


def _env(machine: Machine, user: str) -> Facts:
    return {"env": {name: value.rstrip("\\") for name, value in machine.environment_of(user).items()}}


def _interfaces(machine: Machine, user: str) -> Facts:
    address = _address(machine)
    octets = [int(part) for part in address.split(".")]
    network = ".".join(address.split(".")[:3])
    return {
        "interfaces": [
            {
                "connection_name": "Ethernet",
                "default_gateway": f"{network}.1",
                "dns_domain": f"{machine.metadata.region}.compute.internal" if machine.metadata else None,
                "interface_index": 4,
                "interface_name": "Amazon Elastic Network Adapter",
                "ipv4": {"address": address, "prefix": "24"},
                "ipv6": None,
                "macaddress": "06:00:" + ":".join(f"{part:02X}" for part in octets),
                "mtu": 9001,
                "speed": 25000,
            }
        ]
    }


def _memory(machine: Machine, user: str) -> Facts:
    return {
        "memtotal_mb": MEMORY_MB,
        "memfree_mb": MEMORY_MB * 3 // 4,
        "swaptotal_mb": 0,
        "pagefiletotal_mb": 1280,
        "pagefilefree_mb": 1280,
    }


def _platform(machine: Machine, user: str) -> Facts:
    registry = machine.registry
    name = str(registry.data("HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters", "Hostname", machine.name))
    server = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters"
    admin = machine.users.is_administrator(user)
    reasons = machine.pending_reboot.reasons()
    return {
        "domain": "",
        "fqdn": name,
        "hostname": name,
        "netbios_name": machine.name,
        "kernel": machine.version.full,
        "nodename": name,
        "machine_id": machine.sid,
        "owner_name": str(registry.data(CURRENT_VERSION, "RegisteredOwner", "")),
        "owner_contact": "",
        "system": "Win32NT",
        "system_description": str(registry.data(server, "srvcomment", "")),
        "system_vendor": "Amazon EC2",
        "architecture": "64-bit" if admin else None,
        "architecture2": "x86_64",
        "reboot_pending": "servicing" in reasons or "renames" in reasons,
    }


def _powershell(machine: Machine, user: str) -> Facts:
    return {"powershell_version": 5}


def _processor(machine: Machine, user: str) -> Facts:
    model = "Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz"
    return {
        "processor": ["0", "GenuineIntel", model, "1", "GenuineIntel", model],
        "processor_count": 1,
        "processor_cores": 1,
        "processor_threads_per_core": 2,
        "processor_vcpus": 2,
    }


def _uptime(machine: Machine, user: str) -> Facts:
    uptime = machine.clock() - machine.boot_time
    return {
        "lastboot": machine.boot_time.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%SZ"),
        "uptime_seconds": round(uptime.total_seconds()),
    }


def _user(machine: Machine, user: str) -> Facts:
    block = machine.environment_of(user)
    sid = machine.user_sid(user)
    name = f"{machine.name}$" if sid == SYSTEM_SID else block["USERNAME"]
    return {"user_dir": block["USERPROFILE"], "user_gecos": "", "user_id": name, "user_sid": sid}


def _domain(machine: Machine, user: str) -> Facts:
    return {
        "windows_domain": "WORKGROUP",
        "windows_domain_member": False,
        "windows_domain_role": "Stand-alone server",
    }


def _winrm(machine: Machine, user: str) -> Facts:
    used = [machine.certificates.find(one.thumbprint) for one in machine.winrm.listeners() if one.thumbprint]
    known = sorted((one for one in used if one), key=lambda one: one.x509.not_valid_after_utc)
    if not known:
        return {}
    expires = known[0].x509.not_valid_after_utc.strftime("%Y-%m-%d %H:%M:%S")
    return {"win_rm_certificate_expires": expires, "win_rm_certificate_thumbprint": known[0].thumbprint}


def _virtual(machine: Machine, user: str) -> Facts:
    return {"virtualization_role": "guest", "virtualization_type": "kvm"}


_SUBSETS: dict[str, t.Callable[[Machine, str], Facts]] = {
    "all_ipv4_addresses": _addresses,
    "all_ipv6_addresses": _addresses,
    "bios": _bios,
    "date_time": _date_time,
    "distribution": _distribution,
    "env": _env,
    "interfaces": _interfaces,
    "memory": _memory,
    "platform": _platform,
    "powershell_version": _powershell,
    "processor": _processor,
    "uptime": _uptime,
    "user": _user,
    "virtual": _virtual,
    "windows_domain": _domain,
    "winrm": _winrm,
}
