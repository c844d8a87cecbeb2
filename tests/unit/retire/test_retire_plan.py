# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builds are retired, and what keeps the others."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import Use
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire import MEMORY, Policy

from .support import HOME, OTHER, POLICY, actions, ago, amis, build, estate, move, steps, use


@pytest.mark.parametrize(
    ("status", "action", "after"),
    [
        ("built", "deprecate", "deprecated"),
        ("verified", "deprecate", "deprecated"),
        ("deprecated", "disable", "disabled"),
        ("disabled", "deregister", "deregistered"),
        ("revoked", "deregister", "deregistered"),
        ("failed", "keep", "failed"),
        ("building", "keep", "building"),
    ],
)
def test_a_build_that_nothing_needs_goes_one_step(status: str, action: str, after: str) -> None:
    new, old = build(1), build(100, status)
    step = steps([new, old])[old.id]
    assert (step.action, step.status) == (action, after)


class Kept(t.NamedTuple):
    """What keeps an old build, and the reason that is given."""

    reason: str
    uses: t.Callable[[Build], list[Use]] = lambda _old: []
    facts: t.Callable[[Build], dict[str, t.Any]] = lambda _old: {}
    values: dict[str, t.Any] = {}


def ami_of(one: Build) -> str:
    return one.amis["eu-west-1"]


KEPT = {
    "an instance": Kept("in use in eu-west-1: instance web-1", lambda old: [use(ami_of(old))]),
    "a stopped instance": Kept("in use in eu-west-1: instance web-1", lambda old: [use(ami_of(old), running=False)]),
    "a group of another account": Kept(
        "in use in eu-west-1: autoscaling group fleet",
        lambda old: [use(ami_of(old), "autoscaling_group", "fleet", OTHER)],
    ),
    "many": Kept(
        "in use in eu-west-1: instance a, instance b and 2 more",
        lambda old: [use(ami_of(old), name=name) for name in "abcd"],
    ),
    "a reference": Kept(
        "in use in eu-west-1: launch-template lt-1",
        facts=lambda old: {"references": {ami_of(old): ["launch-template lt-1"]}},
    ),
    "an account that nobody looked at": Kept(
        "is shared with 333333333333, where nobody looked",
        facts=lambda old: {"strangers": {ami_of(old): ["333333333333"]}},
    ),
    "a channel": Kept("channel stable points at it", facts=lambda old: {"history": [move(old)]}),
    "protection": Kept(
        "is protected against deregistration", facts=lambda old: {"estate": estate(amis=amis([old], protected=True))}
    ),
    "a copy that is going on": Kept(
        "is still being copied", facts=lambda old: {"estate": estate(amis=amis([old], state="pending"))}
    ),
    "an AMI that broke": Kept(
        "is failed: copy.yml repeats a copy", facts=lambda old: {"estate": estate(amis=amis([old], state="failed"))}
    ),
    "having been taken back": Kept("taken back on ", values={"contents": {MEMORY: {"undone": ago(2)}}}),
}


@pytest.mark.parametrize("status", ["verified", "deprecated", "disabled"])
@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT.keys())
def test_what_keeps_an_old_build(kept: Kept, status: str) -> None:
    new, old = build(1), build(100, status, **kept.values)
    step = steps([new, old], kept.uses(old), **kept.facts(old))[old.id]
    assert step.action == "keep"
    assert any(kept.reason in reason for reason in step.reasons), step.reasons
    assert step.status == status


def test_what_is_young_is_kept() -> None:
    builds = [build(1), build(29), build(31)]
    found = steps(builds)
    assert actions(found, builds) == ["keep", "keep", "deprecate"]
    assert found[builds[1].id].reasons == ("29 days old, everything is kept for 30 days",)


def test_the_newest_of_each_image_are_kept_and_the_newest_verified() -> None:
    builds = [
        build(days, status) for days, status in ((40, "built"), (41, "built"), (42, "verified"), (43, "verified"))
    ]
    other = build(99, image="sql")
    found = steps([*builds, other])
    assert actions(found, [*builds, other]) == ["keep", "deprecate", "keep", "deprecate", "keep"]
    assert found[builds[2].id].reasons == ("among the newest 1 verified of web",)
    assert actions(steps(builds, policy=Policy(2, 30, 7)), builds) == ["keep", "keep", "keep", "keep"]


def test_an_ami_that_is_gone_takes_no_place_among_the_newest() -> None:
    gone, there, older = build(1), build(100), build(101)
    found = steps([gone, there, older], estate=estate([there, older]))
    assert actions(found, [gone, there, older]) == ["keep", "keep", "deprecate"]
    assert found[gone.id].reasons == ("gone from EC2, though the catalogue calls it verified",)


def test_an_ami_that_nothing_can_start_from_takes_no_place_among_the_newest() -> None:
    disabled, there, older = build(35), build(100), build(101)
    states = (*amis([disabled], state="disabled"), *amis([there, older]))
    found = steps([disabled, there, older], estate=estate(amis=states))
    assert actions(found, [disabled, there, older]) == ["deprecate", "keep", "deprecate"]


