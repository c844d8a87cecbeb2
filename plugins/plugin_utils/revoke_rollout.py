# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Auto Scaling Groups have to leave a revoked AMI, and which channel leads them away. Decides; calls nothing."""

from __future__ import annotations

import collections
import collections.abc as c
import typing as t

from .estate import GROUP, INSTANCE, Estate, Place, Use
from .rollout import CHANNEL_TAG

_GROUP_TAG = "aws:autoscaling:groupName"


class Rollout(t.NamedTuple):
    """Groups to roll to a channel of an image, and the regions that they are in."""

    image: str
    channel: str
    groups: tuple[str, ...]
    regions: tuple[str, ...]

    @property
    def command(self) -> str:
        """Return how to do it by hand."""
        return f"rollout.yml -e image={self.image} -e channel={self.channel} -e rollout_groups={','.join(self.groups)}"


class Rollouts(t.NamedTuple):
    """What is to be rolled, and the groups of which nobody can tell where to: a sentence for each."""

    clear: tuple[Rollout, ...]
    unclear: tuple[str, ...] = ()


class _Affected(t.NamedTuple):
    place: Place
    group: str
    image: str


def find_rollouts(
    estate: Estate, bad: c.Mapping[str, str], good: c.Mapping[tuple[str, str], str], prefix: str | None
) -> Rollouts:
    """Return which groups go where.

    ``bad`` is the image of each revoked AMI; ``good`` are the channels that lead away from them, by image and channel,
    with the build that they point at; ``prefix`` is what their SSM parameters begin with.
    """
    groups: dict[tuple[Place, str], list[Use]] = collections.defaultdict(list)
    for use in estate.uses:
        if use.kind == GROUP:
            groups[use.place, use.id].append(use)
    found: dict[tuple[str, str], list[_Affected]] = collections.defaultdict(list)
    unclear: list[str] = []
    for one in _affected(estate, bad):
        channel = _channel(one, groups.get((one.place, one.group), ()), good, prefix)
        if channel:
            found[one.image, channel].append(one)
        else:
            unclear.append(f"Group {one.group} in {one.place} is on a revoked AMI of {one.image}: {_hint(one, good)}")
    clear = [
        Rollout(image, channel, _sorted(one.group for one in some), _sorted(one.place.region for one in some))
        for (image, channel), some in sorted(found.items())
    ]
    return Rollouts(tuple(clear), tuple(unclear))


def _affected(estate: Estate, bad: c.Mapping[str, str]) -> list[_Affected]:
    """Return the groups that launch a bad AMI, or that have instances of one."""
    found = []
    for use in estate.uses_of(bad):
        if use.kind == GROUP:
            found.append(_Affected(use.place, use.id, bad[str(use.ami)]))
        elif use.kind == INSTANCE and use.tags.get(_GROUP_TAG):
            found.append(_Affected(use.place, use.tags[_GROUP_TAG], bad[str(use.ami)]))
    return sorted(set(found))


def _channel(
    one: _Affected, uses: c.Sequence[Use], good: c.Mapping[tuple[str, str], str], prefix: str | None
) -> str | None:
    """Return the channel that a group follows; else the one that there is, if all lead to the same build."""
    known = [channel for image, channel in sorted(good) if image == one.image]
    for channel in known:
        if any(use.tags.get(CHANNEL_TAG) == f"{one.image}/{channel}" for use in uses):
            return channel
    for channel in known:
        parameter = f"resolve:ssm:{prefix}/{one.image}/{channel}"
        if prefix and any(word == parameter for use in uses for word in use.via.replace(",", " ").split()):
            return channel
    targets = {good[one.image, channel] for channel in known}
    return known[0] if len(targets) == 1 else None


def _hint(one: _Affected, good: c.Mapping[tuple[str, str], str]) -> str:
    known = [channel for image, channel in sorted(good) if image == one.image]
    if not known:
        return "no channel leads away from it. Build and promote one, then rollout.yml"
    return (
        f"which channel is it to follow, {' or '.join(known)}? rollout.yml -e channel=… -e rollout_groups={one.group}"
    )


def _sorted(names: c.Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
