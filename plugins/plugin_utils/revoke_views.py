# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Revocations as people read them, and as plays do. Calls nothing."""

from __future__ import annotations

import collections.abc as c
import typing as t

from .estate import Estate, Use
from .promote_plan import difference
from .promote_run import WOULD_CHANGE
from .records import REVOKED
from .revoke_rollout import Rollout
from .revoke_run import DONE, WOULD, ChannelOutcome, Revocation
from .text_table import first_line, table

NOTHING_GOOD = "no good build"


def lines(revocation: Revocation, uses: c.Sequence[Use], rollouts: c.Sequence[Rollout], check_mode: bool) -> list[str]:
    """Return the tables: builds and their AMIs, channels, what still names one of the AMIs, and what to do about it."""
    return [
        *_builds(revocation, check_mode),
        "",
        *(_channels(revocation) or ["No channel points at them."]),
        "",
        *(_uses(uses) or ["Nothing that was looked at names one of these AMIs."]),
        *(["", "To replace the instances of the groups:"] if rollouts else []),
        *(f"  ansible-playbook playbooks/{one.command}" for one in rollouts),
    ]


def warnings(revocation: Revocation, estate: Estate) -> list[str]:
    """Return what people should know, and nothing is done about."""
    said = list(revocation.chosen.notes)
    spared = revocation.chosen.spared
    if spared:
        names = ", ".join(f"{one.image} {one.id} ({one.status})" for one in spared)
        said.append(f"Built from it, and not revoked: {names}. To revoke them, too: -e descendants=true")
    for one in revocation.channels:
        said += [f"{one.fall.channel} of {one.fall.image}: {build} will not do: {why}" for build, why in one.passed]
        said += [
            f"{one.fall.channel} of {one.fall.image}: {note}"
            for note in (one.result.promotion.notes if one.result else ())
        ]
        if one.fall.falls and not one.result and not one.error:
            said.append(
                f"{one.fall.channel} of {one.fall.image} has no good build to fall back to and still points at "
                f"{one.fall.points_at}. Build one and promote it: build.yml -e image={one.fall.image}, then promote.yml"
            )
    unknown = _unrecorded(revocation, estate)
    said += [
        f"{ami} in {place} is a copy that the catalogue does not know. Disable it by hand" for ami, place in unknown
    ]
    said += [f"Nobody knows what uses the AMIs in {gap.place}: {gap.reason}" for gap in estate.gaps]
    return said


def leads(revocation: Revocation) -> dict[tuple[str, str], str]:
    """Return the channels that lead away from the bad builds, by image and channel, and where to."""
    return {
        (one.fall.image, one.fall.channel): one.target.id
        for one in revocation.channels
        if one.target and not one.failures
    }


def answer(
    revocation: Revocation, uses: c.Sequence[Use], rollouts: c.Sequence[Rollout], check_mode: bool
) -> dict[str, t.Any]:
    """Return the task's result."""
    failures = revocation.failures
    found = {
        "changed": revocation.changes,
        "builds": [
            {
                "build": one.build.id,
                "image": one.build.image,
                "inherited_from": one.root,
                "amis": [
                    {"region": ami.region, "ami_id": ami.ami, "status": ami.status, "error": ami.error}
                    for ami in revocation.amis
                    if ami.bad.build.id == one.build.id
                ],
            }
            for one in revocation.chosen.bad
        ],
        "spared": [one.id for one in revocation.chosen.spared],
        "channels": [_channel(one) for one in revocation.channels],
        "uses": [_use(use) for use in uses],
        "rollouts": [
            {"image": one.image, "channel": one.channel, "groups": list(one.groups), "regions": list(one.regions)}
            for one in rollouts
        ],
        "diff": diff(revocation),
    }
    return {**found, "failed": True, "msg": "\n".join(failures)} if failures else found