def test_the_last_builds_of_a_channel_are_kept_to_roll_back_to() -> None:
    builds = [build(days) for days in (10, 100, 110, 120, 130)]
    _new, first, second, third, never = builds
    # It went third, second, first, second: two different builds are what one can go back to.
    history = [move(second, number=4), move(first, number=3), move(second, number=2), move(third, number=1)]
    found = steps(builds, history=history, policy=Policy(2, 30, 7))
    assert found[second.id].reasons[0] == "channel stable points at it"
    assert found[first.id].reasons[0] == "among the last 2 in channel stable"
    assert actions(found, [third, never]) == ["deprecate", "deprecate"]


def test_what_a_kept_build_descends_from_is_kept_whatever_its_age() -> None:
    grandparent = build(300, image="base")
    parent = build(200, image="tentacle", parent_build=grandparent.id)
    child = build(100, parent_build=parent.id)
    news = [build(1, image=image) for image in ("base", "tentacle", "web")]
    used = steps([*news, child, parent, grandparent], [use(ami_of(child))])
    assert actions(used, [child, parent, grandparent]) == ["keep"] * 3
    assert used[grandparent.id].reasons == (f"tentacle {parent.id} is made from it",)
    unused = steps([*news, child, parent, grandparent])
    assert actions(unused, [child, parent, grandparent]) == ["deprecate"] * 3


def test_a_parent_is_known_by_the_ami_that_a_build_started_from_too() -> None:
    parent = build(200)
    child = build(100, image="app", source_ami=ami_of(parent))
    new = [build(1), build(2, image="app")]
    assert steps([*new, child, parent], [use(ami_of(child))])[parent.id].action == "keep"


def test_what_a_build_in_progress_is_made_from_is_kept() -> None:
    parent = build(200)
    child = build(0, "building", image="app", amis={}, parent_build=parent.id, finished=None)
    found = steps([build(1), parent, child])
    assert found[parent.id].reasons == (f"app {child.id} is made from it",)
    assert child.id not in found, "it has no AMI"


def test_a_parent_is_deregistered_after_its_descendants() -> None:
    parent = build(200, "disabled", image="tentacle")
    child = build(100, "disabled", parent_build=parent.id)
    news = [build(1, image=image) for image in ("tentacle", "web")]
    found = steps([*news, child, parent])
    assert actions(found, [child, parent]) == ["deregister", "keep"]
    assert found[parent.id].reasons == (f"made from it, and not yet deregistered: web {child.id}",)
    assert steps([*news, parent])[parent.id].action == "deregister"


@pytest.mark.parametrize(
    ("since", "reason"),
    [
        ({}, "nobody knows since when it is disabled"),
        ({"days": 3}, "disabled for 3 days, deregistered after 7 days"),
    ],
    ids=["unknown", "not long enough"],
)
def test_a_disabled_build_waits_out_its_grace(since: dict[str, int], reason: str) -> None:
    new, old = build(1), build(100, "disabled")
    step = steps([new, old], since={old.id: ago(since["days"])} if since else {})[old.id]
    assert (step.action, step.reasons) == ("keep", (reason,))


def test_what_the_catalogue_calls_disabled_and_ec2_does_not_is_not_deregistered() -> None:
    new, old = build(1), build(100, "disabled")
    step = steps([new, old], estate=estate(amis=amis([new, old], state="available")))[old.id]
    assert step.action == "keep"
    assert "disabled in the catalogue, but enabled in eu-west-1" in step.reasons[0]


def test_a_run_that_was_cut_off_between_regions_is_gone_on_with() -> None:
    old = build(100, "disabled", amis={"eu-west-1": "ami-aaaa0001", "us-east-1": "ami-aaaa0002"})
    new = build(1)
    step = steps([new, old], estate=estate(amis=amis([new, old])[:2]))[old.id]
    assert (step.action, step.states) == ("deregister", {"eu-west-1": "disabled", "us-east-1": "gone"})
    step = steps([new, old], estate=estate([new]))[old.id]
    assert (step.action, step.reasons) == ("deregister", ("its AMIs are gone already; what is left of it follows",))


def test_a_step_that_was_cut_off_and_must_not_go_on_is_told() -> None:
    new, old = build(1), build(100, "deprecated")
    half = estate(amis=amis([new, old], state="disabled"), uses=[use(ami_of(old))])
    assert steps([new, old], estate=half)[old.id].reasons[-1] == (
        f"disabled in eu-west-1 by a run that was cut off: -e undo={old.id} enables it"
    )


def test_an_ami_that_another_account_sees_is_not_taken_for_ours() -> None:
    new, old = build(1), build(100)
    seen_there = tuple(ami._replace(place=OTHER) for ami in amis([old]))
    found = steps([new, old], estate=estate(amis=(*amis([new]), *seen_there), places=[HOME, OTHER]))
    assert found[old.id].states == {"eu-west-1": "gone"}


def test_every_reason_is_given() -> None:
    old = build(3)
    reasons = steps([old], [use(ami_of(old))], [move(old)], POLICY)[old.id].reasons
    assert len(reasons) == 4, reasons
