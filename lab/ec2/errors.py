# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals that EC2 makes and moto does not have, with EC2's codes and wording."""

from __future__ import annotations

from moto.ec2.exceptions import EC2ClientError


def image_not_found(image_ids: list[str]) -> EC2ClientError:
    ids = ", ".join(image_ids)
    text = f"The image ids '[{ids}]' do not exist" if len(image_ids) > 1 else f"The image id '[{ids}]' does not exist"
    return EC2ClientError("InvalidAMIID.NotFound", text)


def image_malformed(image_id: str) -> EC2ClientError:
    return EC2ClientError("InvalidAMIID.Malformed", f'Invalid id: "{image_id}" (expecting "ami-...")')


def not_the_owner(image_id: str) -> EC2ClientError:
    return EC2ClientError("AuthFailure", f"Not authorized for image:{image_id}")


def image_protected(image_id: str, until: str = "") -> EC2ClientError:
    when = f" until {until}, when its cooldown period ends" if until else ""
    return EC2ClientError(
        "OperationNotPermitted", f"The image '{image_id}' cannot be deregistered: it is protected{when}."
    )


def disabled_not_included() -> EC2ClientError:
    return EC2ClientError(
        "InvalidParameter",
        "When filtering by the 'disabled' state, 'IncludeDisabled' must be set to 'true' in the request.",
    )


def deprecation_out_of_range(why: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", f"Invalid value for DeprecateAt: {why}")


def storage_denied() -> EC2ClientError:
    return EC2ClientError("InvalidRequest", "You do not have permission to access the storage of this ami")


def snapshot_not_found(snapshot_id: str) -> EC2ClientError:
    return EC2ClientError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")


def not_resolved(text: str, why: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", f"The image of '{text}' cannot be resolved: {why}")


def image_unavailable(image_id: str, state: str) -> EC2ClientError:
    return EC2ClientError("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is {state} and may not be run")


def image_name_taken(name: str, image_id: str) -> EC2ClientError:
    return EC2ClientError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image_id}")


def image_name_malformed(name: str) -> EC2ClientError:
    return EC2ClientError(
        "InvalidAMIName.Malformed",
        f"AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', "
        f"'/' and '_', spaces, square brackets, at signs and quotes: {name!r}",
    )


def volume_too_small(size: int, snapshot_id: str, needed: int) -> EC2ClientError:
    return EC2ClientError(
        "InvalidBlockDeviceMapping",
        f"Volume of size {size}GB is smaller than snapshot '{snapshot_id}', expect size >= {needed}GB",
    )


def key_not_found(name: str) -> EC2ClientError:
    return EC2ClientError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


def key_unsupported() -> EC2ClientError:
    return EC2ClientError(
        "InvalidParameterCombination", "ED25519 key pairs are not supported with Windows AMIs; use an RSA key pair"
    )


def wrong_state(instance_id: str, state: str, wanted: str) -> EC2ClientError:
    return EC2ClientError(
        "IncorrectInstanceState",
        f"The instance '{instance_id}' is not in a state from which it can be {wanted}: {state}",
    )


def group_in_use(group_id: str) -> EC2ClientError:
    return EC2ClientError("DependencyViolation", f"resource {group_id} has a dependent object")


def group_elsewhere(group_id: str, subnet_id: str) -> EC2ClientError:
    return EC2ClientError(
        "InvalidParameter", f"Security group {group_id} and subnet {subnet_id} belong to different networks."
    )


def no_free_addresses(subnet_id: str) -> EC2ClientError:
    return EC2ClientError(
        "InsufficientFreeAddressesInSubnet",
        f"There are not enough free addresses in subnet '{subnet_id}' to satisfy the requested number of instances.",
    )


def user_data_too_long() -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", "User data is limited to 16384 bytes")


def missing_parameter(name: str) -> EC2ClientError:
    return EC2ClientError("MissingParameter", f"The request must contain the parameter {name}")


def token_of_another_request(token: str) -> EC2ClientError:
    return EC2ClientError(
        "IdempotentParameterMismatch", f"The client token {token} was used before, with other parameters in the request"
    )


def key_without_encryption() -> EC2ClientError:
    return EC2ClientError("InvalidParameterDependency", "KmsKeyId needs Encrypted to be true")


def snapshot_not_shareable() -> EC2ClientError:
    return EC2ClientError("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")


def action_unknown(text: str) -> EC2ClientError:
    return EC2ClientError("InvalidAction", f"The lab does not know this: {text}")
