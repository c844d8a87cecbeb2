# SPDX-License-Identifier: GPL-3.0-or-later
"""How an instance refresh moves: one step each time that the keeper looks at the group.

Pending ─► InProgress ─► (Baking) ─► Successful
              │  │            │
              │  └── failure, alarm or request ──► RollbackInProgress ─► RollbackSuccessful / RollbackFailed
              └── failure ─► Failed                       │
Cancelling ◄── request, from either ──────────────────────┘    Cancelling ─► Cancelled
"""

from __future__ import annotations

import math
import time
import typing as t

from moto.cloudwatch.models import cloudwatch_backends

from lab.autoscaling.refresh import WAIT_SECONDS, Refresh

if t.TYPE_CHECKING:
    from lab.autoscaling.group import Group, Member
    from lab.autoscaling.models import AutoScalingBackend
    from lab.autoscaling.settings import Source
    from lab.timings import Timings

OUT = "was taken out of service in response to an instance refresh."
# So many launches that fail, or instances that turn out unhealthy, and the refresh has failed.
PATIENCE = 3


def advance(backend: AutoScalingBackend, group: Group, timings: Timings) -> int:
    """Do the next step; return how many instances more than its capacity the group may have meanwhile."""
    refresh = t.cast("Refresh", group.refresh)
    if refresh.status == "Cancelling":
        _cancel(group, refresh)
        return 0
    if refresh.status == "Pending":
        refresh.status, refresh.reason = "InProgress", None
    if failure := _failure(backend, refresh):
        _fail(group, refresh, failure)
        # What is too much is for the rollback to choose.
        return max(0, group.counted - (group.desired_capacity or 0))
    if refresh.status == "Baking":
        _bake(group, refresh)
        return 0
    if refresh.old is None:
        refresh.old = _to_replace(group, refresh)
    return _roll(backend, group, refresh, timings)


def _roll(backend: AutoScalingBackend, group: Group, refresh: Refresh, timings: Timings) -> int:
    second = timings.autoscaling_second
    spare = _spare(group, refresh, second)
    refresh.updated = max(refresh.updated, refresh.taken + min(spare, 0))
    if refresh.updated >= refresh.total:
        _add_freed(group, refresh)
    if refresh.updated >= refresh.total and not _waiting(group, refresh):
        _end(group, refresh, second)
        return 0
    if _held(group, refresh, second):
        return 0
    limit, surge = _limit(refresh), _surge(group, refresh)
    allowed = refresh.taken + max(spare, 0)
    if not surge:
        allowed = max(allowed, refresh.updated + _batch(group, refresh))
    # Only what can still be taken: an instance that was lost meanwhile has been replaced already.
    for member in (refresh.old or [])[refresh.taken :]:
        if refresh.taken >= min(limit, allowed):
            break
        if member in group.members and member.lifecycle_state != "Terminating":
            backend.take_out(group, member, OUT)
        refresh.taken += 1
    return min(surge, max(limit - refresh.taken, 0))


def _spare(group: Group, refresh: Refresh, second: float) -> int:
    """Return how many instances could go now without one too few being ready; below 0, how many are missing."""
    old = refresh.old or []
    left = [member for member in old[refresh.taken :] if member.counted]
    ready = [
        member
        for member in group.members
        if member not in old and (member.serving if member.batch != refresh.batch else _warm(member, refresh, second))
    ]
    weight = sum(member.weight for member in [*left, *ready]) - (group.desired_capacity or 0)
    heaviest = max((member.weight for member in old), default=1)
    return math.floor(weight / heaviest)


def _warm(member: Member, refresh: Refresh, second: float) -> bool:
    return member.checked and member.warm(refresh.preferences.warmup * second)


def _to_replace(group: Group, refresh: Refresh) -> list[Member]:
    """Choose what is replaced: everything in service, without what the preferences leave out."""
    if refresh.rolling_back:
        return [member for member in group.members if member.batch == f"{refresh.refresh_id}/forth" and member.counted]
    preferences = refresh.preferences
    chosen = [member for member in group.members if member.counted]
    if preferences.standby == "Terminate":
        chosen += [member for member in group.members if member.lifecycle_state == "Standby"]
    if preferences.protected != "Refresh":
        chosen = [member for member in chosen if not member.protected_from_scale_in]
    if preferences.skip_matching:
        wanted = set(refresh.leads_to.sources())
        chosen = [member for member in chosen if _outdated(member.source, wanted)]
    return chosen


def _outdated(origin: Source | None, wanted: t.Collection[Source]) -> bool:
    """Say whether an instance was not started from what the group should be started from."""
    return origin is None or origin._replace(spot=False) not in wanted


def _waiting(group: Group, refresh: Refresh) -> bool:
    """Say whether there are instances that the preferences wait for, and that are still in the way."""
    if refresh.rolling_back:
        return False
    return any(
        (member.protected_from_scale_in and member.counted and refresh.preferences.protected == "Wait")
        or (member.lifecycle_state == "Standby" and refresh.preferences.standby == "Wait")
        for member in group.members
        if member.batch != refresh.batch
    )


