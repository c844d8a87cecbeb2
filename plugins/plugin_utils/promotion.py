# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which build a channel may point at: its way so far, the way back, and who must agree. Decides; calls nothing.

A history is what `Catalogue.channel_history` returns: the moves of one channel of one image, newest first.
"""

from __future__ import annotations

import collections.abc as c
import datetime as dt
import re
import typing as t

from .catalogue.interface import ChannelMove, Event
from .records import BUILDING, BUILT, VERIFIED, Build, parse_timestamp, timestamp

History = c.Sequence[ChannelMove]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_POLICY_KEYS = ("after", "hours", "approvers")


class PromotionError(Exception):
    """A build cannot be promoted; the text says why, and what would help."""


class Policy(t.NamedTuple):
    """What a channel asks of a build: hours in an earlier channel, or one of these people."""

    after: str | None = None
    hours: float = 0.0
    approvers: tuple[str, ...] = ()


class Way(t.NamedTuple):
    """The way back: the build to return to, None when there is none, and those passed over, with the reason."""

    build_id: str | None
    skipped: tuple[tuple[str, str], ...] = ()


def read_policies(value: t.Any) -> dict[str, Policy]:
    """Return the channels of the inventory's ``golden_channels``; raise PromotionError with all that is wrong."""
    if not isinstance(value, c.Mapping):
        raise PromotionError(f"golden_channels is a dictionary of channels, not {type(value).__name__}")
    problems: list[str] = []
    policies = {str(name): _policy(str(name), entry, problems) for name, entry in value.items()}
    for name, policy in policies.items():
        problems += _wrong_name(name)
        problems += _wrong_order(name, policy, policies)
    if problems:
        raise PromotionError("\n".join(problems))
    return policies


def check_channel(channel: str, policies: c.Mapping[str, Policy]) -> Policy:
    """Return what a channel asks for; raise PromotionError for a name that cannot be, or that nobody has declared."""
    if problems := _wrong_name(channel):
        raise PromotionError(problems[0])
    if policies and channel not in policies:
        raise PromotionError(f"There is no channel {channel} in golden_channels. It has {', '.join(policies)}")
    return policies.get(channel, Policy())


def standing(history: History) -> tuple[str, ...]:
    """Return the builds that a channel came through, oldest first, without those it went back from.

    The last one is what it points at. A channel that went A, B, C, B came through A and B.
    """
    found: list[str] = []
    for move in reversed(history):
        if move.build_id in found:
            del found[found.index(move.build_id) + 1 :]
        else:
            found.append(move.build_id)
    return tuple(found)


def went_back(history: History) -> bool:
    """Return whether the latest move of a channel was one back."""
    return len(history) > 1 and history[0].build_id in standing(history[1:])


def way_back(history: History, builds: c.Mapping[str, Build | None]) -> Way:
    """Return the build that a channel came from and that can be used. ``builds`` are those of its history, by id.

    Only what was in the channel, and was not left by an earlier move back, counts.
    """
    skipped: list[tuple[str, str]] = []
    for build_id in reversed(standing(history)[:-1]):
        build = builds.get(build_id)
        if build is not None and build.status == VERIFIED:
            return Way(build_id, tuple(skipped))
        skipped.append((build_id, build.status if build else "not in the catalogue"))
    return Way(None, tuple(skipped))


def roll_back(image: str, channel: str, history: History, builds: c.Mapping[str, Build | None]) -> Way:
    """Return where a channel is to be rolled back to: what it points at when that has been done already.

    So a rollback may be repeated, after a crash or by a machine, and never goes back twice. To go further back, one
    names the build. Raises PromotionError when there is no way back.
    """
    if not history:
        raise PromotionError(f"Channel {channel} of {image} never pointed at a build: there is nothing to roll back")
    current = builds.get(history[0].build_id)
    if went_back(history) and current is not None and current.status == VERIFIED:
        return Way(current.id)
    way = way_back(history, builds)
    if way.build_id is None:
        passed = "; ".join(f"{build_id} is {why}" for build_id, why in way.skipped)
        raise PromotionError(
            f"Channel {channel} of {image} points at {history[0].build_id}, and there is no verified build before it "
            f"to roll back to{f' ({passed})' if passed else ''}. Name one: -e build="
        )
    return way


def refuse_status(build: Build, events: c.Sequence[Event]) -> str:
    """Return why a build of this status may not be promoted, "" when it may. ``events`` are those of the build."""
    if build.status == VERIFIED:
        return ""
    name = f"Build {build.id} of {build.image}"
    if build.status == BUILDING:
        return f"{name} is still being built"
    if build.status == BUILT:
        return f"{name} is not verified: nothing has proved yet that it boots. prove.yml -e build={build.id} does"
    last = next((event for event in reversed(events) if event.status == build.status), None)
    since = f", since {last.at}{f' by {last.author}' if last.author else ''}" if last else ""
    reason = last.reason if last and last.reason else build.error
    said = f": {' '.join(reason.split())[:300]}" if reason else ""
    return f"{name} is {build.status}{since}{said}. Only a verified build may be promoted"


