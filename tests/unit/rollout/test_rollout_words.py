# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences of a refresh, and what is shown of a roll-out."""

from __future__ import annotations

import typing as t

import botocore.session
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils import rollout_views as views
from ansible_collections.golden.windows_ami.plugins.plugin_utils.rollout_preferences import (
    OPTIONS,
    as_ec2,
    for_refresh,
    for_way_back,
    problems,
    words,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.rollout_run import Outcome, foretell

from .test_rollout_plan import WANTED, decide, group, place, spec


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ""),
        ({"min_healthy_percentage": 90, "max_healthy_percentage": 190}, ""),
        ({"min_healthy_percentage": 101}, "must be from 0 to 100"),
        ({"max_healthy_percentage": 120}, "needs min_healthy_percentage"),
        ({"min_healthy_percentage": 50, "max_healthy_percentage": 160}, "more than 100 above"),
        ({"checkpoint_delay": 60}, "needs checkpoint_percentages"),
        ({"checkpoint_percentages": [50, 20, 100]}, "must rise"),
        ({"checkpoint_percentages": [20, 50]}, "must end with 100"),
        ({"bake_time": 200000}, "must be from 0 to 172800"),
        ({"alarms": [f"alarm-{number}" for number in range(11)]}, "at most 10"),
    ],
)
def test_preferences_that_ec2_would_refuse_are_found(given: dict[str, t.Any], words: str) -> None:
    found = problems(given)
    assert bool(found) == bool(words)
    assert words in " ".join(found)


def test_every_preference_of_ec2_has_an_option() -> None:
    model = botocore.session.get_session().get_service_model("autoscaling")
    known = set(model.shape_for("RefreshPreferences").members)
    samples = {"int": 1, "bool": True, "str": "Wait", "list": [1]}
    assert set(as_ec2({name: samples[option["type"]] for name, option in OPTIONS.items()})) == known


def test_what_is_not_given_is_left_to_ec2() -> None:
    given = {"min_healthy_percentage": 0, "checkpoint_percentages": None, "alarms": [], "skip_matching": True}
    assert as_ec2(for_refresh(given, skip_matching=True, auto_rollback=False)) == {
        "MinHealthyPercentage": 0, "SkipMatching": True, "AutoRollback": False,
    }  # fmt: skip
    assert words({}) == "as EC2 does by default"


def test_no_alarm_or_checkpoint_stops_the_way_back() -> None:
    given = {"min_healthy_percentage": 50, "alarms": ["web-5xx"], "checkpoint_percentages": [20, 100], "bake_time": 60}
    assert as_ec2(for_way_back(given)) == {"MinHealthyPercentage": 50, "SkipMatching": True, "AutoRollback": False}


def test_the_plan_and_its_diff_say_all_that_happens() -> None:
    step = decide(group(spec(asked="$Latest"), members=["ami-01", "ami-02"]))
    lines = views.plan_lines([step], {"min_healthy_percentage": 80})
    assert lines == [
        "web (eu-west-1): 2 instances, chosen by its AMI",
        "  give it the version as a number: 3 in place of $Latest",
        "  make a version of launch template web from version 3: ami-01 -> ami-02",
        "  replace 1 of 2 instances by a refresh: min healthy percentage 80; skip matching; auto rollback",
        "  on failure: EC2 rolls back by itself",
    ]
    (diff,) = views.diff(foretell([step]))
    assert diff["before"] == "web version $Latest: ami-01\n1 instance of ami-01\n1 instance of ami-02\n"
    assert diff["after"] == "web version new: ami-02\n2 instances of ami-02\n"


def test_who_leaves_is_told_what_runs() -> None:
    outcome = Outcome(decide(group(spec())), refresh="r-1")
    first, follow, undo = views.farewell([outcome], WANTED)
    assert "web (eu-west-1) (r-1)" in first
    assert follow.endswith("-e image=web -e channel=stable")
    assert undo.endswith("-e cancel=true")
    assert "No instance refresh is running" in views.farewell([], WANTED)[0]


def test_a_group_that_is_blocked_has_a_row_and_a_sentence() -> None:
    outcomes = foretell([decide(group(spec()), problem="it has no AMI")])
    assert "blocked" in views.table_lines(outcomes)[1]
    assert views.faults(outcomes) == ["web (eu-west-1): blocked: it has no AMI"]
    assert not views.diff(outcomes)
    assert place().target
