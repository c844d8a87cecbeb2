# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builds are bad when one is, and where channels go."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import ChannelMove, Event
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire_ec2 import Image
from ansible_collections.golden.windows_ami.plugins.plugin_utils.revoke import (
    MEMORY,
    Bad,
    RevocationError,
    choose_bad,
    falls,
    fell_from,
    offspring,
    remembered,
    wanted,
    was,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.revoke_undo import decide

REGION = "eu-west-1"


def build(number: int, parent: int | None = None, status: str = "verified", image: str = "iis", **more: t.Any) -> Build:
    values: dict[str, t.Any] = {
        "id": ident(number),
        "image": image,
        "status": status,
        "started": "2026-11-01T00:00:00Z",
        "amis": {REGION: f"ami-{number}"},
        "parent_build": ident(parent) if parent else None,
    }
    return Build(**{**values, **more})


def ident(number: int) -> str:
    return f"20261101T000000Z-{number:06x}"


def history(*numbers: int, channel: str = "stable") -> list[ChannelMove]:
    """Return the moves of a channel through builds, newest first."""
    moves = [
        ChannelMove("iis", channel, ident(one), None, f"2026-11-{at:02}T00:00:00Z", "me", None, at)
        for at, one in enumerate(numbers, 1)
    ]
    linked = [move._replace(previous=before.build_id) for before, move in itertools.pairwise(moves)]
    return [*reversed(linked), moves[0]]


# 1 is the parent of 2 and 3, 2 of 4; 5 stands alone.
FAMILY = [build(4, 2), build(5), build(3, 1), build(2, 1), build(1)]
BY_ID = {one.id: one for one in FAMILY}


def numbers(builds: t.Iterable[Build]) -> list[int]:
    return [int(one.id[-6:], 16) for one in builds]


def test_descendants_come_after_their_parents() -> None:
    assert numbers(offspring(FAMILY, ident(1))) == [2, 3, 4]
    assert offspring(FAMILY, ident(5)) == []


def test_a_circle_in_the_records_comes_to_an_end() -> None:
    assert numbers(offspring([build(1, 2), build(2, 1)], ident(1))) == [2]


def test_descendants_are_revoked_on_request_and_named_otherwise() -> None:
    alone = choose_bad(FAMILY, build(1), descendants=False)
    assert (numbers(one.build for one in alone.bad), numbers(alone.spared)) == ([1], [2, 3, 4])
    all_of_them = choose_bad(FAMILY, build(1), descendants=True)
    assert [one.root for one in all_of_them.bad] == [None, ident(1), ident(1), ident(1)]
    assert all_of_them.spared == ()
    assert all_of_them.bad[1].why("CVE") == f"CVE (inherited from {ident(1)})"


@pytest.mark.parametrize(
    ("status", "amis", "bad"),
    [
        ("built", {REGION: "ami-2"}, True),
        ("deprecated", {REGION: "ami-2"}, True),
        ("disabled", {REGION: "ami-2"}, True),
        ("revoked", {REGION: "ami-2"}, True),
        ("failed", {REGION: "ami-2"}, True),
        ("failed", {}, False),
        ("deregistered", {REGION: "ami-2"}, False),
        ("building", {}, False),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_only_what_may_start_again_is_revoked(status: str, amis: dict[str, str], bad: bool) -> None:
    chosen = choose_bad([build(2, 1, status, amis=amis)], build(1), descendants=True)
    assert (len(chosen.bad) == 2) is bad
    assert bool(chosen.notes) is (status == "building"), "what is being built is not forgotten"


def test_there_is_nothing_to_revoke_of_a_build_that_is_gone() -> None:
    with pytest.raises(RevocationError, match=r"is deregistered: nothing starts from it$"):
        choose_bad([], build(1, status="deregistered"), descendants=False)
    with pytest.raises(RevocationError, match="descendants are usable: iis"):
        choose_bad(FAMILY, build(1, status="deregistered"), descendants=False)
    heirs = choose_bad(FAMILY, build(1, status="deregistered"), descendants=True)
    assert numbers(one.build for one in heirs.bad) == [2, 3, 4]


FALLS: list[tuple[str, list[int], set[int], dict[int, str], list[int], bool]] = [
    ("to the one before", [5, 3], {3}, {}, [5], True),
    ("past another bad one", [5, 2, 3], {2, 3}, {}, [5], True),
    ("past one that is retired", [5, 2, 3], {3}, {2: "disabled"}, [5], True),
    ("to the nearest first", [5, 2, 3], {3}, {}, [2, 5], True),
    ("not to one it went back from", [5, 2, 5, 3], {3}, {}, [5], True),
    ("nowhere", [3], {3}, {}, [], True),
    ("stays, to be repaired", [5, 3, 5], {3}, {}, [5], False),
]


@pytest.mark.parametrize(
    ("moves", "revoked", "statuses", "candidates", "falling"),
    [case[1:] for case in FALLS],
    ids=[case[0] for case in FALLS],
)
def test_a_channel_falls_back(
    moves: list[int], revoked: set[int], statuses: dict[int, str], candidates: list[int], falling: bool
) -> None:
    builds = {one.id: dataclasses.replace(one, status=statuses.get(int(one.id[-6:], 16), one.status)) for one in FAMILY}
    [fall] = falls({("iis", "stable"): history(*moves)}, builds, {ident(one) for one in revoked})
    assert (numbers(fall.candidates), fall.falls) == (candidates, falling)
    assert set(fall.left) <= {ident(one) for one in revoked}


def test_a_channel_that_never_pointed_there_is_left_alone() -> None:
    assert falls({("iis", "stable"): history(5, 2)}, BY_ID, {ident(3)}) == []


def test_what_another_channel_still_points_at_keeps_its_protection() -> None:
    [fall] = falls({("iis", "stable"): history(5, 3)}, BY_ID, {ident(3)})
    points = {"stable": ident(3), "candidate": ident(3)}
    wish = wanted(fall, fall.candidates[0], points, {ident(3): BY_ID[ident(3)], ident(5): BY_ID[ident(5)]}, "CVE")
    assert {name: one.id for name, one in wish.channels.items()} == {"stable": ident(5), "candidate": ident(3)}
    assert wish.former == []
    alone = wanted(fall, fall.candidates[0], {"stable": ident(3)}, BY_ID, "CVE")
    assert ident(3) in {one.id for one in alone.former}


def test_what_was_remembered_first_stays() -> None:
    """The second run finds the AMI disabled, and EC2 has forgotten whom it was shared with."""
    first = remembered(Bad(build(3)), {REGION: [{"UserId": "1"}]})
    again = build(3, status="revoked", contents=first)
    assert remembered(Bad(again), {})[MEMORY] == first[MEMORY] == {
        "was": "verified", "launch_permissions": {REGION: [{"UserId": "1"}]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("contents", "events", "expected"),
    [
        ({MEMORY: {"was": "deprecated"}}, ["built", "verified", "revoked"], "deprecated"),
        ({}, ["building", "built", "verified", "revoked"], "verified"),
        ({}, ["revoked"], "built"),
    ],
    ids=["what was written down", "the events", "nothing is known"],
)
def test_the_status_before_is_known(contents: dict[str, t.Any], events: list[str], expected: str) -> None:
    told = [Event(ident(3), f"2026-11-0{at}T00:00:00Z", status) for at, status in enumerate(events, 1)]
    assert was(build(3, status="revoked", contents=contents), told) == expected


def test_the_channels_that_left_are_named() -> None:
    moves = {("iis", "stable"): history(3, 5), ("iis", "beta"): history(3, 5, 3), ("iis", "other"): history(5)}
    assert [move.channel for move in fell_from(moves, ident(3))] == ["stable"]


SHARED = {MEMORY: {"launch_permissions": {REGION: [{"UserId": "210987654321"}]}}}


@pytest.mark.parametrize(
    ("status", "state", "steps"),
    [
        (
            "verified",
            "disabled",
            (
                f"enable ami-3 in {REGION}",
                f"share ami-3 in {REGION} with 210987654321",
                "call the build verified again",
            ),
        ),
        ("verified", "available", ("call the build verified again",)),
        ("disabled", "disabled", ("call the build disabled again",)),
    ],
    ids=["disabled by it", "left enabled", "disabled before it"],
)
def test_taking_back_does_what_was_done(status: str, state: str, steps: tuple[str, ...]) -> None:
    bad = build(3, status="revoked", contents=SHARED)
    assert decide(bad, status, {REGION: Image("ami-3", state)}).steps == steps


def test_what_is_gone_cannot_be_taken_back() -> None:
    with pytest.raises(RevocationError, match="ami-3 is gone"):
        decide(build(3, status="revoked"), "verified", {REGION: Image("ami-3", "gone")})
    some = {REGION: Image("ami-3", "gone"), "us-east-1": Image("ami-4", "disabled")}
    assert decide(build(3, status="revoked"), "verified", some).warnings == (f"ami-3 in {REGION} is gone",)
