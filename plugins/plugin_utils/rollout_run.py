# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out a plan of a roll-out, group by group, and follow what EC2 makes of it.

It may be ended at any point: a version that was made is found again by its description, a refresh that runs by the AMI
that it leads to.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
import typing as t

from . import rollout
from .ec2 import AwsError
from .rollout import ACTIVE, Config, Draft, Refresh, Step, Wanted
from .rollout_preferences import Preferences, for_refresh, for_way_back

# What a group is in the end.
DONE = "rolled out"
PINNED = "pinned"
ROLLED_BACK = "rolled back"
CANCELLED = "cancelled"
FAILED = "failed"
RUNNING = "still running"
NOT_STARTED = "not started"
WOULD = "would "
# Those that nobody has to look at.
GOOD = frozenset({DONE, PINNED, rollout.UP_TO_DATE})
# Those of which nothing was changed.
UNTOUCHED = frozenset({NOT_STARTED, rollout.BLOCKED, rollout.UP_TO_DATE})

# No answer, or not now: it may work the next time, and the refresh goes on meanwhile.
_PASSES = frozenset(
    {"", "RequestLimitExceeded", "Throttling", "ThrottlingException", "InternalFailure", "InternalError",
     "ServiceUnavailable", "Unavailable", "ResourceContention"}
)  # fmt: skip
_BUSY = "InstanceRefreshInProgress"
_IRREVERSIBLE = "IrreversibleInstanceRefresh"
_NOT_ACTIVE = "ActiveInstanceRefreshNotFound"


class Calls(t.Protocol):
    """What a run needs of a region: see `rollout_ec2.Region`. Every method may raise AwsError."""

    def find_version(self, draft: Draft, ami: str, text: str) -> int | None: ...
    def make_version(self, draft: Draft, ami: str, text: str, token: str) -> int: ...
    def point(self, group: str, config: Config) -> None: ...
    def start(self, group: str, config: Config | None, preferences: Preferences) -> str: ...
    def look(self, group: str, refresh_id: str) -> Refresh | None: ...
    def refreshes(self, group: str, refresh_id: str | None = None) -> dict[str, t.Any] | None: ...
    def group(self, name: str) -> dict[str, t.Any] | None: ...
    def roll_back(self, group: str) -> None: ...
    def cancel(self, group: str) -> None: ...
    def complaint(self, group: str, since: dt.datetime | None) -> str: ...


class Patience(t.NamedTuple):
    """Seconds between looks, and until nobody waits any longer."""

    poll: float = 15.0
    limit: float = 14400.0


@dataclasses.dataclass
class Outcome:
    """One group: what there is now. ``versions`` are the numbers of the templates that were made or found."""

    step: Step
    status: str = NOT_STARTED
    versions: dict[Draft, int] = dataclasses.field(default_factory=dict)
    refresh: str | None = None
    error: str | None = None
    seconds: float = 0.0
    begun: float | None = None
    said: str = ""
    going_back: bool = False
    undo: bool = False

    @property
    def waits(self) -> bool:
        return self.status == RUNNING

    @property
    def bad(self) -> bool:
        return self.status not in GOOD and not self.status.startswith(WOULD)


def foretell(steps: t.Iterable[Step]) -> list[Outcome]:
    """Return what the steps would come to."""
    return [
        Outcome(step, f"{WOULD}{step.action}" if step.changes else step.action, error=step.problem) for step in steps
    ]


