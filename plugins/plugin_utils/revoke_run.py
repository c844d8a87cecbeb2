# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Revoke builds: look, then mark them, move the channels away from them, and disable their AMIs.

The order makes it safe to be ended anywhere. First the catalogue says that the builds are bad, so that nobody promotes
or builds on them meanwhile. Then the channels move, and only what no channel can still leave is disabled: a group that
follows a channel can start instances at every moment. What a run left undone is a difference that the next one sees.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime as dt
import typing as t

from .catalogue import Catalogue, CatalogueError
from .ec2 import Aws, AwsError
from .estate import AVAILABLE, DISABLED, GONE
from .promote_ec2 import Publisher
from .promote_plan import Found, Promotion, Publishing, Wanted, amis_to_look_at, names_to_look_at, plan, regions_of
from .promote_run import Patience, Promoter, Result, foretell
from .promotion import History, PromotionError
from .records import REVOKED, Build
from .retire_ec2 import Image, Region
from .revoke import Bad, Chosen, Fall, choose_bad, falls, remembered, wanted

# How far back a channel is followed.
_MOVES = 200

# How an AMI ends.
WOULD = "would be disabled"
DONE = "disabled"
THERE = "already disabled"
LEFT = "left enabled"
WAITS = "not disabled"
MISSING = "gone"
FAILURE = "FAILED"

Show = c.Callable[[str], None]


@dataclasses.dataclass
class AmiOutcome:
    """One AMI of a bad build: how far it got."""

    bad: Bad
    region: str
    ami: str
    status: str
    protected: bool = False
    error: str | None = None


class ChannelOutcome(t.NamedTuple):
    """One channel: where it goes, None when there is no good build, and what became of that."""

    fall: Fall
    result: Result | None
    passed: tuple[tuple[str, str], ...] = ()
    error: str | None = None

    @property
    def target(self) -> Build | None:
        return self.result.promotion.wanted.build if self.result else None

    @property
    def failures(self) -> list[str]:
        """Return a line for everything that went wrong."""
        return [*filter(None, (self.error,)), *(self.result.failures if self.result else ())]

    def holds(self, region: str) -> bool:
        """Whether the channel may still lead to a bad build in a region, and need not: it failed to leave it."""
        if self.error:
            return True
        if self.result is None:
            return False
        if self.result.promotion.wanted.moves and self.result.move is None:
            return True
        return any(one.error and one.step.region == region for one in self.result.outcomes)


@dataclasses.dataclass
class Revocation:
    """What revoking comes to: the plan at first, and what became of it later."""

    chosen: Chosen
    channels: list[ChannelOutcome]
    amis: list[AmiOutcome]
    marked: list[str]
    problems: list[str]

    @property
    def changes(self) -> bool:
        """Whether there is, or was, anything to do."""
        return (
            bool(self.marked)
            or any(one.result and one.result.promotion.changes for one in self.channels)
            or any(one.status in (WOULD, DONE) for one in self.amis)
        )

    @property
    def failures(self) -> list[str]:
        """Return a line for everything that went wrong."""
        return [
            *self.problems,
            *(line for one in self.channels for line in one.failures),
            *(one.error for one in self.amis if one.error),
        ]


