# SPDX-License-Identifier: GPL-3.0-or-later
"""Estates, builds and channels for tests of the plan, in a line each."""

from __future__ import annotations

import datetime as dt
import itertools
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import ChannelMove
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import AmiState, Estate, Gap, Place, Use
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, timestamp
from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire import Facts, Policy, Step, plan

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOME = Place("123456789012", "eu-west-1")
OTHER = Place("210987654321", "eu-west-1")
POLICY = Policy(keep=1, days=30, grace_days=7)

_NUMBERS = itertools.count(1)


def ago(days: float) -> str:
    return timestamp(NOW - dt.timedelta(days=days))


def build(days: float, status: str = "verified", image: str = "web", **values: t.Any) -> Build:
    """Return a build that was finished so many days ago, with one AMI."""
    number, moment = next(_NUMBERS), NOW - dt.timedelta(days=days)
    record = {"amis": {"eu-west-1": f"ami-{number:08x}"}, "finished": timestamp(moment), **values}
    return Build(
        id=f"{moment:%Y%m%dT%H%M%SZ}-{number:06x}", image=image, status=status, started=timestamp(moment), **record
    )


def amis(builds: t.Iterable[Build], **values: t.Any) -> tuple[AmiState, ...]:
    """Return the AMIs of builds as their account sees them: disabled ones of builds that are."""
    return tuple(
        AmiState(
            **{
                "id": ami,
                "place": HOME._replace(region=region),
                "owner": HOME.account,
                "state": "disabled" if one.status in ("disabled", "revoked") else "available",
                **values,
            }
        )
        for one in builds
        for region, ami in one.amis.items()
    )


def use(ami: str | None, kind: str = "instance", name: str = "web-1", place: Place = HOME, **values: t.Any) -> Use:
    return Use(kind, name, name, place, ami, **values)


def estate(
    builds: t.Iterable[Build] = (),
    uses: t.Iterable[Use] = (),
    gaps: t.Iterable[Gap] = (),
    places: t.Iterable[Place] = (HOME,),
    **values: t.Any,
) -> Estate:
    return Estate(
        **{
            "places": tuple(places), "uses": tuple(uses), "amis": amis(builds), "gaps": tuple(gaps), "asked": NOW,
            **values,
        }
    )  # fmt: skip


def move(one: Build, channel: str = "stable", number: int = 1) -> ChannelMove:
    return ChannelMove(one.image, channel, one.id, None, ago(1), "me", None, number)


def steps(
    builds: t.Sequence[Build],
    uses: t.Iterable[Use] = (),
    history: t.Sequence[ChannelMove] = (),
    policy: Policy = POLICY,
    **values: t.Any,
) -> dict[str, Step]:
    """Return the plan, by id of the build. Builds that are disabled have been for 30 days."""
    since = {one.id: ago(30) for one in builds if one.status in ("disabled", "revoked")}
    facts = {"estate": estate(builds, uses), "since": since, "now": NOW, **values}
    return {step.build.id: step for step in plan(Facts(builds=builds, history=history, **facts), policy)}


def actions(found: t.Mapping[str, Step], builds: t.Iterable[Build]) -> list[str]:
    return [found[one.id].action for one in builds]