def _add_freed(group: Group, refresh: Refresh) -> None:
    """Take in what was in the way before: no longer protected, or back in service."""
    old = refresh.old or []
    freed = [found for found in _to_replace(group, refresh) if found not in old and found.batch != refresh.batch]
    if freed:
        refresh.old, refresh.until, refresh.reason = [*old, *freed], None, None


def _held(group: Group, refresh: Refresh, second: float) -> bool:
    """Say whether the refresh waits: at a checkpoint, or for instances that somebody has to free."""
    points = refresh.preferences.checkpoints
    if refresh.updated >= refresh.total:
        if refresh.until is None:
            refresh.until = time.monotonic() + WAIT_SECONDS * second
            refresh.reason = "Waiting for instances that are in Standby or protected from scale in."
        if time.monotonic() >= refresh.until:
            _fail(group, refresh, "Instances in Standby or protected from scale in were not freed in one hour.")
        return True
    if refresh.rolling_back or refresh.passed_checkpoints >= len(points):
        return False
    if refresh.updated < _limit(refresh):
        return False
    if refresh.until is None:
        refresh.until = time.monotonic() + refresh.preferences.checkpoint_delay * second
        refresh.reason = f"Waiting for checkpoint at {points[refresh.passed_checkpoints]} percent to pass."
    if time.monotonic() < refresh.until:
        return True
    refresh.until, refresh.reason = None, None
    refresh.passed_checkpoints += 1
    return _past_last_checkpoint(group, refresh, second)


def _past_last_checkpoint(group: Group, refresh: Refresh, second: float) -> bool:
    """End a refresh whose last checkpoint is not 100: the rest of the instances stay as they are."""
    points = refresh.preferences.checkpoints
    if refresh.passed_checkpoints < len(points) or points[-1] == 100:
        return False
    _end(group, refresh, second)
    return True


def _limit(refresh: Refresh) -> int:
    """Return how many instances may be replaced before the next checkpoint."""
    points = refresh.preferences.checkpoints
    if refresh.rolling_back or refresh.passed_checkpoints >= len(points):
        return refresh.total
    return math.ceil(refresh.total * points[refresh.passed_checkpoints] / 100)


def _batch(group: Group, refresh: Refresh) -> int:
    """Return how many instances may be out of service at once: at least one."""
    capacity = group.desired_capacity or 0
    return max(1, capacity - math.ceil(capacity * refresh.preferences.min_healthy / 100))


def _surge(group: Group, refresh: Refresh) -> int:
    """Return how many instances may be started before others end; 0 when they end first."""
    high, capacity = refresh.preferences.max_healthy, group.desired_capacity or 0
    if high is None:
        return 0
    extra = capacity * high // 100 - capacity
    impossible = capacity - math.ceil(capacity * refresh.preferences.min_healthy / 100) < 1
    return max(extra, 1) if extra or impossible else 0


def _end(group: Group, refresh: Refresh, second: float) -> None:
    if refresh.rolling_back:
        refresh.finish("RollbackSuccessful", refresh.reason)
    elif refresh.preferences.bake:
        refresh.status, refresh.reason = "Baking", "Waiting for the bake time to pass."
        refresh.until = time.monotonic() + refresh.preferences.bake * second
    else:
        _succeed(group, refresh)


def _bake(group: Group, refresh: Refresh) -> None:
    if refresh.until is not None and time.monotonic() >= refresh.until:
        _succeed(group, refresh)


def _succeed(group: Group, refresh: Refresh) -> None:
    """Only now the group takes the desired configuration for its own."""
    group.settings = refresh.leads_to
    refresh.finish("Successful")


def _failure(backend: AutoScalingBackend, refresh: Refresh) -> str:
    """Say why the refresh has failed, or nothing."""
    if refresh.failed_launches >= PATIENCE:
        return "Instances failed to launch. See the scaling activities of the group."
    if refresh.unhealthy >= PATIENCE:
        return "Instances that were launched failed their health checks."
    alarms = cloudwatch_backends[backend.account_id][backend.region_name].alarms if refresh.preferences.alarms else {}
    ringing = [name for name in refresh.preferences.alarms if name in alarms and alarms[name].state_value == "ALARM"]
    if ringing and not refresh.rolling_back:
        return f"Alarm(s) in ALARM state: {', '.join(ringing)}."
    return ""


def _fail(group: Group, refresh: Refresh, reason: str) -> None:
    if refresh.rolling_back:
        refresh.finish("RollbackFailed", reason)
    elif refresh.preferences.auto_rollback:
        refresh.turn_back(reason)
    else:
        refresh.finish("Failed", reason)
    group.retry_now()


def _cancel(group: Group, refresh: Refresh) -> None:
    moving = any(member.lifecycle_state in ("Pending", "Terminating") for member in group.members)
    short = group.counted < (group.desired_capacity or 0)
    if not refresh.wait_for_transitions or not (moving or short) or refresh.failed_launches:
        refresh.finish("Cancelled", refresh.reason)
