# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a roll-out shows: the plan in words, the table at its end, the diff, and what somebody who leaves must know."""

from __future__ import annotations

import typing as t

from . import rollout
from .rollout import Group, Spec, Step, Wanted
from .rollout_preferences import Preferences, for_refresh, words
from .rollout_run import Outcome
from .text_table import table

_HEADINGS = ("group", "from", "to", "version", "refresh", "status", "seconds")


def plan_lines(steps: t.Sequence[Step], preferences: Preferences) -> list[str]:
    """Return what is to be done with each group, and why."""
    lines = []
    for step in steps:
        group = step.group
        lines.append(f"{_name(group)}: {_count(len(group.members))}, chosen by {step.because}")
        lines += [f"  {text}" for text in _actions(step, preferences)]
        lines += [f"  note: {text}" for text in step.notes]
    return lines


def table_lines(outcomes: t.Sequence[Outcome]) -> list[str]:
    """Return the table of all groups."""
    return table(_HEADINGS, [_row(one) for one in outcomes])


def faults(outcomes: t.Sequence[Outcome]) -> list[str]:
    """Return a sentence for every group that somebody has to look at."""
    return [
        f"{_name(one.step.group)}: {one.status}{f': {one.error}' if one.error else ''}" for one in outcomes if one.bad
    ]


def diff(outcomes: t.Sequence[Outcome]) -> list[dict[str, str]]:
    """Return what each group that changes launches, before and after."""
    return [
        {
            "before_header": _name(one.step.group),
            "after_header": _name(one.step.group),
            "before": _launches(one, after=False),
            "after": _launches(one, after=True),
        }
        for one in outcomes
        if one.step.changes
    ]


def farewell(outcomes: t.Sequence[Outcome], wanted: Wanted) -> list[str]:
    """Return what somebody must know who ends a roll-out while refreshes run."""
    command = f"ansible-playbook playbooks/rollout.yml -e image={wanted.image} -e channel={wanted.channel}"
    if not outcomes:
        return ["Interrupted. No instance refresh is running. Run it again to go on."]
    names = ", ".join(f"{_name(one.step.group)} ({one.refresh})" for one in outcomes)
    return [
        f"Interrupted. In AWS these refreshes go on: {names}",
        f"  follow them again: {command}",
        f"  undo them:         {command} -e cancel=true",
    ]


def to_dict(one: Outcome) -> dict[str, t.Any]:
    """Return an outcome as the task's result has it."""
    group = one.step.group
    return {
        "group": group.name,
        "account": group.account,
        "region": group.region,
        "because": one.step.because,
        "action": one.step.action,
        "from": _from(one.step),
        "to": one.step.target,
        "versions": {draft.template_name: number for draft, number in one.versions.items()},
        "instances": len(group.members),
        "outdated": one.step.outdated,
        "way_back": one.step.way_back,
        "refresh": one.refresh,
        "status": one.status,
        "seconds": round(one.seconds, 1),
        "error": one.error,
        "notes": list(one.step.notes),
    }


def _actions(step: Step, preferences: Preferences) -> list[str]:
    if step.action == rollout.UP_TO_DATE:
        return [f"nothing to do: it launches {step.target}, and all its instances are of it"]
    if step.problem:
        return [f"cannot be rolled out: {step.problem}"]
    if step.action == rollout.ADOPT:
        running = t.cast(rollout.Refresh, step.group.refresh)
        return [f"go on with the refresh that runs: {running.id}, {running.status}, {running.percent} %"]
    lines = []
    if step.pins:
        found = [f"{spec.version} in place of {spec.asked}" for spec in step.group.specs if spec.floating]
        lines.append(f"give it the version as a number: {', '.join(dict.fromkeys(found))}")
    for draft in step.drafts:
        old = next(spec.ami or spec.image for spec in step.moved if rollout.draft_of(spec) == draft)
        lines.append(
            f"make a version of launch template {draft.template_name} from version {draft.source}: "
            f"{old} -> {step.target}"
        )
    lines += [f"{spec.label}: {spec.image} -> {step.target}" for spec in step.moved if spec.own_image]
    if step.action == rollout.PIN:
        return lines
    if step.action == rollout.FORWARD:
        lines.append("let the group launch it from now on")
    if step.group.capacity or step.group.members:
        wanted = for_refresh(preferences, not step.follows, step.auto_rollback)
        replaced = f"replace {step.outdated} of {_count(len(step.group.members))} by a refresh: {words(wanted)}"
        lines.append(replaced)
    return [*lines, f"on failure: {step.way_back}"]


def _row(one: Outcome) -> list[str]:
    seconds = f"{one.seconds:.0f}" if one.begun else "-"
    old = ", ".join(_from(one.step)) if one.step.action != rollout.UP_TO_DATE else "-"
    return [
        _name(one.step.group), old, one.step.target or "-", _version(one), one.refresh or "-", one.status, seconds,
    ]  # fmt: skip


def _version(one: Outcome) -> str:
    made = [f"{draft.source} -> {one.versions.get(draft, 'new')}" for draft in one.step.drafts]
    kept = [str(spec.version) for spec in one.step.group.specs if spec.version is not None]
    return ", ".join(dict.fromkeys(made or kept)) or "-"


def _from(step: Step) -> list[str]:
    moved = [str(spec.ami or spec.image) for spec in step.moved]
    members = [str(member.ami) for member in step.group.members if member.ami != step.target]
    return list(dict.fromkeys(moved or members or [str(ami) for ami in step.group.amis if ami]))


def _launches(one: Outcome, after: bool) -> str:
    step = one.step
    lines = [_launch(spec, step if after else None, one.versions) for spec in step.group.specs]
    return "".join(f"{line}\n" for line in [*lines, *_members(step, after)])


def _launch(spec: Spec, step: Step | None, versions: t.Mapping[rollout.Draft, int]) -> str:
    """Return a line of a diff: what one template or override launches, before (no step) or after."""
    version, image = spec.asked, spec.image
    if step and spec in step.moved:
        image = step.target
        if not spec.own_image:
            version = str(versions.get(rollout.draft_of(spec), "new"))
    elif step and spec.floating and (step.pins or step.moved):
        version = str(spec.version)
    return f"{spec.label + ': ' if spec.label else ''}{spec.template_name} version {version}: {image}"


def _members(step: Step, after: bool) -> list[str]:
    amis = [step.target if after and step.action != rollout.PIN else member.ami for member in step.group.members]
    return [f"{_count(amis.count(ami))} of {ami}" for ami in dict.fromkeys(amis)]


def _count(instances: int) -> str:
    return f"{instances} instance{'' if instances == 1 else 's'}"


def _name(group: Group) -> str:
    return f"{group.name} ({' '.join(filter(None, [group.account, group.region]))})"