def refuse_policy(
    build: Build,
    channel: str,
    policy: Policy,
    history: History,
    earlier: History,
    approver: str | None,
    now: dt.datetime,
) -> str:
    """Return what is missing for a build to get into a channel and when it will be allowed, "" when it is.

    ``earlier`` is the history of ``policy.after``. What was in the channel before, and was not rolled back from, may
    always come back.
    """
    if approver and policy.approvers and approver not in policy.approvers:
        return f"{approver} may not approve builds for {channel}. Who may: {', '.join(policy.approvers)}"
    if build.id in standing(history) or (approver and policy.approvers):
        return ""
    missing = _missing(build, policy, earlier, now)
    if not missing:
        return ""
    asked = "with an approver"
    if policy.after:
        asked = f"after {policy.hours:g} h in {policy.after}" if policy.hours else f"that was in {policy.after}"
    way_out = f" To allow it now: -e approver=, one of {', '.join(policy.approvers)}" if policy.approvers else ""
    return f"Channel {channel} takes a build of {build.image} {asked}. {missing}{way_out}"


def seconds_in(history: History, build_id: str, now: dt.datetime) -> float:
    """Return how long a channel has pointed at a build, all times together."""
    ends = [now, *(parse_timestamp(move.at) for move in history)]
    spans = zip(history, ends, strict=False)
    return sum((end - parse_timestamp(move.at)).total_seconds() for move, end in spans if move.build_id == build_id)


def _missing(build: Build, policy: Policy, earlier: History, now: dt.datetime) -> str:
    if not policy.after:
        return f"Nobody has approved build {build.id}." if policy.approvers else ""
    if not any(move.build_id == build.id for move in earlier):
        return f"Build {build.id} was never there: promote it there first, -e channel={policy.after}."
    if build.id not in standing(earlier):
        left = next(move for move in earlier if move.previous == build.id)
        why = f" ({left.reason})" if left.reason else ""
        return f"{policy.after} went back from build {build.id} at {left.at}{why}."
    missing = policy.hours * 3600 - seconds_in(earlier, build.id, now)
    if missing <= 0:
        return ""
    stayed = f"Build {build.id} was there for {(policy.hours * 3600 - missing) / 3600:.1f} h"
    if earlier[0].build_id == build.id:
        return f"{stayed}: it will be allowed at {timestamp(now + dt.timedelta(seconds=missing))}."
    return f"{stayed}, and {policy.after} has moved on: it would need {missing / 3600:.1f} h more there."


def _policy(name: str, entry: t.Any, problems: list[str]) -> Policy:
    place = f"golden_channels.{name}"
    entry = {} if entry is None else entry
    if not isinstance(entry, c.Mapping):
        problems.append(f"{place} is a dictionary with {', '.join(_POLICY_KEYS)}, not {type(entry).__name__}")
        return Policy()
    problems += [
        f"{place}: unknown key {key}, known: {', '.join(_POLICY_KEYS)}" for key in entry if key not in _POLICY_KEYS
    ]
    after, hours, approvers = entry.get("after"), entry.get("hours", 0), entry.get("approvers") or []
    if isinstance(hours, bool) or not isinstance(hours, int | float) or hours < 0:
        problems.append(f"{place}: hours is {hours!r}, not a number of hours")
        hours = 0
    if hours and not after:
        problems.append(f"{place}: hours count in an earlier channel. Name it: after")
    if not isinstance(approvers, list | tuple) or not all(isinstance(one, str) and one for one in approvers):
        problems.append(f"{place}: approvers is a list of names, not {approvers!r}")
        approvers = []
    return Policy(str(after) if after else None, float(hours), tuple(map(str, approvers)))


def _wrong_name(name: str) -> list[str]:
    if _NAME.fullmatch(name):
        return []
    return [f"{name!r} is no name of a channel: letters, digits, _, . and -, at most 63, and a letter or digit first"]


def _wrong_order(name: str, policy: Policy, policies: c.Mapping[str, Policy]) -> list[str]:
    if policy.after and policy.after not in policies:
        return [
            f"golden_channels.{name}: there is no channel {policy.after} to come after. There is {', '.join(policies)}"
        ]
    seen = [name]
    while (before := policies[seen[-1]].after) in policies:
        if before in seen:
            return [f"golden_channels.{name} comes after itself: {' after '.join([*seen, str(before)])}"]
        seen.append(str(before))
    return []
