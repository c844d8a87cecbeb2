# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Tools for PowerShell, which every Windows AMI of Amazon has: as the instance's role."""

from __future__ import annotations

import typing as t

from lab.powershell.errors import CmdletError
from lab.powershell.registry import Call, P, cmdlet
from lab.powershell.values import PSObject, Value
from lab.windows.runtime import AwsRefusedError, Metadata

_CATEGORIES: dict[str, t.Callable[[Metadata], str]] = {
    "InstanceId": lambda metadata: metadata.instance_id,
    "InstanceType": lambda metadata: metadata.instance_type,
    "AvailabilityZone": lambda metadata: metadata.availability_zone,
    "LocalIpv4": lambda metadata: metadata.local_ipv4,
    "AmiId": lambda metadata: metadata.image_id,
}


def _metadata(call: Call) -> Metadata:
    metadata = call.machine.metadata
    if metadata is None:
        raise CmdletError("Unable to reach the instance metadata service", "ConnectionError", "AmazonClientException")
    return metadata


@cmdlet("Get-EC2InstanceMetadata", P("Category", "string", 0, required=True, choices=tuple(_CATEGORIES)))
def get_instance_metadata(call: Call) -> t.Iterable[Value]:
    """What the instance metadata service says."""
    return [_CATEGORIES[call.text("Category")](_metadata(call))]


@cmdlet(
    "Get-SSMParameter",
    P("Name", "string", 0, required=True),
    P("WithDecryption", "bool"),
    P("Region", "string"),
)
def get_ssm_parameter(call: Call) -> t.Iterable[Value]:
    """A parameter of the instance's region and account."""
    metadata, name = _metadata(call), call.text("Name")
    if call.text("Region", metadata.region) != metadata.region:
        raise CmdletError(f"Parameter {name} not found.", "InvalidOperation", "ParameterNotFoundException", name)
    try:
        kind, value = metadata.ssm_parameter(name, bool(call.get("WithDecryption", False)))
    except AwsRefusedError as exc:
        raise CmdletError(str(exc), "InvalidOperation", "AmazonSimpleSystemsManagementException", name) from exc
    return [PSObject("Amazon.SimpleSystemsManagement.Model.Parameter", {"Name": name, "Type": kind, "Value": value})]
