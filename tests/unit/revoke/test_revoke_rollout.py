# SPDX-License-Identifier: GPL-3.0-or-later
"""Which groups leave a revoked AMI, and which channel leads them away."""

from __future__ import annotations

import datetime as dt

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import Estate, Place, Use
from ansible_collections.golden.windows_ami.plugins.plugin_utils.revoke_rollout import find_rollouts

HERE = Place("123456789012", "eu-west-1")
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
BAD = {"ami-bad": "iis"}
ONE = {("iis", "stable"): "good"}
TWO = {("iis", "beta"): "better", ("iis", "stable"): "good"}


def group(name: str, ami: str, via: str = "", tag: str = "") -> Use:
    return Use("autoscaling_group", name, name, HERE, ami, via, tags={"golden:channel": tag} if tag else {})


def instance(of_group: str) -> Use:
    return Use("instance", "i-1", "", HERE, "ami-bad", tags={"aws:autoscaling:groupName": of_group})


def estate(*uses: Use) -> Estate:
    return Estate((HERE,), uses, (), (), NOW)


@pytest.mark.parametrize(
    ("uses", "good", "channel"),
    [
        ([group("web", "ami-bad")], ONE, "stable"),
        ([group("web", "ami-bad", tag="iis/stable")], TWO, "stable"),
        (
            [group("web", "ami-good", "version 1, resolve:ssm:/golden/ami/iis/beta"), instance("web")],
            TWO,
            "beta",
        ),
        ([group("web", "ami-bad")], {("iis", "beta"): "good", ("iis", "stable"): "good"}, "beta"),
    ],
    ids=["the only channel", "its tag", "its parameter, with instances of the bad one", "both lead to the same build"],
)
def test_a_group_follows(uses: list[Use], good: dict[tuple[str, str], str], channel: str) -> None:
    [found] = find_rollouts(estate(*uses), BAD, good, "/golden/ami").clear
    assert found == ("iis", channel, ("web",), ("eu-west-1",))
    assert found.command.endswith(f"-e channel={channel} -e rollout_groups=web")


@pytest.mark.parametrize(
    ("good", "expected"),
    [(TWO, "which channel is it to follow, beta or stable?"), ({}, "no channel leads away from it")],
    ids=["two channels", "no channel"],
)
def test_a_group_of_which_nobody_can_tell_is_named(good: dict[tuple[str, str], str], expected: str) -> None:
    found = find_rollouts(estate(group("web", "ami-bad")), BAD, good, "/golden/ami")
    assert found.clear == ()
    assert expected in found.unclear[0]


def test_what_is_no_group_is_not_rolled() -> None:
    alone = Use("instance", "i-1", "", HERE, "ami-bad")
    template = Use("launch_template", "lt-1", "t", HERE, "ami-bad")
    assert find_rollouts(estate(alone, template, group("web", "ami-good")), BAD, ONE, None) == ((), ())


def test_a_group_is_named_once_however_often_it_has_the_ami() -> None:
    found = find_rollouts(estate(group("web", "ami-bad"), group("web", "ami-bad"), instance("web")), BAD, ONE, None)
    assert found.clear[0].groups == ("web",)
