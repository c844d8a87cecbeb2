# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide what a roll-out does with each group. Pure: no calls, the same for check mode and for the real thing.

A group is left as it was until its refresh has succeeded, so that it can go back, with one exception: a group whose AMI
can no longer be launched has nothing to go back to, and gets the new settings at once.
"""

from __future__ import annotations

import collections
import dataclasses
import difflib
import typing as t

from . import rollout
from .rollout import CHANNEL_TAG, LATEST, SSM, Group, Place, Spec, Step, Wanted

# Processes of a group without which a refresh does not get on.
_NEEDED = ("Launch", "Terminate")


class RolloutError(Exception):
    """There is nothing that could be rolled out; the text says what was looked for and what to do."""


def plan(places: t.Sequence[Place], wanted: Wanted) -> list[Step]:
    """Return a step for each group that the image and channel concern, in the order of places and names.

    Raises RolloutError when a group that was named is in no place.
    """
    found = {group.name for place in places for group in place.groups}
    if missing := [name for name in wanted.groups if name not in found]:
        raise RolloutError(_missing(missing, found, places))
    return [step for place in places for step in _plan_place(place, wanted)]


def chosen(group: Group, place: Place, wanted: Wanted) -> str | None:
    """Return why a group is part of a roll-out, None when it is not."""
    if wanted.groups:
        return "named" if group.name in wanted.groups else None
    tag = group.tags.get(CHANNEL_TAG)
    if tag:
        return f"tag {CHANNEL_TAG}" if tag == wanted.tag else None
    images = [spec.image or "" for spec in group.specs]
    if any(_follows(image, wanted) for image in images):
        return f"parameter {wanted.parameter}"
    if any(image.startswith(f"{SSM}{wanted.prefix.rstrip('/')}/{wanted.image}/") for image in images):
        return None  # another channel's
    return "its AMI" if any(ami in place.ours for ami in group.amis) else None


def _plan_place(place: Place, wanted: Wanted) -> list[Step]:
    steps = []
    for group in sorted(place.groups, key=lambda one: one.name):
        because = chosen(group, place, wanted)
        if because:
            steps.append(_decide(group, place, wanted, because))
    looked_after = {step.group.name for step in steps if step.pins or step.action == rollout.FORWARD}
    takers: dict[str, list[str]] = collections.defaultdict(list)
    for group in place.groups:
        for spec in group.specs:
            if spec.asked == LATEST and group.name not in looked_after:
                takers[spec.template_id].append(group.name)
    return [_guarded(step, takers) for step in steps]


def _decide(group: Group, place: Place, wanted: Wanted, because: str) -> Step:
    step = Step(group, rollout.BLOCKED, place.target, because)
    if problem := _hindrance(group, place, wanted):
        return dataclasses.replace(step, problem=problem)
    everything = because == "named" or because.startswith("tag ")
    moved = tuple(spec for spec in group.specs if _moves(spec, place, wanted, everything))
    stays = [spec for spec in group.specs if spec not in moved]
    follows = any(_follows(spec.image, wanted) for spec in stays)
    if follows and place.parameter != place.target:
        return dataclasses.replace(step, problem=_behind(place, wanted))
    if not everything and (other := next((spec for spec in moved if _resolves(spec)), None)):
        return dataclasses.replace(step, problem=_somebodys(str(other.image), place, wanted))
    allowed = {place.target, *(spec.ami for spec in stays)}
    step = dataclasses.replace(
        step,
        moved=moved,
        follows=follows,
        outdated=sum(member.ami not in allowed for member in group.members),
        drafts=tuple(dict.fromkeys(rollout.draft_of(spec) for spec in moved if not spec.own_image)),
        notes=_notes(stays, place, wanted),
    )
    if group.refresh and group.refresh.active:
        return _beside(step, group.refresh)
    return _move(step, place, wanted) if moved else _keep(step, wanted)


def _hindrance(group: Group, place: Place, wanted: Wanted) -> str | None:
    """Return what makes any roll-out to a group impossible."""
    if place.problem:
        return place.problem
    if group.configuration:
        return (
            f"it uses the launch configuration {group.configuration}, which cannot be changed and has no versions. "
            "Move it to a launch template: copy the configuration (EC2 console: Launch configurations, Copy to launch "
            f"template), give the group the template (aws autoscaling update-auto-scaling-group "
            f"--auto-scaling-group-name {group.name} --launch-template LaunchTemplateName=…,Version=1), run this again"
        )
    if lost := [spec for spec in group.specs if spec.version is None]:
        return f"launch template {lost[0].template_name} has no version {lost[0].asked}"
    if not group.specs:
        return "it has no launch template"
    if stopped := [name for name in _NEEDED if name in group.suspended]:
        return (
            f"its processes {', '.join(stopped)} are suspended, so that a refresh would wait for ever. Resume them: "
            f"aws autoscaling resume-processes --auto-scaling-group-name {group.name}"
        )
    return None


def _moves(spec: Spec, place: Place, wanted: Wanted, everything: bool) -> bool:
    if _follows(spec.image, wanted) or (spec.ami == place.target and not _resolves(spec)):
        return False
    return everything or spec.ami in place.ours


def _follows(image: str | None, wanted: Wanted) -> bool:
    return image == f"{SSM}{wanted.parameter}"


def _resolves(spec: Spec) -> bool:
    return bool(spec.image) and str(spec.image).startswith(SSM)


def _somebodys(image: str, place: Place, wanted: Wanted) -> str:
    return (
        f"it resolves {image.removeprefix(SSM)}, which is not published by promote.yml. Set that parameter to "
        f"{place.target}, let the group resolve {wanted.parameter}, or name the group to give it the AMI itself"
    )


def _behind(place: Place, wanted: Wanted) -> str:
    return (
        f"it resolves {wanted.parameter}, which is {place.parameter or 'not there'}, while channel {wanted.channel} "
        f"points at {place.target}. Publish it: promote.yml -e repair=true -e image={wanted.image} "
        f"-e channel={wanted.channel}"
    )


def _notes(stays: t.Iterable[Spec], place: Place, wanted: Wanted) -> tuple[str, ...]:
    left = [spec for spec in stays if not _follows(spec.image, wanted) and spec.ami != place.target]
    return tuple(f"{spec.label or 'its own template'} stays at {spec.ami}: not of {wanted.image}" for spec in left)


def _beside(step: Step, refresh: rollout.Refresh) -> Step:
    """Decide what to do about a refresh that runs: go on with it when it leads where we want to go."""
    left = {spec.ami for spec in step.moved}
    amis = refresh.amis
    same = not step.moved if amis is None else step.target in amis and not amis & left
    if same and refresh.status != "Cancelling":
        return dataclasses.replace(step, action=rollout.ADOPT, way_back="as it was started")
    if same:
        problem = f"refresh {refresh.id} is being cancelled. Run this again when it has ended"
    else:
        leads = "to " + ", ".join(sorted(map(str, refresh.amis))) if refresh.amis else "to what the group has"
        problem = (
            f"a refresh of somebody else is running: {refresh.id}, {refresh.status}, {refresh.percent} %, {leads}. "
            "Wait for its end, or cancel it (aws autoscaling cancel-instance-refresh)"
        )
    return dataclasses.replace(step, problem=problem)


def _keep(step: Step, wanted: Wanted) -> Step:
    """The settings are right; instances may be older, and a version may be one that moves."""
    pins = any(spec.floating and not _follows(spec.image, wanted) for spec in step.group.specs)
    if step.outdated:
        back = f"none: the group itself launches {step.target}"
        if step.follows:
            back = "none by itself: promote.yml -e rollback=true, then this again"
        return dataclasses.replace(step, action=rollout.REFRESH, pins=pins and not step.follows, way_back=back)
    if pins and not step.follows:
        return dataclasses.replace(step, action=rollout.PIN, pins=True)
    return dataclasses.replace(step, action=rollout.UP_TO_DATE)


def _move(step: Step, place: Place, wanted: Wanted) -> Step:
    """The settings are to change: with a way back, unless there is nothing to go back to."""
    gone = sorted({str(spec.ami or spec.image) for spec in step.group.specs if spec.ami not in place.usable})
    if gone:
        back = f"none: {', '.join(gone)} cannot be launched any more, so that the group changes at once"
        return dataclasses.replace(step, action=rollout.FORWARD, way_back=back)
    if not step.group.capacity and not step.group.members:
        return dataclasses.replace(step, action=rollout.FORWARD, way_back="not needed: the group is empty")
    step = dataclasses.replace(step, action=rollout.ROLL, pins=any(spec.floating for spec in step.group.specs))
    if not wanted.auto_rollback:
        return dataclasses.replace(step, way_back="none: auto_rollback is off")
    if any(_resolves(spec) for spec in step.group.specs):
        back = "a refresh back, by this playbook: EC2 rolls back no group that resolves an SSM parameter"
        return dataclasses.replace(step, way_back=back)
    return dataclasses.replace(step, auto_rollback=True, way_back="EC2 rolls back by itself")


def _guarded(step: Step, takers: t.Mapping[str, t.Sequence[str]]) -> Step:
    """Block a step whose new version another group, which launches $Latest, would take without a refresh.

    ``takers`` are such groups, by template.
    """
    for draft in step.drafts if step.action in (rollout.ROLL, rollout.FORWARD) else ():
        others = [name for name in takers.get(draft.template_id, ()) if name != step.group.name]
        if others:
            problem = (
                f"group {', '.join(others)} launches {LATEST} of the same launch template {draft.template_name} and "
                "would take the new version without a refresh. Give it a version number, or roll out to it too"
            )
            return dataclasses.replace(step, action=rollout.BLOCKED, problem=problem)
    return step


def _missing(missing: list[str], found: t.Collection[str], places: t.Sequence[Place]) -> str:
    where = ", ".join(dict.fromkeys(" ".join(filter(None, (place.account, place.region))) for place in places))
    near = [close for name in missing for close in difflib.get_close_matches(name, found, 3)]
    hint = f"Did you mean {', '.join(dict.fromkeys(near))}?" if near else f"There are {len(found)} groups."
    return f"No Auto Scaling Group {', '.join(missing)} in {where}. {hint}"
