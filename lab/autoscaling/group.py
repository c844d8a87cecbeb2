# SPDX-License-Identifier: GPL-3.0-or-later
"""A group and its members. What it wants is set here; the keeper makes it so."""

from __future__ import annotations

import time
import typing as t

from moto.autoscaling.models import ASG_NAME_TAG, FakeAutoScalingGroup, InstanceState
from moto.core.types import Base64EncodedString
from moto.ec2.utils import parse_user_data

from lab.autoscaling.activities import Activity, Journal
from lab.autoscaling.settings import Settings, Source

if t.TYPE_CHECKING:
    from lab.autoscaling.refresh import Refresh

COUNTED = ("Pending", "InService")


class Member(InstanceState):
    """One instance of a group: Pending, InService, Standby or Terminating; healthy or not."""

    launch_template: t.Any = None
    launch_configuration_name: t.Any = None

    def __init__(self, instance: t.Any, group: Group, source: Source | None, activity: Activity | None) -> None:
        super().__init__(instance, "Pending", "Healthy", group.new_instances_protected_from_scale_in, group)
        self.image_id = instance.image_id
        self.source = source
        self.weight = source.weight if source else 1
        self.launch_template = source.template if source else None
        self.launch_configuration_name = source.configuration if source else None
        self.activity = activity
        self.in_service_at: float | None = None
        # Whether EC2's status checks have passed.
        self.checked = False
        # The refresh, and the way it was going, that this instance was launched for.
        self.batch = ""

    @property
    def weighted_capacity(self) -> str | None:
        return str(self.weight) if self.weight != 1 else None

    @property
    def counted(self) -> bool:
        return self.lifecycle_state in COUNTED

    @property
    def serving(self) -> bool:
        return self.lifecycle_state == "InService" and self.health_status == "Healthy"

    def warm(self, seconds: float) -> bool:
        """Say whether the instance has been in service and healthy for as long as its warm-up takes."""
        return self.serving and self.in_service_at is not None and time.monotonic() - self.in_service_at >= seconds


class Group(FakeAutoScalingGroup):
    """A group that does nothing by itself: its keeper looks at it several times a second."""

    has_cfn_attr = FakeAutoScalingGroup.has_cfn_attr
    is_created = FakeAutoScalingGroup.is_created

    def __init__(self, settings: Settings, **fields: t.Any) -> None:
        self.settings = settings
        self.refreshes: list[Refresh] = []
        # Not before this moment is the next instance launched, and so long it waits when that fails too.
        self.launch_after = 0.0
        self.backoff = 0.0
        self.failed_launches = 0
        self.launched = 0
        self.cause = ""
        self.default_instance_warmup: int | None = fields.pop("default_instance_warmup", None)
        super().__init__(launch_config_name="", launch_template={}, mixed_instances_policy=None, **fields)
        self.journal = Journal(self.name, self.arn)

    @property
    def launch_template(self) -> dict[str, t.Any] | None:
        return self.settings.template

    @property
    def mixed_instances_policy(self) -> t.Any:
        return self.settings.policy

    @mixed_instances_policy.setter
    def mixed_instances_policy(self, value: t.Any) -> None:
        """moto sets it; here it is one of the settings."""

    @property
    def launch_configuration_name(self) -> t.Any:
        return self.settings.configuration.name if self.settings.configuration else None

    @launch_configuration_name.setter
    def launch_configuration_name(self, value: str) -> None:
        """As above."""

    @property
    def members(self) -> list[Member]:
        return t.cast("list[Member]", self.instance_states)

    @property
    def refresh(self) -> Refresh | None:
        """The refresh that is under way, in either direction."""
        return self.refreshes[0] if self.refreshes and self.refreshes[0].active else None

    @property
    def launches_from(self) -> Settings:
        """What new instances are started from: during a refresh, what it leads to."""
        refresh = self.refresh
        return refresh.leads_to if refresh else self.settings

    @property
    def counted(self) -> int:
        return sum(member.weight for member in self.members if member.counted)

    @property
    def suspended(self) -> set[str]:
        return set(self._suspended_processes)

    def warmup_of(self, given: int | None) -> int:
        """Return the seconds of an instance's warm-up: as given, else the group's own, else its grace period."""
        for seconds in (given, self.default_instance_warmup):
            if seconds is not None:
                return int(seconds)
        return int(self.health_check_grace_period or 0)

    def find(self, instance_id: str) -> Member | None:
        return next((member for member in self.members if member.instance_id == instance_id), None)

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        """Say what the group should have. moto would launch at once; here the keeper does."""
        before = getattr(self, "desired_capacity", None) or 0
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        if before != self.desired_capacity:
            self.cause = (
                f"a user request explicitly set group desired capacity changing the desired capacity from {before} to "
                f"{self.desired_capacity}."
            )
        self.retry_now()

    def retry_now(self) -> None:
        """Forget failed launches: something was changed."""
        self.launch_after = self.backoff = 0.0

    def launch(self, ec2: t.Any, source: Source, activity: Activity) -> Member:
        """Start one instance. Raises ServiceException as RunInstances refuses."""
        zone, subnet = self._place(ec2)
        activity.details.update({"Availability Zone": zone} | ({"Subnet ID": subnet} if subnet else {}))
        options: dict[str, t.Any] = {
            "instance_type": source.instance_type or "m1.small",
            "is_instance_type_default": source.instance_type is None,
            "region_name": self.region,
            "placement": zone,
            "subnet_id": subnet,
            "tags": {"instance": {**self.get_propagated_tags(), ASG_NAME_TAG: self.name}},
            "lifecycle": "spot" if source.spot else None,
        }
        user_data = self._add_origin(source, options)
        instance = ec2.run_instances(source.image_id, 1, user_data, [], **options).instances[0]
        for name in ("iam_instance_profile_arn", "iam_instance_profile_name"):
            if options.get(name):
                ec2.associate_iam_instance_profile(instance.id, **{name: options[name]})
        instance.autoscaling_group = self
        activity.description = f"Launching a new EC2 instance: {instance.id}"
        member = Member(instance, self, source, activity)
        self.instance_states.append(member)
        self.launched += 1
        return member

    def _add_origin(self, source: Source, options: dict[str, t.Any]) -> Base64EncodedString | None:
        """Add what the template or the configuration says; return the configuration's user data."""
        if source.configuration is None:
            options["launch_template"] = {"LaunchTemplateId": source.template_id, "Version": source.version}
            return None
        found = self.launches_from.configuration
        options |= {
            "key_name": found.key_name,
            "security_group_ids": [name for name in found.security_groups if name.startswith("sg-")],
            "block_device_mappings": list(found.block_device_mapping_dict or []),
            "metadata_options": found.metadata_options or {},
            "associate_public_ip": found.associate_public_ip_address,
        }
        profile = found.iam_instance_profile
        if profile:
            options["iam_instance_profile_arn" if profile.startswith("arn:") else "iam_instance_profile_name"] = profile
        return None if found.user_data is None else parse_user_data(str(found.user_data))

    def _place(self, ec2: t.Any) -> tuple[str, str | None]:
        """Return the zone, and the subnet if the group has subnets, that has the fewest of the group's instances."""
        places: list[tuple[str, str | None]] = [(zone, None) for zone in self.availability_zones]
        if self.vpc_zone_identifier:
            subnets = ec2.describe_subnets(subnet_ids=self.vpc_zone_identifier.replace(" ", "").split(","))
            places = [(subnet.availability_zone, subnet.id) for subnet in subnets]
        used = [member.availability_zone for member in self.members if member.counted]
        return min(places, key=lambda place: used.count(place[0]))
