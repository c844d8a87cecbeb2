# SPDX-License-Identifier: GPL-3.0-or-later
"""The scheduler: looks at every group several times a second, replaces what is gone, and moves refreshes on."""

from __future__ import annotations

import logging
import threading
import time
import typing as t

from moto.core.exceptions import ServiceException

from lab.autoscaling import rolling
from lab.autoscaling.activities import at
from lab.autoscaling.models import AutoScalingBackend, backends
from lab.timings import Timings

if t.TYPE_CHECKING:
    from lab.autoscaling.group import Group, Member

LOG = logging.getLogger("lab.autoscaling")
BAD_CHECK = "was taken out of service in response to an EC2 instance status checks failure."
NOT_RUNNING = (
    "was taken out of service in response to an EC2 health check indicating it has been terminated or stopped."
)
BY_HAND = "was taken out of service in response to a user health-check."


class Keeper:
    """One thread that holds what groups want. Everything it does to a group is done under the backend's lock."""

    def __init__(self, timings: Timings, checks: t.Callable[[str], str]) -> None:
        """`checks` says how an instance's status checks stand: ok, initializing or impaired."""
        self._timings = timings
        self._checks = checks
        self._changed = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="autoscaling", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended = True
        self._changed.set()
        self._thread.join(5)

    def wake(self) -> None:
        """Look at once: somebody changed something."""
        self._changed.set()

    def _run(self) -> None:
        while not self._ended:
            self._changed.wait(self._timings.autoscaling_tick)
            self._changed.clear()
            for backend in backends():
                for group in backend.groups:
                    try:
                        self.tend(backend, group)
                    except Exception:  # the last boundary: one group's bug must not stop the others
                        LOG.exception("%s: a look at the group failed", group.name)

    def tend(self, backend: AutoScalingBackend, group: Group) -> None:
        """Look at one group and do what is due."""
        with backend.lock:
            if group.name not in backend.autoscaling_groups:
                return
            for member in list(group.members):
                self._observe(backend, group, member)
            target = group.desired_capacity or 0
            if group.refresh is not None and "InstanceRefresh" not in group.suspended:
                target += rolling.advance(backend, group, self._timings)
            self._hold(backend, group, target)

    def _observe(self, backend: AutoScalingBackend, group: Group, member: Member) -> None:
        """Follow one instance: into service, out of health, and out of the group when it is gone."""
        state = member.instance.state
        if member.lifecycle_state == "Terminating":
            if state == "terminated":
                if member.activity is not None:
                    member.activity.succeed()
                group.instance_states.remove(member)
            return
        member.checked = state == "running" and self._checks(member.instance_id) == "ok"
        if member.lifecycle_state == "Pending" and state == "running":
            member.lifecycle_state, member.in_service_at = "InService", time.monotonic()
            if member.activity is not None:
                member.activity.succeed()
            group.failed_launches, group.backoff = 0, 0.0
        failed = state not in ("running", "pending") or self._fails_checks(group, member)
        if failed and "HealthCheck" not in group.suspended:
            member.health_status = "Unhealthy"
        if member.health_status == "Unhealthy" and not {"ReplaceUnhealthy", "Terminate"} & group.suspended:
            self._replace(backend, group, member)

    def _fails_checks(self, group: Group, member: Member) -> bool:
        """Say whether the status checks fail, once the grace period after coming into service is over."""
        if member.in_service_at is None:
            return False
        grace = (group.health_check_grace_period or 0) * self._timings.autoscaling_second
        return time.monotonic() - member.in_service_at >= grace and self._checks(member.instance_id) == "impaired"

    def _replace(self, backend: AutoScalingBackend, group: Group, member: Member) -> None:
        refresh = group.refresh
        if refresh is not None and member.batch == refresh.batch:
            refresh.unhealthy += 1
        if member.instance.state not in ("running", "pending"):
            why = NOT_RUNNING
        else:
            why = BAD_CHECK if self._checks(member.instance_id) == "impaired" else BY_HAND
        if member.lifecycle_state == "Pending":
            self._launch_died(group, member)
        backend.take_out(group, member, why)
        group.cause = "an instance was launched in response to an unhealthy instance needing to be replaced."

    def _launch_died(self, group: Group, member: Member) -> None:
        """EC2 took the launch and ended the instance: for the group that is a launch that failed."""
        reason = member.instance.state_reason.message or member.instance._reason or "Client error on launch"
        if member.activity is not None:
            member.activity.fail(
                "Instance became unhealthy while waiting for instance to be in InService state. "
                f"Termination Reason: {reason}. Launching EC2 instance failed."
            )
        self._back_off(group)

    def _hold(self, backend: AutoScalingBackend, group: Group, target: int) -> None:
        if group.counted < target and "Launch" not in group.suspended:
            while group.counted < target and time.monotonic() >= group.launch_after:
                self._launch(backend, group, target)
        elif group.counted > target and "Terminate" not in group.suspended:
            self._shrink(backend, group, target)

    def _launch(self, backend: AutoScalingBackend, group: Group, target: int) -> None:
        """Start one instance, or record that it could not be started and wait before the next attempt."""
        refresh = group.refresh
        cause = at(
            group.cause
            or (refresh and "an instance was launched in response to an instance refresh.")
            or "an instance was started in response to a difference between desired and actual capacity, increasing "
            f"the capacity from {group.counted} to {group.counted + 1}."
        )
        activity = group.journal.begin("Launching a new EC2 instance", cause, {})
        try:
            # How many On-Demand instances there should be depends on how many there are.
            source = group.launches_from.next_source(group.counted, target)
            member = group.launch(backend.ec2_backend, source, activity)
        except ServiceException as exc:
            text = exc.message if exc.message.endswith(".") else f"{exc.message}."
            activity.fail(f"{text} Launching EC2 instance failed.")
            LOG.warning("%s: %s", group.name, activity.message)
            self._back_off(group)
            return
        member.batch = refresh.batch if refresh else ""
        if group.counted >= target:
            group.cause = ""

    def _back_off(self, group: Group) -> None:
        group.failed_launches += 1
        if group.refresh is not None:
            group.refresh.failed_launches += 1
        group.backoff = min(max(self._timings.relaunch, 2 * group.backoff), self._timings.relaunch_longest)
        group.launch_after = time.monotonic() + group.backoff

    def _shrink(self, backend: AutoScalingBackend, group: Group, target: int) -> None:
        """Terminate the oldest that are not protected from it."""
        before = group.counted
        for member in [found for found in group.members if found.counted and not found.protected_from_scale_in]:
            if group.counted - member.weight < target:
                break
            backend.take_out(
                group,
                member,
                f"was selected for termination, shrinking the capacity from {before} to {target}.",
            )
        group.cause = ""
