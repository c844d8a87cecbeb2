# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left to do in each region, from what is there."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.copies import Key
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_plan import (
    Found,
    Parameter,
    Promotion,
    Publishing,
    View,
    Wanted,
    difference,
    plan,
    read_publishing,
    regions_of,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promotion import PromotionError

from .conftest import NOW, build, name

EU, US = "eu-west-1", "us-east-1"
PARTNER = "210987654321"
A, B, C = map(build, "ABC")


def wanted(**values: t.Any) -> Wanted:
    """Return the wish that stable of web points at B, and no longer at A."""
    made = Wanted("web", "stable", B, A.id, A, {"stable": B}, [A], None, False)
    return made._replace(**values)


def ami(ami_id: str, **values: t.Any) -> Found:
    return Found(ami_id, "available", None, False)._replace(**values)


def parameter(value: str, channel: str = "stable", **values: t.Any) -> Parameter:
    made = Parameter(f"/golden/ami/web/{channel}", value, "String", "aws:ec2:image")
    return made._replace(**values)


def views(**values: t.Any) -> dict[str, View]:
    """Return both regions as they are when A is promoted; ``values`` replace things in eu-west-1."""
    made = {}
    for region, short in ((EU, "eu"), (US, "us")):
        amis = {one.ami_id: one for one in (ami(f"ami-{short}A", protected=True), ami(f"ami-{short}B"))}
        made[region] = View(region, amis, {one.name: one for one in (parameter(f"ami-{short}A"),)})
    for one in values.get("amis", ()):
        t.cast("dict[str, Found]", made[EU].amis)[one.ami_id] = one
    if "parameters" in values:
        made[EU] = made[EU]._replace(parameters={one.name: one for one in values["parameters"]})
    return made


def planned(want: Wanted | None = None, accounts: tuple[str, ...] = (), **values: t.Any) -> Promotion:
    return plan(want or wanted(), Publishing("/golden/ami", accounts), views(**values), NOW)


def refused(want: Wanted | None = None, accounts: tuple[str, ...] = (), **values: t.Any) -> str:
    with pytest.raises(PromotionError) as caught:
        planned(want, accounts, **values)
    return str(caught.value)


def test_everything_is_to_be_done_in_every_region() -> None:
    promotion = planned(accounts=(PARTNER,))
    assert [
        (step.region, step.ami_id, step.protect, step.share, step.publish, step.lift) for step in promotion.steps
    ] == [
        (EU, "ami-euB", True, (PARTNER,), True, ("ami-euA",)),
        (US, "ami-usB", True, (PARTNER,), True, ("ami-usA",)),
    ]
    assert promotion.changes


def test_what_is_there_is_left_alone() -> None:
    want = wanted(points_at=B.id, previous=B)
    there = ami("ami-euB", protected=True, accounts=frozenset({PARTNER}))
    eu, us = planned(want, (PARTNER,), amis=[there, ami("ami-euA")], parameters=[parameter("ami-euB")]).steps
    assert not eu.changes
    assert us.changes


def test_what_another_channel_points_at_or_publishes_stays_protected() -> None:
    both = wanted(channels={"stable": B, "candidate": A}, former=[])
    assert planned(both).steps[0].lift == ()
    stale = planned(parameters=[parameter("ami-euA"), parameter("ami-euA", "old")])
    assert stale.steps[0].lift == ()
    assert stale.steps[1].lift == ("ami-usA",)


def test_what_was_left_long_ago_loses_its_protection_too() -> None:
    want = wanted(build=C, channels={"stable": C}, former=[A, B])
    amis = [ami("ami-euB", protected=True), ami("ami-euC")]
    made = views(amis=amis)
    t.cast("dict[str, Found]", made[US].amis)["ami-usC"] = ami("ami-usC")
    assert plan(want, Publishing("/golden/ami"), made, NOW).steps[0].lift == ("ami-euA", "ami-euB")


def test_without_a_prefix_there_are_no_parameters() -> None:
    promotion = plan(wanted(), read_publishing("", []), views(parameters=[]), NOW)
    assert [(step.parameter, step.publish, step.protect) for step in promotion.steps] == [(None, False, True)] * 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": "disabled"}, "eu-west-1: ami-euB is disabled, not available"),
        ({"state": "pending"}, "ami-euB is pending"),
        ({"ends": "2026-11-01T00:00:00.000Z"}, "ami-euB is deprecated, since 2026-11-01T00:00:00.000Z"),
    ],
)
def test_an_ami_that_cannot_be_used_is_refused(values: dict[str, t.Any], said: str) -> None:
    assert said in refused(amis=[ami("ami-euB", **values)])


