# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals that Auto Scaling makes and moto does not have. Codes are those of the API model in botocore."""

from __future__ import annotations

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError


def group_not_found(name: str) -> ValidationError:
    return ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")


def group_exists(name: str) -> AutoscalingClientError:
    return AutoscalingClientError(
        "AlreadyExists", f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
    )


def group_in_use() -> AutoscalingClientError:
    return AutoscalingClientError(
        "ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or pending activities in it."
    )


def configuration_exists(name: str) -> AutoscalingClientError:
    return AutoscalingClientError("AlreadyExists", f"Launch Configuration by this name already exists: {name}")


def configuration_in_use(name: str, group: str) -> AutoscalingClientError:
    return AutoscalingClientError(
        "ResourceInUse", f"Cannot delete launch configuration {name} because it is attached to AutoScalingGroup {group}"
    )


def image_invalid(image_id: str, why: str) -> ValidationError:
    return ValidationError(f"AMI {image_id} is invalid: {why}")


def template_invalid(why: str) -> ValidationError:
    return ValidationError(f"You must use a valid fully-formed launch template. {why}")


def out_of_bounds(capacity: int, bound: int, above: bool) -> ValidationError:
    where = "above max" if above else "below min"
    return ValidationError(
        f"New SetDesiredCapacity value {capacity} is {where} value {bound} for the AutoScalingGroup."
    )


def bad_sizes(low: int, capacity: int, high: int) -> ValidationError:
    return ValidationError(f"Desired capacity:{capacity} must be between the specified min size:{low} and max:{high}")


def refresh_in_progress() -> AutoscalingClientError:
    return AutoscalingClientError(
        "InstanceRefreshInProgress",
        "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
    )


def no_active_refresh(group: str) -> AutoscalingClientError:
    return AutoscalingClientError(
        "ActiveInstanceRefreshNotFound",
        f"No in progress or pending Instance Refresh found for Auto Scaling group {group}",
    )


def irreversible(why: str) -> AutoscalingClientError:
    return AutoscalingClientError("IrreversibleInstanceRefresh", f"The instance refresh cannot be rolled back: {why}")


def locked_by_refresh() -> ValidationError:
    return ValidationError(
        "An active instance refresh with a desired configuration exists. All configuration options derived from the "
        "desired configuration are not available for update while the instance refresh is active."
    )


def bad_preference(why: str) -> ValidationError:
    return ValidationError(f"The request isn't valid. {why}")


def unknown(what: str) -> ValidationError:
    return ValidationError(f"The lab does not know this: {what}")
