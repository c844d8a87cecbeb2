# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builds channels are asked to point at. Reads the catalogue; calls nothing else and changes nothing."""

from __future__ import annotations

import collections.abc as c
import datetime as dt
import typing as t

from . import promotion
from .build_choice import Choice, choose
from .catalogue import Catalogue, CatalogueError, ChannelMove
from .promote_plan import Wanted
from .promotion import Policy, PromotionError
from .records import BUILT, VERIFIED, Build

PROMOTED = "promoted"
ROLLED_BACK = "rolled_back"
REPAIRED = "repaired"
STATES = (PROMOTED, ROLLED_BACK, REPAIRED)

# How far back a channel is followed.
_MOVES = 200


class Request(t.NamedTuple):
    """What was asked for. ``images``, or one of ``build`` and ``ami``, are set."""

    channel: str
    state: str = PROMOTED
    images: tuple[str, ...] = ()
    build: str | None = None
    ami: str | None = None
    reason: str | None = None
    approver: str | None = None
    leave_regions: bool = False


class Chosen(t.NamedTuple):
    """The wish for one image, and what people should know about the choice."""

    wanted: Wanted
    notes: tuple[str, ...] = ()


def choose_all(
    catalogue: Catalogue, request: Request, policies: c.Mapping[str, Policy], now: dt.datetime
) -> list[Chosen]:
    """Return what each image's channel is to point at. Raises PromotionError with all that speaks against it."""
    promotion.check_channel(request.channel, policies)
    given = _given(catalogue, request)
    images = [given.image] if given else list(dict.fromkeys(request.images))
    known = catalogue.images()
    chosen, problems = [], []
    for image in images:
        try:
            if image not in known:
                raise PromotionError(
                    f"Image {image} was never built. {catalogue.url} knows: {', '.join(known) or 'none'}"
                )
            chosen.append(_Image(catalogue, image, request, policies, now).choose(given))
        except PromotionError as exc:
            problems.append(str(exc))
    if problems:
        raise PromotionError("\n".join(problems))
    return chosen


class _Image:
    """The channels of one image, and the decision about one of them."""

    def __init__(
        self,
        catalogue: Catalogue,
        image: str,
        request: Request,
        policies: c.Mapping[str, Policy],
        now: dt.datetime,
    ) -> None:
        self._catalogue = catalogue
        self._image = image
        self._request = request
        self._channel = request.channel
        self._policy = policies.get(request.channel, Policy())
        self._now = now
        self._moves = {move.channel: move for move in catalogue.channels(image)}
        names = {*self._moves, *filter(None, (self._policy.after,))}
        self._histories = {name: catalogue.channel_history(image, name, _MOVES) for name in sorted(names)}
        passed = {move.build_id for history in self._histories.values() for move in history}
        self._builds = {build_id: catalogue.get(build_id) for build_id in sorted(passed)}

    def choose(self, given: Build | None) -> Chosen:
        """Return what is wanted, or raise PromotionError."""
        build, notes = self._target(given)
        current = self._moves.get(self._channel)
        self._check(build, current)
        builds = {**self._builds, build.id: build}
        after = {name: move.build_id for name, move in self._moves.items()} | {self._channel: build.id}
        wanted = Wanted(
            image=self._image,
            channel=self._channel,
            build=build,
            points_at=current.build_id if current else None,
            previous=builds.get(current.build_id) if current else None,
            channels={name: found for name, build_id in after.items() if (found := builds.get(build_id))},
            former=[found for build_id, found in builds.items() if found and build_id not in after.values()],
            reason=self._reason(build),
            may_leave_regions=self._request.leave_regions or self._request.state != PROMOTED,
            may_skip_regions=self._request.leave_regions,
        )
        return Chosen(wanted, tuple(notes))

    def _target(self, given: Build | None) -> tuple[Build, list[str]]:
        """Return the build that the channel is to point at, and what to say about that."""
        if self._request.state == ROLLED_BACK:
            return self._back()
        if self._request.state == REPAIRED:
            return self._existing(self._channel, "there is nothing to repair"), []
        if given:
            return given, []
        if self._policy.after:
            return self._existing(self._policy.after, f"promote it there first, -e channel={self._policy.after}"), []
        return self._newest()

    def _newest(self) -> tuple[Build, list[str]]:
        newest = self._catalogue.newest(self._image)
        verified = self._catalogue.newest(self._image, statuses=(VERIFIED,))
        if verified is None:
            if newest:
                raise PromotionError(promotion.refuse_status(newest, ()))
            raise PromotionError(f"Image {self._image} has no build that can be used. Build it: build.yml")
        if newest and newest.id != verified.id and newest.status == BUILT:
            return verified, [f"There is a newer build, {newest.id}, that is not verified: prove.yml proves it"]
        return verified, []

    def _existing(self, channel: str, otherwise: str) -> Build:
        move = self._moves.get(channel)
        if move is None:
            raise PromotionError(f"Channel {channel} of {self._image} points at no build: {otherwise}")
        return self._by_id(move.build_id)

    def _back(self) -> tuple[Build, list[str]]:
        history = self._histories.get(self._channel, [])
        way = promotion.roll_back(self._image, self._channel, history, self._builds)
        notes = [f"Passed over on the way back: {build_id}, {why}" for build_id, why in way.skipped]
        if history[0].build_id == way.build_id:
            notes.append(
                f"{self._channel} of {self._image} went back to {way.build_id} already, at {history[0].at}. To go "
                "further back name the build: -e build="
            )
        return self._by_id(str(way.build_id)), notes

    def _by_id(self, build_id: str) -> Build:
        build = self._builds.get(build_id)
        if build is None:
            raise PromotionError(f"Build {build_id} of {self._image} is not in {self._catalogue.url}")
        return build

    def _check(self, build: Build, current: ChannelMove | None) -> None:
        """Refuse a build that may not be promoted, or not yet."""
        refused = promotion.refuse_status(build, self._catalogue.events(build.id))
        stays = current is not None and current.build_id == build.id
        if not refused and not stays and self._request.state == PROMOTED:
            refused = promotion.refuse_policy(
                build,
                self._channel,
                self._policy,
                self._histories.get(self._channel, []),
                self._histories.get(self._policy.after or "", []),
                self._request.approver,
                self._now,
            )
        if refused:
            raise PromotionError(refused)

    def _reason(self, build: Build) -> str | None:
        """Return the reason to keep with the move: what was said, and who approved it."""
        texts = [self._request.reason or ("rolled back" if self._request.state == ROLLED_BACK else "")]
        if self._request.approver:
            texts.append(f"approved by {self._request.approver}")
        return ", ".join(filter(None, texts)) or None


def _given(catalogue: Catalogue, request: Request) -> Build | None:
    """Return the build that is named, None when images are. Raises PromotionError when both or neither are."""
    if not (request.build or request.ami):
        if not request.images:
            raise PromotionError("Say what to promote: -e image=, or -e build=, or -e ami=")
        return None
    if request.state != PROMOTED:
        raise PromotionError(
            f"A channel that is {request.state.replace('_', ' ')} finds its build itself: name the image only"
        )
    try:
        build = choose(catalogue, Choice(build=request.build, ami=request.ami))
    except CatalogueError as exc:
        raise PromotionError(str(exc)) from exc
    if request.images and request.images != (build.image,):
        raise PromotionError(f"Build {build.id} is of {build.image}, not of {', '.join(request.images)}")
    return build
