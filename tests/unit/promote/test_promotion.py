# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a channel may go: the way back, what a build must be, and what the policy asks."""

from __future__ import annotations

import datetime as dt
import typing as t

import hypothesis
import hypothesis.strategies as st
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils import promotion
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import Event
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promotion import Policy, PromotionError
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import (
    BUILDING,
    BUILT,
    FAILED,
    REVOKED,
    STATUSES,
    VERIFIED,
)

from .conftest import NOW, build, history, name

STABLE = Policy(after="candidate", hours=24, approvers=("alice", "bob"))


@pytest.mark.parametrize(
    ("moves", "left"),
    [("", ""), ("A", "A"), ("ABC", "ABC"), ("ABCB", "AB"), ("ABCBC", "ABC"), ("ABCA", "A"), ("ABCAD", "AD")],
)
def test_a_channel_stands_on_what_it_did_not_go_back_from(moves: str, left: str) -> None:
    assert promotion.standing(history(moves)) == tuple(map(name, left))


@pytest.mark.parametrize(
    ("moves", "revoked", "target"),
    [
        ("AB", "", "A"),
        ("ABC", "", "B"),
        ("ABC", "B", "A"),
        ("ABC", "C", "B"),
        # It went back already: it stays, however often one asks.
        ("ABA", "", "A"),
        ("ABCB", "", "B"),
        # Unless that one is bad too.
        ("ABCB", "B", "A"),
        ("ABCBC", "", "B"),
        ("ABCBD", "", "B"),
    ],
)
def test_a_rollback_goes_to_the_last_verified_build_that_it_came_from(moves: str, revoked: str, target: str) -> None:
    builds = {name(one): build(one, REVOKED if one in revoked else VERIFIED) for one in moves}
    way = promotion.roll_back("web", "stable", history(moves), builds)
    assert way.build_id == name(target)


@pytest.mark.parametrize(
    ("moves", "revoked", "said"),
    [
        ("", "", "never pointed at a build"),
        ("A", "", "no verified build before it"),
        ("AB", "A", f"({name('A')} is revoked)"),
    ],
)
def test_without_a_way_back_it_says_so(moves: str, revoked: str, said: str) -> None:
    builds = {name(one): build(one, REVOKED if one in revoked else VERIFIED) for one in moves}
    with pytest.raises(PromotionError) as caught:
        promotion.roll_back("web", "stable", history(moves), builds)
    assert said in str(caught.value)


@hypothesis.given(st.lists(st.sampled_from("ABCDE"), min_size=2, max_size=12))
def test_a_rollback_repeated_changes_nothing_more(letters: list[str]) -> None:
    moves = "".join(one for index, one in enumerate(letters) if index == 0 or letters[index - 1] != one)
    builds = {name(one): build(one) for one in moves}
    hypothesis.assume(len(promotion.standing(history(moves))) > 1)
    first = promotion.roll_back("web", "stable", history(moves), builds).build_id
    after = moves if first == name(moves[-1]) else moves + next(one for one in moves if name(one) == first)
    assert promotion.roll_back("web", "stable", history(after), builds).build_id == first


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (VERIFIED, ""),
        (BUILT, "is not verified: nothing has proved yet that it boots. prove.yml -e build="),
        (BUILDING, "is still being built"),
        (REVOKED, "is revoked, since 2026-11-20T00:00:00Z by anna: CVE-2026-1. Only a verified build may be promoted"),
    ],
)
def test_only_a_verified_build_may_be_promoted(status: str, said: str) -> None:
    events = [Event("", "2026-11-20T00:00:00Z", REVOKED, "anna", "CVE-2026-1")]
    refused = promotion.refuse_status(build("A", status), events)
    assert said in refused
    assert bool(refused) == (status != VERIFIED)


def test_a_failed_build_says_its_error_in_one_line() -> None:
    refused = promotion.refuse_status(build("A", FAILED, error="sysprep:\n  it stopped"), [])
    assert refused.endswith("is failed: sysprep: it stopped. Only a verified build may be promoted")


@pytest.mark.parametrize("status", sorted(set(STATUSES) - {VERIFIED}))
def test_every_other_status_is_refused(status: str) -> None:
    assert promotion.refuse_status(build("A", status), [])


