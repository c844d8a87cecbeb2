# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a build can work, judged from facts. Calls nothing: `builder_facts` and `probes` ask."""

from __future__ import annotations

import collections.abc as c
import ipaddress
import re
import typing as t
import urllib.parse

OK = "ok"
WARNING = "warning"
FAILED = "failed"

WINRM_PORT = 5986
PACKER_MINIMUM = (1, 6, 6)
# From here on Packer brings no plugins of its own.
_PACKER_WITHOUT_PLUGINS = (1, 10, 0)
_PACKER_HELP = "Install Packer 1.6.6 or later (make setup does, or https://developer.hashicorp.com/packer/install)."
_ANY_PROTOCOL = "-1"


class Check(t.NamedTuple):
    """One thing that was looked at, and what was found. ``detail`` says what to do when it is not well."""

    name: str
    status: str
    detail: str


class Subnet(t.NamedTuple):
    """A subnet as EC2 describes it."""

    id: str
    state: str
    vpc: str
    zone: str
    cidr: str
    free_addresses: int
    gives_public_addresses: bool


class Ingress(t.NamedTuple):
    """One inbound permission of a security group; ``others`` are groups and prefix lists, which are not followed."""

    protocol: str
    first_port: int
    last_port: int
    cidrs: tuple[str, ...]
    others: tuple[str, ...]


class SecurityGroup(t.NamedTuple):
    """A security group as EC2 describes it."""

    id: str
    vpc: str
    ingress: tuple[Ingress, ...]


class Answer(t.NamedTuple):
    """What came of asking for an artefact: an HTTP status, or the reason why there was none."""

    status: int | None
    problem: str = ""


def judge_subnet(subnet: Subnet | None, subnet_id: str, region: str, interface: str, public_address: bool) -> Check:
    """Judge the subnet that the builder starts in."""
    name = "subnet"
    if not subnet_id:
        return Check(name, FAILED, "No subnet is set. Set golden_builder.subnet_id to one that this machine can reach.")
    if subnet is None:
        return Check(
            name,
            FAILED,
            f"{subnet_id} does not exist in {region}, or belongs to another account. Set golden_builder.subnet_id.",
        )
    what = f"{subnet.id} ({subnet.cidr}, {subnet.zone})"
    if subnet.state != "available":
        return Check(name, FAILED, f"{what} is {subnet.state}, not available. Wait, or choose another subnet.")
    if subnet.free_addresses < 1:
        return Check(name, FAILED, f"{what} has no free address. Choose another subnet, or remove what is not needed.")
    if interface.startswith("public") and not (public_address or subnet.gives_public_addresses):
        return Check(
            name,
            FAILED,
            f"{what} gives no public addresses, and golden_builder.interface is {interface}. "
            "Set golden_builder.associate_public_ip_address to true, or interface to private_ip.",
        )
    return Check(name, OK, f"{what} has {subnet.free_addresses} free addresses")


def judge_security_group(
    group: SecurityGroup | None, group_id: str, subnet: Subnet | None, sources: c.Sequence[str]
) -> Check:
    """Judge whether a security group lets WinRM in from all of ``sources`` (CIDR blocks)."""
    name = "security group"
    if group is None:
        return Check(
            name, FAILED, f"{group_id} does not exist. Set golden_builder.security_group_id, or leave it empty."
        )
    if subnet and group.vpc != subnet.vpc:
        return Check(
            name,
            FAILED,
            f"{group.id} belongs to {group.vpc}, but subnet {subnet.id} to {subnet.vpc}. Choose another group.",
        )
    missing = [source for source in sources if not lets_in(group, source, WINRM_PORT)]
    if not missing:
        return Check(name, OK, f"{group.id} lets TCP {WINRM_PORT} in from {', '.join(sources)}")
    others = [other for rule in group.ingress if _speaks_of(rule, WINRM_PORT) for other in rule.others]
    if others:
        return Check(
            name,
            WARNING,
            f"{group.id} lets TCP {WINRM_PORT} in from {', '.join(others)}. Does that cover {', '.join(missing)}?",
        )
    return Check(
        name,
        FAILED,
        f"{group.id} does not let TCP {WINRM_PORT} in from {', '.join(missing)}: Ansible could not connect. "
        f"Add the rule: aws ec2 authorize-security-group-ingress --group-id {group.id} --protocol tcp "
        f"--port {WINRM_PORT} --cidr {missing[0]}",
    )


def lets_in(group: SecurityGroup, source: str, port: int) -> bool:
    """Whether one rule of a group covers a whole CIDR block on a TCP port."""
    network = ipaddress.ip_network(source, strict=False)
    return any(
        network.version == allowed.version and network.subnet_of(t.cast(t.Any, allowed))
        for rule in group.ingress
        if _speaks_of(rule, port)
        for allowed in (ipaddress.ip_network(cidr, strict=False) for cidr in rule.cidrs)
    )


def judge_sources(sources: c.Sequence[str], interface: str) -> Check:
    """Judge the addresses that WinRM will be open to."""
    name = "source address"
    if not sources:
        return Check(
            name,
            FAILED,
            f"golden_builder.interface is {interface}, and the public address of this machine is not known here. "
            "Set golden_builder.source_cidrs, for example [203.0.113.7/32].",
        )
    for source in sources:
        try:
            network = ipaddress.ip_network(source, strict=False)
        except ValueError:
            return Check(
                name,
                FAILED,
                f"golden_builder.source_cidrs has {source!r}, which is not a CIDR block such as 10.0.0.7/32.",
            )
        if network.prefixlen == 0:
            return Check(name, FAILED, f"golden_builder.source_cidrs has {source}: WinRM is not opened to everyone.")
    return Check(name, OK, f"WinRM is open to {', '.join(sources)} while an image is built")