class Run:
    """One run of a plan."""

    def __init__(
        self,
        wanted: Wanted,
        preferences: Preferences,
        calls: t.Mapping[tuple[str, str], Calls],
        say: t.Callable[[str], None],
        patience: Patience,
        still: t.Callable[[], str | None],
    ) -> None:
        """``still`` says why the rest is not to be started, None when nothing has changed."""
        self._wanted = wanted
        self._preferences = preferences
        self._calls = calls
        self._say = say
        self._patience = patience
        self._still = still
        self.outcomes: list[Outcome] = []

    @property
    def running(self) -> list[Outcome]:
        """Return those whose refresh goes on in AWS."""
        return [one for one in self.outcomes if one.waits and one.refresh]

    def carry_out(self, steps: t.Sequence[Step], batch: int) -> list[Outcome]:
        """Roll out in batches of so many groups; the first batch with a bad group is the last one."""
        self.outcomes = [Outcome(step, rollout.UP_TO_DATE if not step.changes else NOT_STARTED) for step in steps]
        for one in self.outcomes:
            if one.step.problem:
                one.status, one.error = rollout.BLOCKED, one.step.problem
        todo = [one for one in self.outcomes if one.step.changes]
        if self._pin(todo):
            todo = []
        for group in _batches(todo, batch):
            why = self._still()
            for one in group:
                if why:
                    one.error = why
                else:
                    self._begin(one)
            if not why:
                self._follow(group)
            if why or any(one.bad for one in group):
                break
        return self.outcomes

    def turn_back(self, steps: t.Sequence[Step]) -> list[Outcome]:
        """End the refreshes that lead to the image, and bring back what they have replaced, where EC2 can."""
        self.outcomes = [Outcome(step) for step in steps]
        for one in self.outcomes:
            self._attempt(one, self._turn_back)
        self._follow(self.outcomes)
        for one in self.outcomes:
            if one.status in (ROLLED_BACK, CANCELLED):
                one.error = None
        return self.outcomes

    def _pin(self, todo: t.Sequence[Outcome]) -> bool:
        """Give groups a number in place of $Latest, before a new version is there. Return whether one could not be."""
        for one in todo:
            if one.step.pins:
                self._attempt(one, lambda it: self._region(it).point(it.step.group.name, rollout.pinned(it.step.group)))
        return any(one.bad and one.status == FAILED for one in todo)

    def _begin(self, one: Outcome) -> None:
        one.begun = time.monotonic()
        self._attempt(one, self._start)

    def _attempt(self, one: Outcome, action: t.Callable[[Outcome], None]) -> None:
        try:
            action(one)
        except AwsError as exc:
            one.status, one.error = FAILED, str(exc)

    def _start(self, one: Outcome) -> None:
        step, name, region = one.step, one.step.group.name, self._region(one)
        if step.action == rollout.PIN:
            one.status = PINNED
            return
        if step.action == rollout.ADOPT:
            running = t.cast(Refresh, step.group.refresh)
            one.refresh, one.status = running.id, RUNNING
            self._say(f"{name}: refresh {running.id} runs already ({running.status}): going on with it")
            return
        for draft in step.drafts:
            one.versions[draft] = self._version(one, draft)
        config = rollout.pointed(step, one.versions) if step.moved else None
        if step.action == rollout.FORWARD:
            region.point(name, t.cast(Config, config))
            self._say(f"{name}: launches {step.target} from now on")
            config = None
            if not step.group.capacity:
                one.status = DONE
                return
        self._refresh(one, config)

    def _version(self, one: Outcome, draft: Draft) -> int:
        region, target = self._region(one), str(one.step.target)
        text = rollout.description(self._wanted, draft)
        found = region.find_version(draft, target, text)
        if found is not None:
            return found
        made = region.make_version(draft, target, text, rollout.token(draft, target, text))
        self._say(f"{one.step.group.name}: launch template {draft.template_name} has version {made} with {target}")
        return made

    def _refresh(self, one: Outcome, config: Config | None) -> None:
        """Start a refresh. Skip matching compares template versions, and so misses what a parameter means by now."""
        name, region = one.step.group.name, self._region(one)
        preferences = for_refresh(self._preferences, not one.step.follows, one.step.auto_rollback)
        if one.going_back:
            preferences = for_way_back(self._preferences)
        try:
            one.refresh = region.start(name, config, preferences)
        except AwsError as exc:
            if exc.code != _BUSY:
                raise
            # The answer to our own request may have been lost; with anybody else's it is the next run that says so.
            running = region.refreshes(name)
            if running is None or running["Status"] not in ACTIVE or not _same(running, config):
                raise
            one.refresh = running["InstanceRefreshId"]
        one.status = RUNNING
        self._say(f"{name}: refresh {one.refresh} started{' back' if one.going_back else ''}")

    def _follow(self, outcomes: t.Sequence[Outcome]) -> None:
        """Look at the refreshes until all have ended, or patience has."""
        deadline = time.monotonic() + self._patience.limit
        while waiting := [one for one in outcomes if one.waits]:
            for one in waiting:
                try:
                    self._look(one)
                except AwsError as exc:
                    if exc.code not in _PASSES:
                        one.status, one.error = FAILED, f"{exc} Its refresh {one.refresh} goes on in AWS."
                one.seconds = time.monotonic() - (one.begun or time.monotonic())
            if time.monotonic() > deadline:
                for one in (one for one in outcomes if one.waits):
                    seen = one.said or "nothing was heard of it"
                    one.error = f"not done after {self._patience.limit:.0f} s ({seen}). It goes on in AWS"
                return
            if any(one.waits for one in outcomes):
                time.sleep(self._patience.poll)

    def _look(self, one: Outcome) -> None:
        name, region = one.step.group.name, self._region(one)
        found = region.look(name, str(one.refresh))
        if found is None:
            one.status, one.error = FAILED, f"refresh {one.refresh} is not known any more"
            return
        left = "" if found.left is None else f", {found.left} of {len(one.step.group.members)} instances to go"
        said = f"{name}: {found.status} {found.percent} %{left}{f'. {found.reason}' if found.reason else ''}"
        if said != one.said:
            one.said = said
            self._say(said)
        if not found.active:
            self._ended(one, found)

    def _ended(self, one: Outcome, found: Refresh) -> None:
        if found.status == "Successful" and one.step.action == rollout.FORWARD and not self._in_service(one):
            return
        if found.status == "Successful":
            one.status = ROLLED_BACK if one.going_back else DONE
            return
        reason = found.reason or f"its refresh ended {found.status}"
        one.error = one.error or self._explained(one, reason, found.started)
        one.status = {"RollbackSuccessful": ROLLED_BACK, "Cancelled": CANCELLED}.get(found.status, FAILED)
        if found.status in ("Failed", "Cancelled") and self._goes_back(one):
            one.going_back = True
            self._say(f"{one.step.group.name}: {one.error}")
            self._go_back(one)

    def _explained(self, one: Outcome, reason: str, since: dt.datetime | None) -> str:
        """Return why a refresh has failed, in the words of the group's newest failed launch if there is one."""
        try:
            complaint = self._region(one).complaint(one.step.group.name, since)
        except AwsError:  # the reason alone must do
            return reason
        return f"{reason} {complaint}" if complaint and complaint not in reason else reason

    def _go_back(self, one: Outcome) -> None:
        try:
            self._refresh(one, None)
        except AwsError as exc:
            one.status, one.error = FAILED, f"{one.error} And it could not go back: {exc}"

    def _goes_back(self, one: Outcome) -> bool:
        """Whether the group still has its earlier settings, and EC2 does not bring it back to them by itself."""
        step, running = one.step, one.step.group.refresh
        kept = running is not None and running.amis is not None
        if one.going_back or one.undo:
            return one.undo and kept and not one.going_back
        if one.status != FAILED or not self._wanted.auto_rollback:
            return False
        return (step.action == rollout.ROLL and not step.auto_rollback) or (step.action == rollout.ADOPT and kept)

    def _in_service(self, one: Outcome) -> bool:
        """Whether a group that could not launch has its instances again."""
        found = self._region(one).group(one.step.group.name)
        serving = [row for row in (found or {}).get("Instances", ()) if row["LifecycleState"] == "InService"]
        return len(serving) >= one.step.group.capacity

    def _turn_back(self, one: Outcome) -> None:
        name, region = one.step.group.name, self._region(one)
        running = t.cast(Refresh, one.step.group.refresh)
        one.begun, one.refresh, one.status, one.undo = time.monotonic(), running.id, RUNNING, True
        if running.status in ("RollbackInProgress", "Cancelling"):
            return
        try:
            region.roll_back(name)
            self._say(f"{name}: refresh {running.id} is being rolled back")
        except AwsError as exc:
            if exc.code == _NOT_ACTIVE:  # it has ended meanwhile
                return
            if exc.code != _IRREVERSIBLE:
                raise
            region.cancel(name)
            self._say(f"{name}: refresh {running.id} is being cancelled; what it has replaced stays ({exc})")

    def _region(self, one: Outcome) -> Calls:
        return self._calls[one.step.group.account, one.step.group.region]


def _same(running: t.Mapping[str, t.Any], config: Config | None) -> bool:
    return rollout.outline(running.get("DesiredConfiguration")) == rollout.outline(config)


def _batches(todo: t.Sequence[Outcome], size: int) -> t.Iterator[tuple[Outcome, ...]]:
    for start in range(0, len(todo), size):
        yield tuple(todo[start : start + size])
