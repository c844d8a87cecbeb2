# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest may do in AWS: what the role of its instance profile allows, and nothing without one."""

from __future__ import annotations

import typing as t

from moto.core.exceptions import ServiceException
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.models import iam_backends
from moto.ssm.models import ssm_backends

from lab.windows.runtime import AwsRefusedError

if t.TYPE_CHECKING:
    from lab.ec2.hypervisor import Instance


def read_parameter(instance: Instance, name: str, decrypt: bool) -> tuple[str, str]:
    """Return the type and value of a parameter of SSM, with the credentials of the instance.

    Raises:
        AwsRefusedError: no instance profile, no permission, or no such parameter.
    """
    account, region = instance.owner_id, instance.ec2_backend.region_name
    resource = f"arn:aws:ssm:{region}:{account}:parameter/{name.lstrip('/')}"
    role = _role(instance)
    if role is None:
        raise AwsRefusedError("No credentials specified or obtained from persisted/shell defaults.")
    results = {policy.is_action_permitted("ssm:GetParameter", resource) for policy in _policies(role)}
    if PermissionResult.DENIED in results or PermissionResult.PERMITTED not in results:
        raise AwsRefusedError(
            f"User: arn:aws:sts::{account}:assumed-role/{role.name}/{instance.id} is not authorized to perform: "
            f"ssm:GetParameter on resource: {resource}"
        )
    try:
        found = ssm_backends[account][region].get_parameter(name)
    except ServiceException as exc:
        raise AwsRefusedError(f"{type(exc).__name__}: {exc}") from exc
    if found is None:
        raise AwsRefusedError(f"Parameter {name} not found.")
    told = found.response_object(decrypt=decrypt, region=region)
    return told["Type"], told["Value"]


def _role(instance: Instance) -> t.Any:
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    roles = association.iam_instance_profile.roles if association else []
    if not roles:
        return None
    return iam_backends[instance.owner_id]["aws"].get_role_by_id(roles[0].id)


def _policies(role: t.Any) -> list[IAMPolicy]:
    inline = [IAMPolicy(document) for document in role.policies.values()]
    return inline + [IAMPolicy(policy) for policy in role.managed_policies.values()]
