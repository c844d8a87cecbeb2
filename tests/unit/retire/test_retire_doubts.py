# SPDX-License-Identifier: GPL-3.0-or-later
"""When what was seen of the estate is not believed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import Estate, Gap
from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire import MEMORY
from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire_doubts import (
    Doubts,
    Seen,
    count,
    doubts,
    last_seen,
    memory,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire_run import merged

from .support import HOME, NOW, OTHER, build, estate, move, use

BUILDS = [build(days) for days in (1, 2, 3, 4)]
HERE = "123456789012 eu-west-1"


def some(kind: str, number: int) -> list[t.Any]:
    return [use("ami-1", kind, f"{kind}-{index}") for index in range(number)]


def judge(found: Estate, before: Seen | None = None) -> Doubts:
    return doubts(found, BUILDS, [move(BUILDS[0])], before or {}, NOW)


def test_an_estate_that_was_seen_in_full_is_believed() -> None:
    assert not judge(estate(BUILDS, some("instance", 1)))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            estate(BUILDS, some("instance", 1), [Gap(OTHER, "launch templates", "denied.")]),
            "No answer from 210987654321 eu-west-1 about launch templates: denied.",
        ),
        (estate(BUILDS, some("instance", 1), places=[]), "Nowhere could be looked at"),
        (
            estate(BUILDS, some("instance", 1), asked=NOW - dt.timedelta(minutes=16)),
            "What is known of the estate is of 2026-11-22T11:44:00Z, and now it is 2026-11-22T12:00:00Z",
        ),
        (estate(BUILDS, some("instance", 1), asked=NOW + dt.timedelta(hours=1)), "and now it is"),
        (
            estate(BUILDS, some("instance", 1), places=[HOME._replace(region="us-east-1")]),
            "4 builds have AMIs in eu-west-1, where nobody looked",
        ),
        (
            estate(
                BUILDS, [use(None, "autoscaling_group", "web", problem="version 7 could not be read", certain=False)]
            ),
            "Nobody can tell what autoscaling group web in 123456789012 eu-west-1 launches: version 7 could not be",
        ),
    ],
    ids=["a gap", "no place", "old", "from the future", "a region missing", "a use that cannot be resolved"],
)
def test_an_answer_that_is_missing_is_no_answer(found: Estate, message: str) -> None:
    assert any(message in text for text in judge(found).missing), judge(found)


@pytest.mark.parametrize(
    ("found", "before", "message"),
    [
        (estate(BUILDS), {}, "Nothing uses any AMI anywhere, and yet there are channels (web stable)"),
        (
            estate(BUILDS[:1], some("instance", 1)), {},
            "Of 4 AMIs that the catalogue knows in eu-west-1 only 1 are there",
        ),
        (
            estate(BUILDS, some("autoscaling_group", 4)), {HERE: {"autoscaling_group": 9}},
            f"{HERE} had 9 of the kind autoscaling group the last time, and has 4 now",
        ),
        (
            estate(BUILDS, some("launch_template", 4)), {HERE: {"instance": 4, "launch_template": 4}},
            f"{HERE} had 4 of the kind instance the last time, and has 0 now",
        ),
        (
            estate(BUILDS, some("instance", 4)), {"210987654321 eu-west-1": {"instance": 1}},
            "210987654321 eu-west-1 was looked at the last time, and is not now",
        ),
    ],
    ids=["nothing runs", "another account", "fewer groups", "no instances", "a place missing"],
)  # fmt: skip
def test_too_little_is_not_believed(found: Estate, before: Seen, message: str) -> None:
    assert judge(found, before) == Doubts((), (message,))


@pytest.mark.parametrize(
    ("found", "before"),
    [
        (estate(BUILDS, some("instance", 1)), {HERE: {"instance": 400}}),
        (estate(BUILDS, some("autoscaling_group", 5)), {HERE: {"autoscaling_group": 10}}),
        (estate(BUILDS, some("instance", 1)), {HERE: {"autoscaling_group": 3, "instance": 1}}),
        (estate(BUILDS, some("instance", 1)), {"210987654321 eu-west-1": {}}),
    ],
    ids=["scaled in at night", "half of the groups", "the last few groups", "a place that was empty"],
)
def test_what_changes_from_day_to_day_is_believed(found: Estate, before: Seen) -> None:
    assert not judge(found, before)


def test_without_channels_nothing_need_run() -> None:
    assert not doubts(estate(BUILDS), BUILDS, [], {}, NOW)


def test_what_was_seen_is_remembered_by_builds() -> None:
    uses = [use("ami-1", "autoscaling_group", "web"), use("ami-2", "autoscaling_group", "web"), use("ami-1")]
    seen = {HERE: {"autoscaling_group": 1, "instance": 1}, "210987654321 eu-west-1": {}}
    found = estate(BUILDS, uses, places=[HOME, OTHER])
    assert count(found) == seen, "a thing with two AMIs is one thing"
    older = dataclasses.replace(BUILDS[0], contents={MEMORY: memory(estate(BUILDS), NOW - dt.timedelta(days=1))})
    newer = dataclasses.replace(BUILDS[1], contents={MEMORY: memory(found, NOW)})
    assert last_seen([newer, older, BUILDS[2]]) == seen
    assert last_seen(BUILDS) == {}


def test_a_second_look_takes_the_place_of_the_first() -> None:
    there = HOME._replace(region="us-east-1")
    first = estate(BUILDS, [use("ami-1"), use("ami-2", place=there)], places=[HOME, there])
    second = estate(BUILDS[:1], [use("ami-3")], asked=NOW + dt.timedelta(minutes=1))
    both = merged(first, second)
    assert [one.ami for one in both.uses] == ["ami-2", "ami-3"]
    assert both.places == (HOME, there)
    assert both.asked == second.asked
    assert len(both.amis) == 1
    assert merged(first, estate(gaps=[Gap(HOME, "instances", "denied.")])).gaps
