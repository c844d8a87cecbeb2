# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""botocore's descriptions of the services that the estate is read from, cut down to what is read.

It is what `fleet_models` does for the inventory, and for the same reason: 20 regions of four services are 80 clients,
and each of them would carry a description of all of its service.
"""

from __future__ import annotations

import contextlib
import functools
import typing as t

from .fleet_models import Members, Model, reduced

with contextlib.suppress(ImportError):  # `ec2.Aws` says so
    import botocore.loaders

_OPERATIONS: dict[str, tuple[str, ...]] = {
    "ec2": (
        "DescribeFleets", "DescribeImages", "DescribeInstances", "DescribeLaunchTemplateVersions",
        "DescribeLaunchTemplates", "DescribeRegions", "DescribeSnapshots", "DescribeSpotFleetRequests",
    ),
    "autoscaling": ("DescribeAutoScalingGroups", "DescribeLaunchConfigurations"),
    "ssm": ("GetParameters", "GetParametersByPath"),
    "kms": ("DescribeKey",),
}  # fmt: skip
_MEMBERS: dict[str, Members] = {
    "ec2": {
        "Reservation": frozenset({"Instances"}),
        "Instance": frozenset({"ImageId", "InstanceId", "State", "Tags"}),
        "InstanceState": frozenset({"Name"}),
        "Image": frozenset(
            {
                "BlockDeviceMappings", "CreationDate", "DeprecationTime", "DeregistrationProtection", "ImageAllowed",
                "ImageId", "ImageOwnerAlias", "LastLaunchedTime", "Name", "OwnerId", "Public", "SourceImageId", "State",
                "StateReason", "Tags",
            }
        ),
        "BlockDeviceMapping": frozenset({"Ebs"}),
        "EbsBlockDevice": frozenset({"SnapshotId"}),
        "Snapshot": frozenset({"KmsKeyId", "SnapshotId", "State"}),
        "LaunchTemplate": frozenset(
            {"DefaultVersionNumber", "LatestVersionNumber", "LaunchTemplateId", "LaunchTemplateName", "Tags"}
        ),
        "LaunchTemplateVersion": frozenset({"LaunchTemplateData", "LaunchTemplateId", "VersionNumber"}),
        "ResponseLaunchTemplateData": frozenset({"ImageId"}),
        "SpotFleetRequestConfig": frozenset(
            {"SpotFleetRequestConfig", "SpotFleetRequestId", "SpotFleetRequestState", "Tags"}
        ),
        "SpotFleetRequestConfigData": frozenset({"LaunchSpecifications", "LaunchTemplateConfigs"}),
        "SpotFleetLaunchSpecification": frozenset({"ImageId", "InstanceType"}),
        "LaunchTemplateConfig": frozenset({"LaunchTemplateSpecification"}),
        "FleetData": frozenset({"FleetId", "FleetState", "LaunchTemplateConfigs", "Tags"}),
        "FleetLaunchTemplateOverrides": frozenset({"ImageId", "InstanceType"}),
    },
    "autoscaling": {
        "AutoScalingGroup": frozenset(
            {
                "AutoScalingGroupName", "LaunchConfigurationName", "LaunchTemplate", "MaxSize", "MixedInstancesPolicy",
                "Tags",
            }
        ),
        "MixedInstancesPolicy": frozenset({"LaunchTemplate"}),
        "LaunchTemplateOverrides": frozenset({"ImageId", "InstanceType", "LaunchTemplateSpecification"}),
        "LaunchConfiguration": frozenset({"ImageId", "LaunchConfigurationName"}),
    },
    "ssm": {"Parameter": frozenset({"ARN", "Name", "Selector", "Value"})},
    "kms": {"KeyMetadata": frozenset({"KeyId", "KeyState"})},
}  # fmt: skip


class EstateModels:
    """A loader for botocore's descriptions that has small ones of four services, and all others as they are."""

    def __init__(self, loader: t.Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._loader, name)

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> t.Any:
        """Return a description, as `botocore.loaders.Loader` does."""
        if type_name == "service-2" and service_name in _OPERATIONS:
            return _description(service_name)
        return self._loader.load_service_model(service_name, type_name, api_version)


@functools.cache
def estate_models() -> EstateModels:
    """Return the loader that all sessions share. Not to be called first by several threads."""
    for service in _OPERATIONS:
        _description(service)
    return EstateModels(botocore.loaders.create_loader())


@functools.cache
def _description(service: str) -> Model:
    # With a loader that is dropped at once: a loader keeps what it has loaded.
    whole = botocore.loaders.create_loader().load_service_model(service, "service-2")
    return reduced(whole, _OPERATIONS[service], _MEMBERS[service])
