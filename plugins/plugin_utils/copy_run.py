# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out a plan of copies: begin them all, wait for all, then share and record each as it becomes available.

It may be ended at any point. What it made so far has the build's tags from its first moment, so that the next plan
finds it and goes on.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import time
import typing as t

from .copies import AVAILABLE, COPY, DEAD, WAIT, Source, Step, client_token
from .copy_calls import Region, State
from .ec2 import AwsError

# What a step is in the end.
THERE = "already there"
COPIED = "copied"
CHANGED = "changed"
FAILED = "failed"
WOULD_COPY = "would copy"
WOULD_WAIT = "would wait"
WOULD_CHANGE = "would change"

# No answer, or not now: it may work the next time, and the copy goes on meanwhile.
_PASSES = frozenset({"", "RequestLimitExceeded", "Throttling", "InternalError", "ServiceUnavailable", "Unavailable"})

Record = c.Callable[[str, str, tuple[str, ...]], None]
Show = c.Callable[[str], None]


class Patience(t.NamedTuple):
    """Seconds: between looks, until giving up, and until a copy that EC2 does not know is taken for gone.

    EC2 may not know a new AMI for some seconds, and it may answer a repeated request with an AMI that is long gone.
    """

    poll: float = 15.0
    limit: float = 7200.0
    settle: float = 60.0


@dataclasses.dataclass
class Outcome:
    """One region: what there is now."""

    step: Step
    ami_id: str | None
    status: str
    snapshots: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    error: str | None = None
    seconds: float = 0.0


def foretell(steps: c.Iterable[Step]) -> list[Outcome]:
    """Return what `Run` would do, without doing it."""
    return [Outcome(step, step.ami_id, _would(step), step.snapshots, step.share) for step in steps]


class Run:
    """The work on one build. An error in one region is kept, and the others go on."""

    def __init__(
        self,
        source: Source,
        tags: c.Mapping[str, str],
        regions: c.Mapping[str, Region],
        record: Record,
        show: Show,
        patience: Patience = Patience(),  # noqa: B008 - a tuple
    ) -> None:
        """``record`` is called with region, AMI and snapshots of each AMI that the catalogue does not know."""
        self._source = source
        self._tags = tags
        self._regions = regions
        self._record = record
        self._show = show
        self._patience = patience
        self._began = time.monotonic()
        self._said: dict[str, str] = {}

    def carry_out(self, steps: c.Iterable[Step]) -> list[Outcome]:
        """Return how each step ended, in the same order."""
        outcomes = [Outcome(step, step.ami_id, THERE, step.snapshots) for step in steps]
        for outcome in outcomes:
            if outcome.step.action == COPY:
                self._guard(outcome, self._begin)
        waiting = [one for one in outcomes if one.step.action in (COPY, WAIT) and not one.error]
        for outcome in outcomes:
            if outcome not in waiting and not outcome.error:
                self._guard(outcome, self._finish)
        while waiting:
            for outcome in waiting:
                self._guard(outcome, self._look)
            waiting = [one for one in waiting if not one.error and one.status == THERE]
            if waiting and not self._give_up(waiting):
                time.sleep(self._patience.poll)
            else:
                break
        return outcomes

    def _begin(self, outcome: Outcome) -> None:
        step, region = outcome.step, self._regions[outcome.step.region]
        for ami_id in step.remove:
            region.deregister(ami_id)
            self._say(step.region, f"removed {ami_id}, a copy that failed")
        token = client_token(self._source.build_id, step.region, step.dead)
        outcome.ami_id = region.copy(self._source, token, step.kms_key, self._tags)
        self._say(step.region, f"{outcome.ami_id} is being copied from {self._source.copy.ami_id}")

    def _look(self, outcome: Outcome) -> None:
        """See how far a copy is, and finish it when it is available."""
        ami_id = str(outcome.ami_id)
        try:
            state = self._regions[outcome.step.region].state(ami_id)
        except AwsError as exc:
            if exc.code not in _PASSES:
                raise
            self._say(outcome.step.region, f"{exc} Trying again")
            return
        if state is None:
            self._miss(outcome, ami_id)
        elif state.state == AVAILABLE:
            outcome.snapshots = state.snapshots
            self._finish(outcome)
        elif state.state in DEAD:
            outcome.error = (
                f"{ami_id}, the copy, failed: {state.reason or 'EC2 gives no reason'}. Run again to repeat it"
            )
        else:
            self._say(outcome.step.region, _progress(ami_id, state))

    def _miss(self, outcome: Outcome, ami_id: str) -> None:
        """EC2 does not know the AMI: it is too new, or it was removed and EC2 still remembers the request."""
        if time.monotonic() - self._began < self._patience.settle:
            return
        if ami_id in outcome.step.dead:
            outcome.error = f"{ami_id}, the copy, disappeared. Run again to repeat it"
            return
        outcome.step = outcome.step._replace(action=COPY, dead=(*outcome.step.dead, ami_id), remove=())
        self._begin(outcome)
        # Once more only.
        outcome.step = outcome.step._replace(dead=(*outcome.step.dead, str(outcome.ami_id)))
        self._began = time.monotonic()

    def _finish(self, outcome: Outcome) -> None:
        """Record and share an AMI that is available."""
        step, region, ami_id = outcome.step, self._regions[outcome.step.region], str(outcome.ami_id)
        if step.record:
            self._record(step.region, ami_id, outcome.snapshots)
        if step.share:
            for snapshot in outcome.snapshots:
                region.share_snapshot(snapshot, step.share)
            region.share_image(ami_id, step.share)
            outcome.shared = step.share
            self._say(step.region, f"{ami_id} is shared with {', '.join(step.share)}")
        outcome.seconds = time.monotonic() - self._began
        outcome.status = COPIED if step.action == COPY else CHANGED if step.changes else THERE
        if step.action in (COPY, WAIT):
            outcome.status = COPIED
            self._say(step.region, f"{ami_id} is available")

    def _give_up(self, waiting: c.Iterable[Outcome]) -> bool:
        if time.monotonic() - self._began < self._patience.limit:
            return False
        for outcome in waiting:
            outcome.status = FAILED
            outcome.error = (
                f"{outcome.ami_id} was not available after {self._patience.limit:.0f} s. It goes on in EC2: run again "
                "to wait for it"
            )
        return True

    def _guard(self, outcome: Outcome, work: c.Callable[[Outcome], None]) -> None:
        """Do one thing for one region; keep what AWS says against it."""
        try:
            work(outcome)
        except AwsError as exc:
            outcome.error = str(exc)
        if outcome.error:
            outcome.status = FAILED
            self._say(outcome.step.region, f"FAILED. {outcome.error}")

    def _say(self, region: str, text: str) -> None:
        """Show a line, unless it says what the last one of this region said."""
        if self._said.get(region) != text:
            self._said[region] = text
            self._show(f"{region}: {text}")


def _would(step: Step) -> str:
    kept = WOULD_CHANGE if step.changes else THERE
    return {COPY: WOULD_COPY, WAIT: WOULD_WAIT}.get(step.action, kept)


def _progress(ami_id: str, state: State) -> str:
    percent = f", its snapshots are at {state.percent} %" if state.percent is not None else ""
    return f"{ami_id} is {state.state}{percent}"
