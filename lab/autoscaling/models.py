# SPDX-License-Identifier: GPL-3.0-or-later
"""moto's Auto Scaling with groups that start real guests."""

from __future__ import annotations

import threading
import typing as t

from moto.autoscaling import models as moto_models
from moto.autoscaling.exceptions import ValidationError
from moto.core.exceptions import ServiceException

from lab.autoscaling import errors
from lab.autoscaling.activities import Activity, Journal, at
from lab.autoscaling.group import Group, Member
from lab.autoscaling.settings import Settings


class AutoScalingBackend(moto_models.AutoScalingBackend):
    """One region of one account. Its lock is held by whoever looks at groups or changes them."""

    # Wakes the keeper; set once, before the first request.
    changed: t.ClassVar[t.Any]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lock = threading.RLock()
        self.past: list[Journal] = []

    @property
    def groups(self) -> list[Group]:
        return t.cast("list[Group]", list(self.autoscaling_groups.values()))

    def group(self, name: str) -> Group:
        if name not in self.autoscaling_groups:
            raise errors.group_not_found(name)
        return t.cast("Group", self.autoscaling_groups[name])

    def settings_of(self, request: t.Mapping[str, t.Any]) -> Settings | None:
        """Return what a request says to start instances from; None when it says nothing of it."""
        template, policy = request.get("LaunchTemplate"), request.get("MixedInstancesPolicy")
        name = request.get("LaunchConfigurationName")
        if sum(map(bool, (template, policy, name))) > 1:
            raise ValidationError(
                "Valid requests must contain either LaunchTemplate, LaunchConfigurationName or MixedInstancesPolicy "
                "parameter."
            )
        if name and name not in self.launch_configurations:
            raise ValidationError(f"Launch configuration name not found - Launch configuration {name} not found")
        if not (template or policy or name):
            return None
        return Settings(self.ec2_backend, template, policy, self.launch_configurations[name] if name else None)

    def create_group(self, settings: Settings, **fields: t.Any) -> Group:
        """Make a group that can launch what it is told to, and let the keeper fill it."""
        if fields["name"] in self.autoscaling_groups:
            raise errors.group_exists(fields["name"])
        low, high = fields["min_size"], fields["max_size"]
        capacity = low if fields["desired_capacity"] is None else fields["desired_capacity"]
        if not low <= capacity <= high:
            raise errors.bad_sizes(low, capacity, high)
        settings.check()
        group = Group(settings, autoscaling_backend=self, ec2_backend=self.ec2_backend, **fields)
        group.cause = f"a user request created an AutoScalingGroup changing the desired capacity from 0 to {capacity}."
        self.autoscaling_groups[group.name] = group
        return group

    def change_group(self, group: Group, settings: Settings | None, fields: t.Mapping[str, t.Any]) -> None:
        """Change what is given, as UpdateAutoScalingGroup does; sizes that contradict each other are refused."""
        if settings is not None:
            if group.refresh is not None and group.refresh.desired is not None:
                raise errors.locked_by_refresh()
            settings.check()
        low = _first(fields.get("min_size"), group.min_size)
        high = _first(fields.get("max_size"), group.max_size)
        capacity = fields.get("desired_capacity")
        if capacity is None:
            capacity = min(max(group.desired_capacity or 0, low), high)
        elif not low <= capacity <= high:
            raise errors.bad_sizes(low, capacity, high)
        group._set_azs_and_vpcs(fields.get("availability_zones") or [], fields.get("vpc_zone_identifier"), update=True)
        group.settings = settings or group.settings
        for name in ("min_size", "max_size", "health_check_grace_period", "health_check_type", "default_cooldown"):
            setattr(group, name, _first(fields.get(name), getattr(group, name)))
        for name in ("new_instances_protected_from_scale_in", "termination_policies", "default_instance_warmup"):
            setattr(group, name, _first(fields.get(name), getattr(group, name)))
        group.set_desired_capacity(capacity)

    def delete_group(self, name: str, force: bool) -> None:
        """Delete a group: an empty one, or with force one whose instances go with it."""
        group = self.group(name)
        if not force and (group.members or group.journal.busy):
            raise errors.group_in_use()
        living = [member.instance_id for member in group.members if member.instance.state != "terminated"]
        if living:
            self.ec2_backend.terminate_instances(living)
        group.journal.deleted = True
        self.past.append(group.journal)
        del self.autoscaling_groups[name]

    def set_desired_capacity(self, group_name: str, desired_capacity: int | None) -> None:
        group = self.group(group_name)
        capacity = int(desired_capacity or 0)
        if capacity > (group.max_size or 0):
            raise errors.out_of_bounds(capacity, group.max_size or 0, above=True)
        if capacity < (group.min_size or 0):
            raise errors.out_of_bounds(capacity, group.min_size or 0, above=False)
        group.set_desired_capacity(capacity)

    def create_launch_configuration(self, *args: t.Any, **options: t.Any) -> t.Any:
        """As moto, but of an image that can be launched, and under a name that is free."""
        if options["name"] in self.launch_configurations:
            raise errors.configuration_exists(options["name"])
        if options.get("image_id"):
            ec2: t.Any = self.ec2_backend
            try:
                ec2.launchable_image(ec2.resolve_image(options["image_id"]))
            except ServiceException as exc:
                raise errors.image_invalid(options["image_id"], exc.message) from exc
        return super().create_launch_configuration(*args, **options)

    def delete_launch_configuration(self, launch_configuration_name: str) -> None:
        for group in self.groups:
            if group.launch_configuration_name == launch_configuration_name:
                raise errors.configuration_in_use(launch_configuration_name, group.name)
        super().delete_launch_configuration(launch_configuration_name)

    def terminate_member(self, instance_id: str, should_decrement: bool) -> Activity:
        """Terminate an instance of a group, and want one fewer or have it replaced."""
        for group in self.groups:
            member = group.find(instance_id)
            if member is not None:
                if should_decrement:
                    group.set_desired_capacity((group.desired_capacity or 0) - 1)
                return self.take_out(group, member, "was taken out of service in response to a user request.")
        raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")

    def take_out(self, group: Group, member: Member, why: str) -> Activity:
        """Begin to terminate a member; it is listed as Terminating until its instance is gone."""
        cause = at(f"instance {member.instance_id} {why}")
        details = {"Availability Zone": str(member.availability_zone)}
        activity = group.journal.begin(f"Terminating EC2 instance: {member.instance_id}", cause, details)
        if member.activity is not None and member.activity.end is None:
            member.activity.fail(
                f"Instance became unhealthy while waiting for instance to be in InService state. {why} "
                "Launching EC2 instance failed."
            )
        member.lifecycle_state = "Terminating"
        member.activity = activity
        if member.instance.state not in ("terminated", "shutting-down"):
            self.ec2_backend.terminate_instances([member.instance_id])
        return activity

    def notify_terminate_instances(self, instance_ids: list[str]) -> None:
        """moto replaces instances in the call that terminates them; here the keeper finds out."""
        self.changed()

    def journals(self, deleted: bool) -> list[Journal]:
        return [group.journal for group in self.groups] + (self.past if deleted else [])


def _first(given: t.Any, otherwise: t.Any) -> t.Any:
    return otherwise if given is None else given


def install(changed: t.Callable[[], None]) -> None:
    """Make moto use this backend. Call before the first request."""
    AutoScalingBackend.changed = staticmethod(changed)
    moto_models.autoscaling_backends.backend = AutoScalingBackend


def backends() -> list[AutoScalingBackend]:
    """Return the backends of every account and region that has been asked for Auto Scaling."""
    found = [list(regions.values()) for regions in list(moto_models.autoscaling_backends.values())]
    return t.cast("list[AutoScalingBackend]", [backend for regions in found for backend in regions])
