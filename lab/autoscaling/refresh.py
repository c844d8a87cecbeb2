# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance refresh: what was asked, what is refused, and where it stands. How it moves is in rolling.py."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
import uuid

from moto.core.utils import utcnow

from lab.autoscaling import errors

if t.TYPE_CHECKING:
    from lab.autoscaling.group import Group, Member
    from lab.autoscaling.settings import Settings

ACTIVE = frozenset({"Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"})
CHECKPOINT_DELAY = 3600
WAIT_SECONDS = 3600


class Preferences(t.NamedTuple):
    """RefreshPreferences, with what Auto Scaling takes when nothing is given."""

    min_healthy: int = 90
    max_healthy: int | None = None
    warmup: int = 0
    checkpoints: tuple[int, ...] = ()
    checkpoint_delay: int = CHECKPOINT_DELAY
    skip_matching: bool = False
    auto_rollback: bool = False
    protected: str = "Wait"
    standby: str = "Wait"
    alarms: tuple[str, ...] = ()
    bake: int = 0

    @classmethod
    def of(cls, given: t.Mapping[str, t.Any], warmup: int) -> Preferences:
        """Read the request's preferences. Raises ValidationError for what Auto Scaling refuses."""
        preferences = cls(
            min_healthy=given.get("MinHealthyPercentage", 90),
            max_healthy=given.get("MaxHealthyPercentage"),
            warmup=warmup,
            checkpoints=tuple(given.get("CheckpointPercentages", ())),
            checkpoint_delay=given.get("CheckpointDelay", CHECKPOINT_DELAY),
            skip_matching=given.get("SkipMatching", False),
            auto_rollback=given.get("AutoRollback", False),
            protected=given.get("ScaleInProtectedInstances", "Wait"),
            standby=given.get("StandbyInstances", "Wait"),
            alarms=tuple(given.get("AlarmSpecification", {}).get("Alarms", ())),
            bake=given.get("BakeTime", 0),
        )
        preferences._check(given)
        return preferences

    def _check(self, given: t.Mapping[str, t.Any]) -> None:
        low, high, points = self.min_healthy, self.max_healthy, self.checkpoints
        if not 0 <= low <= 100:
            raise errors.bad_preference("MinHealthyPercentage must be between 0 and 100.")
        if high is not None:
            if "MinHealthyPercentage" not in given:
                raise errors.bad_preference("MaxHealthyPercentage needs MinHealthyPercentage.")
            if not 100 <= high <= 200 or high - low > 100:
                raise errors.bad_preference(
                    "MaxHealthyPercentage must be between 100 and 200, and at most 100 above MinHealthyPercentage."
                )
        if "CheckpointDelay" in given and not points:
            raise errors.bad_preference("CheckpointDelay needs CheckpointPercentages.")
        if list(points) != sorted(set(points)) or not all(1 <= point <= 100 for point in points):
            raise errors.bad_preference("CheckpointPercentages must be unique, in ascending order, and from 1 to 100.")
        if self.protected not in ("Refresh", "Ignore", "Wait") or self.standby not in ("Terminate", "Ignore", "Wait"):
            raise errors.bad_preference("ScaleInProtectedInstances or StandbyInstances has no such value.")
        if len(self.alarms) > 10:
            raise errors.bad_preference("An alarm specification has at most 10 alarms.")

    def to_dict(self) -> dict[str, t.Any]:
        told = {
            "MinHealthyPercentage": self.min_healthy,
            "MaxHealthyPercentage": self.max_healthy,
            "InstanceWarmup": self.warmup,
            "CheckpointPercentages": list(self.checkpoints) or None,
            "CheckpointDelay": self.checkpoint_delay if self.checkpoints else None,
            "SkipMatching": self.skip_matching,
            "AutoRollback": self.auto_rollback,
            "ScaleInProtectedInstances": self.protected,
            "StandbyInstances": self.standby,
            "AlarmSpecification": {"Alarms": list(self.alarms)} if self.alarms else None,
            "BakeTime": self.bake or None,
        }
        return {key: value for key, value in told.items() if value is not None}


