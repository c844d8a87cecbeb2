# SPDX-License-Identifier: GPL-3.0-or-later
"""Which build is meant, in a catalogue of a few builds."""

from __future__ import annotations

import datetime as dt
import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import ANY, Catalogue, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_choice import (
    REPAIRED,
    ROLLED_BACK,
    Chosen,
    Request,
    choose_all,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promotion import Policy, PromotionError
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import BUILT, FAILED

from .conftest import NOW, build, name


@pytest.fixture
def catalogue(tmp_path: pathlib.Path) -> Catalogue:
    """Return a catalogue with verified builds A and B of web, and C that nothing has proved."""
    made = open_catalogue(f"sqlite:{tmp_path}/catalogue.sqlite")
    for one in (build("A"), build("B"), build("C", BUILT), build("D", FAILED, "base", amis={})):
        made.finish(one)
    return made


def move(catalogue: Catalogue, channel: str, *letters: str) -> None:
    for letter in letters:
        catalogue.move_channel("web", channel, name(letter), "anna", None, NOW - dt.timedelta(hours=9), ANY)


def choose(catalogue: Catalogue, channel: str = "stable", **values: t.Any) -> Chosen:
    policies = values.pop("policies", {})
    (chosen,) = choose_all(catalogue, Request(channel, **values), policies, NOW)
    return chosen


def refused(catalogue: Catalogue, **values: t.Any) -> str:
    with pytest.raises(PromotionError) as caught:
        choose(catalogue, **values)
    return str(caught.value)


def test_the_newest_verified_build_is_meant_and_a_newer_one_is_mentioned(catalogue: Catalogue) -> None:
    chosen = choose(catalogue, images=("web",))
    assert chosen.wanted.build.id == name("B")
    assert chosen.wanted.points_at is None
    assert chosen.notes == (f"There is a newer build, {name('C')}, that is not verified: prove.yml proves it",)


def test_with_an_earlier_channel_its_build_is_meant(catalogue: Catalogue) -> None:
    policies = {"candidate": Policy(), "stable": Policy("candidate", 8)}
    move(catalogue, "candidate", "A")
    assert choose(catalogue, images=("web",), policies=policies).wanted.build.id == name("A")
    slow = {"candidate": Policy(), "stable": Policy("candidate", 10)}
    assert "it will be allowed at 2026-11-22T13:00:00Z" in refused(catalogue, images=("web",), policies=slow)


def test_an_earlier_channel_that_points_nowhere_is_said(catalogue: Catalogue) -> None:
    policies = {"candidate": Policy(), "stable": Policy("candidate")}
    said = refused(catalogue, images=("web",), policies=policies)
    assert said == "Channel candidate of web points at no build: promote it there first, -e channel=candidate"


def test_an_ami_names_its_build(catalogue: Catalogue) -> None:
    assert choose(catalogue, ami="ami-usA").wanted.build.id == name("A")


def test_what_it_leaves_and_what_other_channels_have_is_known(catalogue: Catalogue) -> None:
    move(catalogue, "candidate", "A")
    move(catalogue, "stable", "A", "B", "A")
    wanted = choose(catalogue, build=name("B"), reason="why", approver="alice").wanted
    assert wanted.points_at == name("A")
    assert {channel: one.id for channel, one in wanted.channels.items()} == {
        "candidate": name("A"),
        "stable": name("B"),
    }
    assert wanted.former == []
    assert wanted.reason == "why, approved by alice"
    move(catalogue, "candidate", "B")
    assert [one.id for one in choose(catalogue, build=name("B")).wanted.former] == [name("A")]


def test_a_rollback_finds_its_build_and_needs_nobody(catalogue: Catalogue) -> None:
    move(catalogue, "stable", "A", "B")
    policies = {"stable": Policy(approvers=("alice",))}
    wanted = choose(catalogue, images=("web",), state=ROLLED_BACK, policies=policies).wanted
    assert (wanted.build.id, wanted.reason, wanted.may_leave_regions) == (name("A"), "rolled back", True)
    move(catalogue, "stable", "A")
    again = choose(catalogue, images=("web",), state=ROLLED_BACK)
    assert not again.wanted.moves
    assert "went back to" in again.notes[0]


def test_a_repair_stays(catalogue: Catalogue) -> None:
    assert "points at no build: there is nothing to repair" in refused(catalogue, images=("web",), state=REPAIRED)
    move(catalogue, "stable", "A")
    assert not choose(catalogue, images=("web",), state=REPAIRED).wanted.moves


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Say what to promote"),
        ({"images": ("nothing",)}, "Image nothing was never built. sqlite:"),
        ({"images": ("base",)}, "Image base has no build that can be used. Build it: build.yml"),
        ({"build": name("C")}, "is not verified"),
        ({"build": name("D")}, "is failed"),
        ({"build": name("E")}, "There is no build"),
        ({"build": name("A"), "images": ("base",)}, "is of web, not of base"),
        ({"build": name("A"), "state": ROLLED_BACK}, "name the image only"),
        ({"images": ("web",), "state": ROLLED_BACK}, "never pointed at a build"),
        ({"images": ("web",), "channel": "a b"}, "'a b' is no name of a channel"),
    ],
)
def test_what_cannot_be_is_refused(catalogue: Catalogue, values: dict[str, t.Any], said: str) -> None:
    assert said in refused(catalogue, **values)


def test_of_several_images_all_problems_are_said(catalogue: Catalogue) -> None:
    with pytest.raises(PromotionError) as caught:
        choose_all(catalogue, Request("stable", images=("base", "web", "nothing")), {}, NOW)
    assert len(str(caught.value).splitlines()) == 2