def judge_instance_type(instance_type: str, zone: str | None, zones: c.Collection[str], region: str) -> Check:
    """Judge whether the zone of the subnet (None: not known) offers an instance type; ``zones`` are all that do."""
    name = "instance type"
    if zone in zones or (zone is None and zones):
        return Check(name, OK, f"{instance_type} is offered in {zone or region}")
    if zones:
        where = f"in {zone}, only in {', '.join(sorted(zones))}. Choose a subnet there, or another type"
    else:
        where = f"anywhere in {region}. Choose another type"
    return Check(name, FAILED, f"{instance_type} is not offered {where} (golden_builder.instance_type).")


def judge_quota(limit: float, used: int, needed: int, region: str) -> Check:
    """Judge whether the account may start as many vCPUs of standard instances as are needed."""
    name = "vCPU quota"
    what = f"{used} of {limit:g} vCPUs of standard on-demand instances are in use in {region}"
    if used + needed > limit:
        return Check(
            name,
            FAILED,
            f"{what}, and the builder needs {needed}. Stop some, choose a smaller golden_builder.instance_type, "
            "or ask for more: aws service-quotas request-service-quota-increase --service-code ec2 "
            f"--quota-code L-1216C47A --desired-value {used + needed:g}",
        )
    return Check(name, OK, f"{what}; the builder needs {needed}")


def judge_root_volume(gib: int, needed: c.Mapping[str, int | None]) -> Check:
    """Judge whether the root volume is as large as the AMIs that it starts from; sizes by name of the AMI."""
    name = "root volume"
    for ami, size in needed.items():
        if size is not None and size > gib:
            return Check(
                name,
                FAILED,
                f"golden_builder.root_volume_gib is {gib}, but {ami} needs {size} at least. Set it to {size} or more.",
            )
    return Check(name, OK, f"{gib} GiB")


def judge_packer(version: str | None, plugins: str | None, path: str) -> Check:
    """Judge the answers of ``packer version`` (None: not found) and ``packer plugins installed`` (None: not asked)."""
    name = "Packer"
    if version is None:
        return Check(name, FAILED, f"{path} was not found. {_PACKER_HELP}")
    found = packer_version(version)
    if found is None:
        return Check(name, FAILED, f"{path} does not say its version but: {version.strip()[:200]!r}. {_PACKER_HELP}")
    text = ".".join(map(str, found))
    if found < PACKER_MINIMUM:
        return Check(name, FAILED, f"{path} is version {text}, which is too old. {_PACKER_HELP}")
    missing = [
        plugin for plugin in ("amazon", "ansible") if plugins is not None and f"packer-plugin-{plugin}" not in plugins
    ]
    if missing:
        return Check(
            name, FAILED, f"Packer {text} lacks its plugins {', '.join(missing)}. Run: packer init packer/plugins"
        )
    return Check(name, OK, text)


def packer_version(text: str) -> tuple[int, ...] | None:
    """Return the version in the output of ``packer version``."""
    match = re.search(r"Packer v(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, match.groups())) if match else None


def needs_plugins(text: str) -> bool:
    """Whether this Packer needs plugins to be installed beside it."""
    return (packer_version(text) or (0,)) >= _PACKER_WITHOUT_PLUGINS


def judge_artefact(variable: str, url: str, answer: Answer, required: bool, proxy: str) -> Check:
    """Judge whether a file that a role fetches is there. What comes from a role's own defaults may never be fetched."""
    name = f"artefact {variable}"
    url = without_secrets(url)
    through = f" through {without_secrets(proxy)}" if proxy else ""
    if answer.status is not None and answer.status < 400:
        return Check(name, OK, url)
    status = FAILED if required else WARNING
    why = f"HTTP {answer.status}" if answer.status is not None else answer.problem
    advice = f"Check {variable}." if answer.status else f"Check {variable}, and that this machine gets there{through}."
    return Check(name, status, f"{url} does not answer{through}: {why}. {advice}")


def without_secrets(url: str) -> str:
    """Return an address without user, password and query, where tokens are."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def judge_disk(path: str, free_mib: int, needed_mib: int) -> Check:
    """Judge the space that is left for logs and temporary files."""
    name = f"disk space in {path}"
    if free_mib < needed_mib:
        return Check(name, FAILED, f"{free_mib} MiB are free, {needed_mib} MiB are needed. Make room.")
    return Check(name, OK, f"{free_mib} MiB free")


def failure_text(checks: c.Iterable[Check]) -> str:
    """Return one message with all that failed, "" when nothing did."""
    failed = [check for check in checks if check.status == FAILED]
    if not failed:
        return ""
    head = "1 problem stands" if len(failed) == 1 else f"{len(failed)} problems stand"
    lines = [f"{head} in the way of a build; nothing was started."]
    return "\n".join([*lines, *(f"- {check.name}: {check.detail}" for check in failed)])


def _speaks_of(rule: Ingress, port: int) -> bool:
    if rule.protocol == _ANY_PROTOCOL:
        return True
    return rule.protocol in ("tcp", "6") and rule.first_port <= port <= rule.last_port