@dataclasses.dataclass
class Refresh:
    """One refresh of a group. `before` is what the group launched from when it began."""

    group_name: str
    before: Settings
    desired: Settings | None
    preferences: Preferences
    refresh_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "Pending"
    reason: str | None = None
    start: datetime.datetime = dataclasses.field(default_factory=utcnow)
    end: datetime.datetime | None = None
    # The instances to replace, those of them that were taken out, and how many are updated.
    old: list[Member] | None = None
    taken: int = 0
    updated: int = 0
    failed_launches: int = 0
    unhealthy: int = 0
    passed_checkpoints: int = 0
    # A moment that the refresh waits for: a checkpoint's end, the end of its baking, or of its patience.
    until: float | None = None
    rollback: dict[str, t.Any] | None = None
    wait_for_transitions: bool = True

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    @property
    def rolling_back(self) -> bool:
        return self.rollback is not None

    @property
    def batch(self) -> str:
        """What instances are marked with that were launched by this refresh, in the way it is going now."""
        return f"{self.refresh_id}/{'back' if self.rolling_back else 'forth'}"

    @property
    def leads_to(self) -> Settings:
        return self.before if self.rolling_back or self.desired is None else self.desired

    @property
    def total(self) -> int:
        return len(self.old or ())

    @property
    def percentage(self) -> int:
        """Return the part that is updated; in a rollback it goes back down to nothing."""
        done = 100 if not self.total else 100 * self.updated // self.total
        if self.rollback is None:
            return done
        return int(self.rollback["PercentageCompleteOnRollback"] * (100 - done) // 100)

    def finish(self, status: str, reason: str | None = None) -> None:
        self.status, self.reason, self.end, self.until = status, reason, utcnow(), None

    def turn_back(self, reason: str) -> None:
        """Begin to roll back; the instances that this refresh launched are what is to be replaced now."""
        self.rollback = {
            "RollbackReason": reason,
            "RollbackStartTime": utcnow(),
            "PercentageCompleteOnRollback": self.percentage,
            "InstancesToUpdateOnRollback": self.total - self.updated,
        }
        self.status, self.reason = "RollbackInProgress", reason
        self.old, self.until = None, None
        self.taken = self.updated = self.failed_launches = self.unhealthy = 0

    def to_dict(self) -> dict[str, t.Any]:
        to_update = self.total - self.updated
        if self.rollback is not None:
            to_update = self.rollback["InstancesToUpdateOnRollback"]
        told = {
            "InstanceRefreshId": self.refresh_id,
            "AutoScalingGroupName": self.group_name,
            "Status": self.status,
            "StatusReason": self.reason,
            "StartTime": None if self.status == "Pending" else self.start,
            "EndTime": self.end,
            "PercentageComplete": self.percentage if self.old is not None or self.rolling_back else 0,
            "InstancesToUpdate": to_update,
            "Preferences": self.preferences.to_dict(),
            "DesiredConfiguration": self.desired.to_dict() if self.desired else None,
            "RollbackDetails": self.rollback,
            "Strategy": "Rolling",
        }
        return {key: value for key, value in told.items() if value is not None}


def start(group: Group, strategy: str, desired: Settings | None, given: t.Mapping[str, t.Any]) -> Refresh:
    """Begin a refresh of a group, or refuse as Auto Scaling does."""
    if group.refresh is not None:
        raise errors.refresh_in_progress()
    if strategy != "Rolling":
        raise errors.unknown(f"an instance refresh with the strategy {strategy}")
    preferences = Preferences.of(given, group.warmup_of(given.get("InstanceWarmup")))
    if desired is not None:
        desired.check()
    if preferences.auto_rollback:
        _check_reversible(group, desired)
    refresh = Refresh(group.name, group.settings, desired, preferences)
    group.refreshes.insert(0, refresh)
    group.retry_now()
    return refresh


def roll_back(group: Group) -> Refresh:
    """Turn the refresh that is under way, as RollbackInstanceRefresh does."""
    refresh = group.refresh
    if refresh is None or refresh.rolling_back or refresh.status == "Cancelling":
        raise errors.no_active_refresh(group.name)
    why = "no desired configuration was specified." if refresh.desired is None else _why(group, refresh.desired)
    if why:
        raise errors.irreversible(why)
    refresh.turn_back("A rollback was requested by the user.")
    group.retry_now()
    return refresh


def cancel(group: Group, wait: bool) -> Refresh:
    """End the refresh that is under way and change nothing back."""
    refresh = group.refresh
    if refresh is None or refresh.status == "Cancelling":
        raise errors.no_active_refresh(group.name)
    refresh.status, refresh.reason, refresh.wait_for_transitions = "Cancelling", "Cancelled by the user.", wait
    return refresh


def _check_reversible(group: Group, desired: Settings | None) -> None:
    if desired is None:
        raise errors.bad_preference(
            "The AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is empty. Set "
            "AutoRollback to false or specify a desired configuration and try again."
        )
    if why := _why(group, desired):
        raise errors.bad_preference(f"The AutoRollback parameter cannot be set to true: {why}")


def _why(group: Group, desired: Settings) -> str:
    return group.settings.why_irreversible() or desired.why_irreversible()
