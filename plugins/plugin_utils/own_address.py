# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The address that this machine has on its way to a subnet."""

from __future__ import annotations

import collections.abc as c
import ipaddress
import socket
import typing as t

from .ec2 import Aws


class AddressError(Exception):
    """It cannot be known from where this machine will reach the builder."""


def subnet_cidr(aws: Aws, subnet_id: str) -> str | None:
    """Return the CIDR block of a subnet, None when there is no such subnet."""
    with aws.explained(f"look for subnet {subnet_id}"):
        subnets = aws.client("ec2").describe_subnets(Filters=[{"Name": "subnet-id", "Values": [subnet_id]}])["Subnets"]
    return str(subnets[0]["CidrBlock"]) if subnets else None


def source_cidr(cidr: str) -> str:
    """Return this machine's address on its way to a network, as a CIDR block. Sends nothing.

    Right as long as no address translation is in between; raises AddressError when there is no way.
    """
    target = str(ipaddress.ip_network(cidr).network_address + 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((target, 5986))
        except OSError as exc:
            raise AddressError(
                f"This machine has no route to the builder's subnet {cidr} ({exc.strerror}). Connect it (VPN, peering, "
                "a controller inside the VPC), or set interface to public_ip and source_cidrs in golden_builder."
            ) from exc
        return f"{probe.getsockname()[0]}/32"


def source_cidrs(builder: c.Mapping[str, t.Any], aws: Aws) -> list[str]:
    """Return who may reach WinRM on an instance: what the user says in ``golden_builder``, else this machine.

    Raises AddressError when that cannot be known, AwsError.
    """
    if builder["source_cidrs"]:
        return list(builder["source_cidrs"])
    if builder["interface"].startswith("public"):
        raise AddressError(
            "The builder is reached on its public address, and from which address this machine does that cannot be "
            "known here. Set golden_builder.source_cidrs"
        )
    cidr = subnet_cidr(aws, builder["subnet_id"])
    if cidr is None:
        raise AddressError(f"There is no subnet {builder['subnet_id']} in {aws.region}. Set golden_builder.subnet_id")
    return [source_cidr(cidr)]
