# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling's answers: what the lab's groups take and give beyond moto's."""

from __future__ import annotations

import typing as t

from moto.autoscaling import responses as moto_responses
from moto.core.responses import ActionResult, EmptyResult

from lab.autoscaling import errors, refresh
from lab.autoscaling.models import AutoScalingBackend
from lab.autoscaling.settings import Settings

PAGE = 100
# Parameters of groups that the lab knows nothing of, and that would change what a group does.
UNKNOWN = (
    "InstanceMaintenancePolicy",
    "DesiredCapacityType",
    "MaxInstanceLifetime",
    "AvailabilityZoneDistribution",
    "AvailabilityZoneImpairmentPolicy",
    "CapacityReservationSpecification",
    "InstanceLifecyclePolicy",
    "DeletionProtection",
    "LifecycleHookSpecificationList",
    "TrafficSources",
    "AvailabilityZoneIds",
)


class AutoScalingResponse(moto_responses.AutoScalingResponse):
    """One request at a time for a region, and never while the keeper looks at its groups."""

    @property
    def autoscaling_backend(self) -> AutoScalingBackend:
        return t.cast("AutoScalingBackend", super().autoscaling_backend)

    def call_action(self) -> t.Any:
        """Answer under the backend's lock; name what neither moto nor the lab has."""
        backend = self.autoscaling_backend
        try:
            with backend.lock:
                return super().call_action()
        except NotImplementedError as exc:
            status, headers, body = self.serialized(ActionResult(errors.unknown(str(exc))))
            return status, headers, body
        finally:
            backend.changed()

    def create_auto_scaling_group(self) -> ActionResult:
        request = self._get_params()
        self._refuse_unknown(request)
        settings = self._settings(request)
        self.autoscaling_backend.create_group(
            settings,
            name=request["AutoScalingGroupName"],
            availability_zones=request.get("AvailabilityZones", []),
            vpc_zone_identifier=request.get("VPCZoneIdentifier"),
            min_size=int(request["MinSize"]),
            max_size=int(request["MaxSize"]),
            desired_capacity=request.get("DesiredCapacity"),
            default_cooldown=request.get("DefaultCooldown"),
            default_instance_warmup=request.get("DefaultInstanceWarmup"),
            health_check_period=request.get("HealthCheckGracePeriod", 0),
            health_check_type=request.get("HealthCheckType"),
            load_balancers=request.get("LoadBalancerNames", []),
            target_group_arns=request.get("TargetGroupARNs", []),
            placement_group=request.get("PlacementGroup"),
            termination_policies=request.get("TerminationPolicies", []),
            tags=request.get("Tags", []),
            capacity_rebalance=request.get("CapacityRebalance", False),
            new_instances_protected_from_scale_in=request.get("NewInstancesProtectedFromScaleIn", False),
        )
        return EmptyResult()

    def update_auto_scaling_group(self) -> ActionResult:
        request = self._get_params()
        self._refuse_unknown(request)
        backend = self.autoscaling_backend
        fields = {
            "availability_zones": request.get("AvailabilityZones"),
            "vpc_zone_identifier": request.get("VPCZoneIdentifier"),
            "min_size": request.get("MinSize"),
            "max_size": request.get("MaxSize"),
            "desired_capacity": request.get("DesiredCapacity"),
            "default_cooldown": request.get("DefaultCooldown"),
            "default_instance_warmup": request.get("DefaultInstanceWarmup"),
            "health_check_grace_period": request.get("HealthCheckGracePeriod"),
            "health_check_type": request.get("HealthCheckType"),
            "termination_policies": request.get("TerminationPolicies"),
            "new_instances_protected_from_scale_in": request.get("NewInstancesProtectedFromScaleIn"),
        }
        backend.change_group(backend.group(request["AutoScalingGroupName"]), backend.settings_of(request), fields)
        return EmptyResult()

    def delete_auto_scaling_group(self) -> ActionResult:
        self.autoscaling_backend.delete_group(
            self._get_param("AutoScalingGroupName"), self._get_bool_param("ForceDelete", False)
        )
        return EmptyResult()

    def terminate_instance_in_auto_scaling_group(self) -> ActionResult:
        activity = self.autoscaling_backend.terminate_member(
            self._get_param("InstanceId"), self._get_bool_param("ShouldDecrementDesiredCapacity", False)
        )
        return ActionResult({"Activity": activity.to_dict(deleted=False)})

    def describe_scaling_activities(self) -> ActionResult:
        name, wanted = self._get_param("AutoScalingGroupName"), self._get_param("ActivityIds", [])
        filters = {item["Name"]: item["Values"] for item in self._get_param("Filters", [])}
        if set(filters) - {"Status"}:
            raise errors.unknown(f"DescribeScalingActivities with the filters {sorted(filters)}")
        deleted = self._get_bool_param("IncludeDeletedGroups", False)
        journals = self.autoscaling_backend.journals(deleted)
        if name and not any(journal.name == name for journal in journals):
            raise errors.group_not_found(name)
        rows = [row for journal in journals if name in (None, journal.name) for row in journal.rows()]
        rows = [row for row in rows if not wanted or row["ActivityId"] in wanted]
        rows = [row for row in rows if row["StatusCode"] in filters.get("Status", [row["StatusCode"]])]
        if not name:
            rows.sort(key=lambda row: row["StartTime"], reverse=True)
        return self._page("Activities", rows)

    def start_instance_refresh(self) -> ActionResult:
        backend = self.autoscaling_backend
        group = backend.group(self._get_param("AutoScalingGroupName"))
        desired = backend.settings_of(self._get_param("DesiredConfiguration", {}))
        preferences = self._get_param("Preferences", {})
        return _identified(refresh.start(group, self._get_param("Strategy", "Rolling"), desired, preferences))

    def cancel_instance_refresh(self) -> ActionResult:
        group = self.autoscaling_backend.group(self._get_param("AutoScalingGroupName"))
        return _identified(refresh.cancel(group, self._get_bool_param("WaitForTransitioningInstances", True)))

    def rollback_instance_refresh(self) -> ActionResult:
        return _identified(refresh.roll_back(self.autoscaling_backend.group(self._get_param("AutoScalingGroupName"))))

    def describe_instance_refreshes(self) -> ActionResult:
        group = self.autoscaling_backend.group(self._get_param("AutoScalingGroupName"))
        wanted = self._get_param("InstanceRefreshIds", [])
        return self._page(
            "InstanceRefreshes",
            [found.to_dict() for found in group.refreshes if not wanted or found.refresh_id in wanted],
        )

    def _settings(self, request: dict[str, t.Any]) -> Settings:
        if request.get("InstanceId"):
            raise errors.unknown("a group made from an instance")
        settings = self.autoscaling_backend.settings_of(request)
        if settings is None:
            raise errors.bad_preference(
                "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
                "MixedInstancesPolicy parameter."
            )
        return settings

    def _refuse_unknown(self, request: t.Mapping[str, t.Any]) -> None:
        if found := [name for name in UNKNOWN if name in request]:
            raise errors.unknown(f"{', '.join(found)} of an Auto Scaling group")

    def _page(self, name: str, rows: t.Sequence[t.Any]) -> ActionResult:
        """Answer with one page of rows, and the token of the next; a token is a position."""
        start = int(self._get_param("NextToken") or 0)
        end = start + min(self._get_int_param("MaxRecords") or PAGE, PAGE)
        return ActionResult({name: rows[start:end], "NextToken": str(end) if end < len(rows) else None})


def _identified(found: refresh.Refresh) -> ActionResult:
    return ActionResult({"InstanceRefreshId": found.refresh_id})
