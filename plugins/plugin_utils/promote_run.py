# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a channel to a build: look at every region, then carry out what the plan says.

The order makes it safe to be ended anywhere. What a channel is about to point at is protected and shared first. Then
the catalogue moves, all at once or not at all; from there on every difference between it and AWS is work that the next
run finds. What the channel has left loses its protection last, and only where nothing publishes it any more.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime as dt
import time
import typing as t

from .catalogue import Catalogue, CatalogueError, ChannelMove
from .ec2 import Aws, AwsError
from .promote_ec2 import Publisher
from .promote_plan import Promotion, Publishing, Step, View, Wanted, amis_to_look_at, names_to_look_at, plan, regions_of
from .promotion import PromotionError

# How a region ends.
THERE = "already there"
DONE = "done"
FAILED = "failed"
NOT_DONE = "not done"
WOULD_CHANGE = "would change"

_SKIPPING = ("To go on where AWS answers: -e leave_regions=true",)

Show = c.Callable[[str], None]


class Patience(t.NamedTuple):
    """Seconds: how long AWS may look at a parameter's value, and the longest time between two looks."""

    limit: float = 120.0
    poll: float = 2.0


@dataclasses.dataclass
class Outcome:
    """One region: how far it got. ``published`` says whether the parameter is right now."""

    step: Step
    status: str = THERE
    published: bool = False
    lifted: tuple[str, ...] = ()
    error: str | None = None


class Result(t.NamedTuple):
    """One image: the move of its channel, None when there was none to make, and its regions."""

    promotion: Promotion
    move: ChannelMove | None
    outcomes: tuple[Outcome, ...]
    error: str | None = None

    @property
    def failures(self) -> list[str]:
        """Return a line for everything that went wrong."""
        return [
            *filter(None, (self.error,)),
            *(one.error for one in self.outcomes if one.error),
        ]


class Promoter:
    """Moves channels. ``aws`` makes the session of a region; ``show`` gets a line for each thing that is done."""

    def __init__(
        self,
        catalogue: Catalogue,
        publishing: Publishing,
        aws: c.Callable[[str], Aws],
        author: str | None,
        show: Show,
        patience: Patience = Patience(),  # noqa: B008 - a tuple
    ) -> None:
        self._catalogue = catalogue
        self._publishing = publishing
        self._aws = aws
        self._author = author
        self._show = show
        self._patience = patience
        self._regions: dict[str, Publisher] = {}

    def look(self, wanted: Wanted, now: dt.datetime) -> Promotion:
        """Look at AWS and return the plan; raise PromotionError with all that is in the way, a denied region too."""
        views: dict[str, View] = {}
        problems: list[str] = []
        for region in regions_of(wanted):
            try:
                views[region] = self._view(wanted, region)
            except AwsError as exc:
                problems.append(str(exc))
        if problems and not (wanted.may_skip_regions and views.keys() & wanted.build.amis.keys()):
            raise PromotionError("\n".join([*problems, *_SKIPPING]))
        promotion = plan(wanted, self._publishing, views, now)
        return promotion._replace(notes=(*promotion.notes, *(f"Left as it is: {problem}" for problem in problems)))

    def carry_out(self, promotion: Promotion, now: dt.datetime) -> Result:
        """Do what a plan says, as far as AWS lets it. Whatever failed, the next run finds and repairs."""
        outcomes = tuple(Outcome(step) for step in promotion.steps)
        work = _Work(promotion, outcomes, self._region, self._patience, self._show)
        work.each(work.prepare)
        if promotion.wanted.moves and any(one.error for one in outcomes):
            return _ended(promotion, None, outcomes, _not_moved(promotion.wanted))
        try:
            move = self._move(promotion.wanted, now)
        except CatalogueError as exc:
            return _ended(promotion, None, outcomes, f"{exc}.")
        work.each(work.publish)
        work.each(work.wait)
        moved = self._moved_meanwhile(promotion.wanted)
        if not moved:
            work.each(work.lift)
        unfinished = _unfinished(promotion.wanted) if any(one.error for one in outcomes) else None
        return _ended(promotion, move, outcomes, moved or unfinished)

    def _view(self, wanted: Wanted, region: str) -> View:
        shared = wanted.build.amis.get(region) if self._publishing.accounts else None
        names = names_to_look_at(wanted, self._publishing)
        return self._region(region).look(amis_to_look_at(wanted, region), names, shared)

    def _move(self, wanted: Wanted, now: dt.datetime) -> ChannelMove | None:
        if not wanted.moves:
            return None
        move = self._catalogue.move_channel(
            wanted.image, wanted.channel, wanted.build.id, self._author, wanted.reason, now, wanted.points_at
        )
        self._show(f"{wanted.image}: {wanted.channel} points at {wanted.build.id}")
        return move

    def _moved_meanwhile(self, wanted: Wanted) -> str | None:
        """Return what to say when somebody moved the channel while it was published: two runs may have written."""
        found = self._catalogue.channel(wanted.image, wanted.channel)
        if found is not None and found.build_id == wanted.build.id:
            return None
        return (
            f"Channel {wanted.channel} of {wanted.image} was moved to {found.build_id if found else 'nothing'} while "
            f"this run published {wanted.build.id}. Bring the parameters to what the catalogue says: "
            f"promote.yml -e image={wanted.image} -e channel={wanted.channel} -e repair=true"
        )

    def _region(self, name: str) -> Publisher:
        if name not in self._regions:
            self._regions[name] = Publisher(self._aws(name))
        return self._regions[name]