def diff(revocation: Revocation) -> list[dict[str, t.Any]]:
    """Return Ansible's diff: the builds' statuses and AMIs, and each channel with what it publishes."""
    found = []
    for one in revocation.chosen.bad:
        before, after = [], []
        if one.build.id in revocation.marked:
            before.append(f"status: {one.build.status}")
            after.append(f"status: {REVOKED}")
        for ami in revocation.amis:
            if ami.bad.build.id == one.build.id and ami.status in (WOULD, DONE):
                before.append(f"{ami.region} {ami.ami}: available")
                after.append(f"{ami.region} {ami.ami}: disabled")
        header = f"{one.build.image} {one.build.id}"
        if before:
            found.append(_text(header, before, after))
    promotions = [one.result.promotion for one in revocation.channels if one.result]
    return found + [difference(promotion) for promotion in promotions if promotion.changes]


def _builds(revocation: Revocation, check_mode: bool) -> list[str]:
    rows = []
    for one in revocation.chosen.bad:
        marked = one.build.id in revocation.marked
        status = REVOKED if marked else one.build.status
        status = f"would be {status}" if marked and check_mode else status
        about = (one.build.image, one.build.id, one.root or "-", status)
        amis = [ami for ami in revocation.amis if ami.bad.build.id == one.build.id]
        rows += [(*about, ami.region, ami.ami, ami.status) for ami in amis] or [(*about, "-", "-", "no AMI")]
    return table(("IMAGE", "BUILD ID", "BECAUSE OF", "STATUS", "REGION", "AMI ID", "AMI"), rows)


def _channels(revocation: Revocation) -> list[str]:
    rows = []
    for one in revocation.channels:
        moved = one.target.id if one.target else NOTHING_GOOD if one.fall.falls and not one.error else "-"
        if one.fall.falls or one.failures or (one.result and one.result.promotion.changes):
            rows.append((one.fall.image, one.fall.channel, one.fall.points_at, moved, _status(one)))
    return table(("IMAGE", "CHANNEL", "FROM", "TO", "STATUS"), rows) if rows else []


def _status(one: ChannelOutcome) -> str:
    if one.failures:
        return f"FAILED: {first_line(one.failures[0])}"
    if one.result is None:
        return "stays"
    if any(outcome.status == WOULD_CHANGE for outcome in one.result.outcomes) and one.result.move is None:
        return "would move" if one.fall.falls else "would be repaired"
    return "moved" if one.result.move else "repaired"


def _uses(uses: c.Sequence[Use]) -> list[str]:
    rows = [
        (
            use.kind.replace("_", " "),
            use.name or "-",
            use.id if use.id != use.name else "-",
            str(use.place),
            str(use.ami),
            use.via or "-",
            "yes" if use.running else "no",
        )
        for use in uses
    ]
    return table(("USED BY", "NAME", "ID", "WHERE", "AMI ID", "HOW", "RUNNING"), rows) if rows else []


def _channel(one: ChannelOutcome) -> dict[str, t.Any]:
    return {
        "image": one.fall.image,
        "channel": one.fall.channel,
        "previous": one.fall.points_at,
        "build": one.target.id if one.target else None,
        "falls": one.fall.falls,
        "moved": bool(one.result and one.result.move),
        "passed": dict(one.passed),
        "error": "\n".join(one.failures) or None,
    }


def _use(use: Use) -> dict[str, t.Any]:
    return {
        "kind": use.kind,
        "id": use.id,
        "name": use.name,
        "account": use.place.account,
        "region": use.place.region,
        "ami_id": use.ami,
        "via": use.via,
        "running": use.running,
    }


def _unrecorded(revocation: Revocation, estate: Estate) -> list[tuple[str, str]]:
    """Return AMIs that say that they are of a bad build, and that nobody has recorded."""
    known = {ami for one in revocation.chosen.bad for ami in one.build.amis.values()}
    bad = {one.build.id for one in revocation.chosen.bad}
    return sorted(
        {
            (ami.id, str(ami.place))
            for ami in estate.amis
            if ami.tags.get("golden:build") in bad and ami.id not in known and ami.owner == ami.place.account
        }
    )


def _text(header: str, before: c.Sequence[str], after: c.Sequence[str]) -> dict[str, t.Any]:
    texts = ("".join(f"{line}\n" for line in side) for side in (before, after))
    return {**dict(zip(("before", "after"), texts, strict=True)), "before_header": header, "after_header": header}