@pytest.mark.parametrize(
    ("policy", "stable", "candidate", "hours_ago", "approver", "said"),
    [
        (Policy(), "", "", (), None, ""),
        (STABLE, "", "B", (24,), None, ""),
        (STABLE, "", "B", (25,), None, ""),
        (STABLE, "", "B", (20.5,), None, "was there for 20.5 h: it will be allowed at 2026-11-22T15:30:00Z."),
        (STABLE, "", "", (), None, f"Build {name('B')} was never there: promote it there first, -e channel=candidate."),
        # All times together: three hours, and one now.
        (STABLE, "", "BCB", (5, 2, 1), None, "was there for 4.0 h"),
        (STABLE, "", "BC", (20, 10), None, "was there for 10.0 h, and candidate has moved on: it would need 14.0 h"),
        (STABLE, "", "BC", (40, 10), None, ""),
        (STABLE, "", "ABA", (90, 80, 1), None, f"went back from build {name('B')} at 2026-11-22T11:00:00Z (bad)"),
        # Somebody may say that it will do.
        (STABLE, "", "", (), "alice", ""),
        (STABLE, "", "ABA", (90, 80, 1), "bob", ""),
        (STABLE, "", "B", (25,), "mallory", "mallory may not approve builds for stable. Who may: alice, bob"),
        # What was there before may come back.
        (STABLE, "BC", "", (), None, ""),
        (STABLE, "ABA", "", (), None, "was never there"),
        (Policy(approvers=("alice",)), "", "", (), None, "takes a build of web with an approver. Nobody has approved"),
        (Policy(approvers=("alice",)), "", "", (), "alice", ""),
        (Policy(after="candidate"), "", "B", (0.01,), None, ""),
        (Policy(after="candidate"), "", "", (), "alice", "was never there"),
    ],
)  # fmt: skip
def test_the_policy_of_a_channel(
    policy: Policy, stable: str, candidate: str, hours_ago: tuple[float, ...], approver: str | None, said: str
) -> None:
    earlier = history(candidate, *hours_ago, channel="candidate", reason="bad")
    refused = promotion.refuse_policy(build("B"), "stable", policy, history(stable), earlier, approver, NOW)
    assert said in refused
    assert bool(refused) == bool(said)
    assert ("To allow it now: -e approver=, one of alice, bob" in refused) == (
        bool(said) and policy == STABLE and approver is None
    )


def test_time_in_a_channel_ends_when_it_moves() -> None:
    moves = history("ABA", 10, 6, 1)
    assert promotion.seconds_in(moves, name("A"), NOW) == 5 * 3600
    assert promotion.seconds_in(moves, name("B"), NOW) == 5 * 3600
    assert promotion.seconds_in(moves, name("A"), NOW + dt.timedelta(hours=1)) == 6 * 3600


def test_policies_are_read() -> None:
    given = {"candidate": None, "stable": {"after": "candidate", "hours": 24, "approvers": ["alice", "bob"]}}
    assert promotion.read_policies(given) == {"candidate": Policy(), "stable": STABLE}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["stable"], "golden_channels is a dictionary of channels, not list"),
        ({"stable": "candidate"}, "golden_channels.stable is a dictionary with after, hours, approvers, not str"),
        ({"stable": {"wait": 3}}, "unknown key wait"),
        ({"stable": {"after": "x"}}, "there is no channel x to come after"),
        ({"stable": {"hours": 3}}, "hours count in an earlier channel"),
        ({"a": {}, "b": {"after": "a", "hours": "3"}}, "hours is '3', not a number"),
        ({"a": {}, "b": {"after": "a", "hours": -1}}, "hours is -1"),
        ({"a": {}, "b": {"after": "a", "hours": True}}, "hours is True"),
        ({"a": {"approvers": "alice"}}, "approvers is a list of names, not 'alice'"),
        ({"a": {"after": "b"}, "b": {"after": "a"}}, "golden_channels.a comes after itself: a after b after a"),
        ({"a": {"after": "a"}}, "golden_channels.a comes after itself: a after a"),
        ({"a/b": {}}, "'a/b' is no name of a channel"),
    ],
)
def test_policies_that_make_no_sense_are_refused(given: t.Any, said: str) -> None:
    with pytest.raises(PromotionError) as caught:
        promotion.read_policies(given)
    assert said in str(caught.value)


def test_a_channel_must_be_declared_when_any_is() -> None:
    assert promotion.check_channel("anything", {}) == Policy()
    with pytest.raises(PromotionError, match=r"no channel stabel in golden_channels. It has candidate, stable"):
        promotion.check_channel("stabel", {"candidate": Policy(), "stable": STABLE})
    with pytest.raises(PromotionError, match="no name of a channel"):
        promotion.check_channel("../x", {})