class Revoker:
    """Revokes builds. ``aws`` makes the session of a region; ``show`` gets a line for each thing that is done."""

    def __init__(
        self,
        catalogue: Catalogue,
        publishing: Publishing,
        aws: c.Callable[[str], Aws],
        author: str,
        show: Show,
        patience: Patience,
    ) -> None:
        self._catalogue = catalogue
        self._aws = aws
        self._author = author
        self._show = show
        self._promoter = Promoter(catalogue, publishing, aws, author, show, patience)
        self._publishing = publishing

    def choose(self, named: Build, descendants: bool) -> Chosen:
        """Return the builds that are bad; raise RevocationError when there are none."""
        return choose_bad(self._catalogue.builds(), named, descendants)

    def foretell(self, chosen: Chosen, reason: str, disable: bool, now: dt.datetime) -> Revocation:
        """Return what revoking would do, without doing it."""
        marked = [one.build.id for one in chosen.bad if one.build.status != REVOKED]
        channels = self._channels(chosen, reason, now, foretell)
        amis = [self._look(one, region, ami, disable) for one in chosen.bad for region, ami in _amis(one)]
        return Revocation(chosen, channels, amis, marked, [])

    def carry_out(self, chosen: Chosen, reason: str, disable: bool, now: dt.datetime) -> Revocation:
        """Revoke. Whatever failed, the next run finds and repairs."""
        revocation = Revocation(chosen, [], [], [], [])
        kept = [self._mark(one, reason, now, revocation) for one in chosen.bad]
        chosen = chosen._replace(bad=tuple(kept))
        revocation.channels = self._channels(chosen, reason, now, lambda one: self._promoter.carry_out(one, now))
        for one in chosen.bad:
            found = [self._look(one, region, ami, disable) for region, ami in _amis(one)]
            revocation.amis += found
            todo = [outcome for outcome in found if outcome.status == WOULD]
            for outcome in todo:
                if one.build.status != REVOKED or any(
                    channel.holds(outcome.region)
                    for channel in revocation.channels
                    if one.build.id in channel.fall.left
                ):
                    outcome.status = WAITS
            self._disable(one, [outcome for outcome in todo if outcome.status == WOULD])
        return revocation

    def _mark(self, bad: Bad, reason: str, now: dt.datetime, revocation: Revocation) -> Bad:
        """Call a build revoked, in the catalogue; return it as it is then."""
        build = bad.build
        if build.status == REVOKED:
            return bad
        try:
            self._catalogue.finish(dataclasses.replace(build, contents=remembered(bad, {})))
            marked = self._catalogue.set_status(
                build.id, REVOKED, (build.status, REVOKED), self._author, bad.why(reason), now
            )
        except CatalogueError as exc:
            revocation.problems.append(f"{exc}.")
            return bad
        revocation.marked.append(build.id)
        self._show(f"{build.image}: {build.id} is revoked")
        return bad._replace(build=marked)

    def _channels(
        self, chosen: Chosen, reason: str, now: dt.datetime, work: c.Callable[[Promotion], Result]
    ) -> list[ChannelOutcome]:
        """Bring each channel that points at a bad build to a good one, one after the other."""
        revoked = {one.build.id for one in chosen.bad}
        histories = self._histories({one.build.image for one in chosen.bad})
        passed = {move.build_id for history in histories.values() for move in history}
        builds = {build_id: self._catalogue.get(build_id) for build_id in sorted(passed)}
        points: dict[str, dict[str, str]] = {}
        for (image, channel), history in histories.items():
            points.setdefault(image, {})[channel] = history[0].build_id
        found = []
        for fall in falls(histories, builds, revoked):
            why = f"{fall.points_at} was revoked: {reason}"
            outcome = self._bring(fall, points[fall.image], builds, why, now, work)
            if outcome.target and not outcome.failures:
                points[fall.image][fall.channel] = outcome.target.id
            found.append(outcome)
        return found

    def _bring(
        self,
        fall: Fall,
        points: c.Mapping[str, str],
        builds: c.Mapping[str, Build | None],
        why: str,
        now: dt.datetime,
        work: c.Callable[[Promotion], Result],
    ) -> ChannelOutcome:
        """Bring one channel to the first of its candidates that can be published."""
        passed = list(fall.passed)
        for target in fall.candidates:
            try:
                promotion = self._plan(wanted(fall, target, points, builds, why), now)
            except PromotionError as exc:
                passed.append((target.id, str(exc)))
                continue
            except AwsError as exc:  # nobody knows whether this one is good: it is no reason to pass it over
                return ChannelOutcome(fall, None, tuple(passed), str(exc))
            return ChannelOutcome(fall, work(promotion), tuple(passed))
        return ChannelOutcome(fall, None, tuple(passed))

    def _plan(self, wish: Wanted, now: dt.datetime) -> Promotion:
        """Return the plan that brings a channel to a build; raise PromotionError when that build will not do."""
        accounts, names = self._publishing.accounts, names_to_look_at(wish, self._publishing)
        views = {
            region: Publisher(self._aws(region)).look(
                amis_to_look_at(wish, region), names, wish.build.amis.get(region) if accounts else None
            )
            for region in regions_of(wish)
        }
        return plan(wish, self._publishing, views, now)

    def _histories(self, images: c.Iterable[str]) -> dict[tuple[str, str], History]:
        return {
            (image, move.channel): self._catalogue.channel_history(image, move.channel, _MOVES)
            for image in sorted(images)
            for move in self._catalogue.channels(image)
        }

    def _look(self, bad: Bad, region: str, ami: str, disable: bool) -> AmiOutcome:
        """Return what is to be done about an AMI."""
        try:
            found: Found | None = Publisher(self._aws(region)).look([ami], (), None).amis.get(ami)
        except AwsError as exc:
            return AmiOutcome(bad, region, ami, FAILURE, error=str(exc))
        state = found.state if found else GONE
        status = {AVAILABLE: WOULD if disable else LEFT, DISABLED: THERE, GONE: MISSING}.get(state, state)
        return AmiOutcome(bad, region, ami, status, bool(found and found.protected))

    def _disable(self, bad: Bad, outcomes: c.Sequence[AmiOutcome]) -> None:
        """Disable AMIs, after it was written down who they are shared with."""
        permissions: dict[str, t.Any] = {}
        for one in outcomes:
            self._attempt(one, lambda one: permissions.update({one.region: self._region(one).permissions(one.ami)}))
        if permissions:
            try:
                self._catalogue.finish(dataclasses.replace(bad.build, contents=remembered(bad, permissions)))
            except CatalogueError as exc:
                for one in outcomes:
                    one.status, one.error = FAILURE, f"{one.ami} in {one.region} was not disabled: {exc}."
        for one in outcomes:
            self._attempt(one, self._disable_one)

    def _disable_one(self, one: AmiOutcome) -> None:
        if one.protected:
            Publisher(self._aws(one.region)).lift(one.ami)
        self._region(one).disable(Image(one.ami, AVAILABLE))
        one.status = DONE
        self._show(f"{one.bad.build.image}: {one.region}: {one.ami} is disabled")

    def _attempt(self, one: AmiOutcome, work: c.Callable[[AmiOutcome], None]) -> None:
        if one.error:
            return
        try:
            work(one)
        except AwsError as exc:
            one.status, one.error = FAILURE, str(exc)
            self._show(f"{one.bad.build.image}: {one.region}: FAILED. {exc}")

    def _region(self, one: AmiOutcome) -> Region:
        return Region(self._aws(one.region))


def _amis(bad: Bad) -> list[tuple[str, str]]:
    return sorted(bad.build.amis.items())
