# SPDX-License-Identifier: GPL-3.0-or-later
"""Spot fleets: launched from what they really refer to, and described as they were asked for."""

from __future__ import annotations

import datetime
import typing as t

from moto.ec2.models.spot_requests import SpotFleetRequest

from lab.ec2 import errors
from lab.ec2.image import now
from lab.ec2.instances import InstanceBackend


class Fleet(t.NamedTuple):
    """What was asked for, and when."""

    asked: dict[str, t.Any]
    created: datetime.datetime


class SpotBackend(InstanceBackend):
    """The layer of the EC2 backend that deals in spot fleets."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._spot_fleets: dict[str, Fleet] = {}

    def start_spot_fleet(self, asked: dict[str, t.Any]) -> SpotFleetRequest:
        """Request a fleet. Raises as RunInstances does when one of its images cannot be launched."""
        specifications = [dict(item) for item in asked.get("LaunchSpecifications", [])]
        for config in asked.get("LaunchTemplateConfigs", []):
            data = self.find_version(config["LaunchTemplateSpecification"]).data
            specifications += [{**data, **override} for override in config.get("Overrides") or [{}]]
        if not specifications:
            raise errors.missing_parameter("LaunchSpecifications or LaunchTemplateConfigs")
        for item in specifications:
            item["ImageId"] = self.resolve_image(item.get("ImageId") or "")
            self.launchable_image(item["ImageId"])
            groups = [group["GroupId"] for group in item.get("SecurityGroups", []) if isinstance(group, dict)]
            item["SecurityGroups"] = groups + item.get("SecurityGroupIds", [])
            item["SubnetId"] = item.get("SubnetId") or self._default_subnet(None, {})
        made = self.request_spot_fleet(
            t.cast("str", asked.get("SpotPrice")),  # moto copes with none
            asked["TargetCapacity"],
            asked["IamFleetRole"],
            asked.get("AllocationStrategy", "lowestPrice"),
            specifications,
        )
        self._spot_fleets[made.id] = Fleet(asked, now())
        return made

    def spot_fleet_rows(self, ids: t.Sequence[str]) -> list[dict[str, t.Any]]:
        """Return fleets as DescribeSpotFleetRequests shows them: with the templates that were named."""
        found = self.describe_spot_fleet_requests(list(ids))
        return [
            {
                "SpotFleetRequestId": fleet.id,
                "SpotFleetRequestState": fleet.state,
                "ActivityStatus": "fulfilled",
                "CreateTime": self._spot_fleets[fleet.id].created,
                "SpotFleetRequestConfig": {
                    **self._spot_fleets[fleet.id].asked,
                    "TargetCapacity": fleet.target_capacity,
                    "FulfilledCapacity": fleet.fulfilled_capacity,
                },
                "Tags": fleet.tag_set,
            }
            for fleet in found
        ]