def test_an_ami_that_is_gone_is_refused() -> None:
    made = views()
    del t.cast("dict[str, Found]", made[EU].amis)["ami-euB"]
    with pytest.raises(PromotionError, match=r"eu-west-1: ami-euB, the AMI of build .* is gone, or not this account's"):
        plan(wanted(), Publishing("/golden/ami"), made, NOW)


def test_one_that_will_be_deprecated_is_noted() -> None:
    promotion = planned(amis=[ami("ami-euB", ends="2027-01-01T00:00:00.000Z")])
    assert promotion.notes == ("eu-west-1: ami-euB will be deprecated at 2027-01-01T00:00:00.000Z",)


def test_what_the_default_key_encrypts_cannot_be_shared() -> None:
    locked = ami("ami-euB", keys=(Key("arn", "AWS", "Enabled"),))
    assert "default key" in refused(accounts=(PARTNER,), amis=[locked])
    assert planned(amis=[locked]).steps


@pytest.mark.parametrize("values", [{"kind": "SecureString"}, {"data_type": "text"}])
def test_a_parameter_of_another_type_is_not_overwritten(values: dict[str, str]) -> None:
    assert "AWS changes none into one of type aws:ec2:image" in refused(parameters=[parameter("ami-euA", **values)])


def test_all_that_is_in_the_way_is_said_at_once() -> None:
    said = refused(amis=[ami("ami-euB", state="disabled")], parameters=[parameter("ami-euA", data_type="text")])
    assert len(said.splitlines()) == 2


def test_a_region_that_the_build_is_not_in_is_refused_or_left() -> None:
    here = build("B", amis={EU: "ami-euB"})
    want = wanted(build=here, channels={"stable": here})
    assert regions_of(want) == [EU, US]
    assert "us-east-1: build" in refused(want)
    assert "copy.yml -e build=" in refused(want)
    kept = planned(want._replace(may_leave_regions=True))
    assert [step.region for step in kept.steps] == [EU]
    assert "would stay at ami-usA" in kept.notes[0]


def test_another_channel_that_publishes_something_else_is_noted() -> None:
    want = wanted(channels={"stable": B, "candidate": C})
    notes = planned(want, parameters=[parameter("ami-euA"), parameter("ami-euA", "candidate")]).notes
    assert notes[0].startswith("eu-west-1: candidate should be ami-euC, and its parameter says ami-euA. Repair it")


def test_a_build_without_amis_is_refused() -> None:
    assert "has no AMI" in refused(wanted(build=build("B", amis={}), may_leave_regions=True))


@pytest.mark.parametrize(
    ("prefix", "accounts", "said"),
    [
        ("golden", [], "golden_publish.prefix is 'golden'"),
        ("/golden/", [], "golden_publish.prefix"),
        ("/aws/golden", [], "are Amazon's"),
        ("/golden", ["12345"], "'12345' is no account id: 12 digits, in quotes"),
        ("/golden", [10987654321], "'10987654321' is no account id"),
    ],
)
def test_where_nothing_can_be_published_is_refused(prefix: str, accounts: list[t.Any], said: str) -> None:
    with pytest.raises(PromotionError) as caught:
        read_publishing(prefix, accounts)
    assert said in str(caught.value)


def test_the_diff_says_what_changes() -> None:
    found = difference(planned(accounts=(PARTNER,)))
    assert found["before_header"] == "web stable"
    assert found["before"].splitlines()[:5] == [
        f"channel: {name('A')}",
        "eu-west-1 /golden/ami/web/stable: ami-euA",
        "eu-west-1 ami-euB protected: no",
        "eu-west-1 ami-euB shared with: -",
        "eu-west-1 ami-euA protected: yes",
    ]
    assert found["after"].splitlines()[:5] == [
        f"channel: {name('B')}",
        "eu-west-1 /golden/ami/web/stable: ami-euB",
        "eu-west-1 ami-euB protected: yes",
        f"eu-west-1 ami-euB shared with: {PARTNER}",
        "eu-west-1 ami-euA protected: no",
    ]