class _Work:
    """The steps of one promotion. What fails in one region does not stop the others."""

    def __init__(
        self,
        promotion: Promotion,
        outcomes: tuple[Outcome, ...],
        region: c.Callable[[str], Publisher],
        patience: Patience,
        show: Show,
    ) -> None:
        self._wanted = promotion.wanted
        self._outcomes = outcomes
        self._region = region
        self._patience = patience
        self._show = show

    def each(self, work: c.Callable[[Outcome], None]) -> None:
        """Do one thing in every region where nothing has failed so far; keep what AWS says against it."""
        for outcome in self._outcomes:
            if outcome.error:
                continue
            try:
                work(outcome)
            except AwsError as exc:
                outcome.error = str(exc)
                self._say(outcome, f"FAILED. {exc}")

    def prepare(self, outcome: Outcome) -> None:
        """Protect and share the AMI, before anybody is sent to it."""
        step, region = outcome.step, self._region(outcome.step.region)
        if step.protect:
            region.protect(step.ami_id)
            self._say(outcome, f"{step.ami_id} is protected from being deregistered")
        if step.share:
            for snapshot in step.snapshots:
                region.share_snapshot(snapshot, step.share)
            # Last: who may launch an AMI is what tells the next run that its snapshots are shared, too.
            region.share_image(step.ami_id, step.share)
            self._say(outcome, f"{step.ami_id} is shared with {', '.join(step.share)}")

    def publish(self, outcome: Outcome) -> None:
        """Ask for the parameter to get its value."""
        step = outcome.step
        if step.publish and step.parameter:
            text = f"Build {self._wanted.build.id} of {self._wanted.image}"
            self._region(step.region).publish(step.parameter, step.ami_id, text)
        else:
            outcome.published = True

    def wait(self, outcome: Outcome) -> None:
        """Read the parameter until AWS has accepted its value, which it says in no other way."""
        if outcome.published:
            return
        step, name = outcome.step, str(outcome.step.parameter)
        ends, pause = time.monotonic() + self._patience.limit, 0.1
        while True:
            found = self._region(step.region).parameters([name]).get(name)
            if found is not None and found.value == step.ami_id:
                outcome.published = True
                self._say(outcome, f"{name} is {step.ami_id}")
                return
            if time.monotonic() > ends:
                still = f"is still {found.value}" if found else "is not there"
                raise AwsError(
                    f"AWS has not accepted {step.ami_id} as value of {name} in {step.region} within "
                    f"{self._patience.limit:.0f} s: it {still}. Look at the AMI, and run again"
                )
            time.sleep(pause)
            pause = min(pause * 2, self._patience.poll)

    def lift(self, outcome: Outcome) -> None:
        """Take the protection from AMIs that no channel points at any more."""
        for ami_id in outcome.step.lift:
            self._region(outcome.step.region).lift(ami_id)
            outcome.lifted += (ami_id,)
            self._say(outcome, f"{ami_id} is no longer protected: no channel points at it")

    def _say(self, outcome: Outcome, text: str) -> None:
        self._show(f"{self._wanted.image}: {outcome.step.region}: {text}")


def foretell(promotion: Promotion) -> Result:
    """Return what `Promoter.carry_out` would do, without doing it."""
    moves = promotion.wanted.moves
    outcomes = [Outcome(step, WOULD_CHANGE if step.changes or moves else THERE) for step in promotion.steps]
    return Result(promotion, None, tuple(outcomes))


def _ended(promotion: Promotion, move: ChannelMove | None, outcomes: tuple[Outcome, ...], error: str | None) -> Result:
    """Return the result, with the status of every region."""
    for one in outcomes:
        finished = one.published and one.lifted == one.step.lift
        one.status = FAILED if one.error else NOT_DONE if not finished else DONE if one.step.changes or move else THERE
    return Result(promotion, move, outcomes, error)


def _unfinished(wanted: Wanted) -> str:
    return (
        f"Channel {wanted.channel} of {wanted.image} points at {wanted.build.id}, but not everywhere yet. To finish it "
        f"when this is corrected: promote.yml -e image={wanted.image} -e channel={wanted.channel} -e repair=true"
    )


def _not_moved(wanted: Wanted) -> str:
    still = f"it still points at {wanted.points_at}" if wanted.points_at else "it still points at nothing"
    return f"Channel {wanted.channel} of {wanted.image} was not moved to {wanted.build.id}, {still}:"
