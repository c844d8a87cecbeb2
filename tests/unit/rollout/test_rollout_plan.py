# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided for a group, from what it launches, what its instances are, and what runs already."""

from __future__ import annotations

import dataclasses
import time
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils import rollout
from ansible_collections.golden.windows_ami.plugins.plugin_utils.rollout import (
    Draft,
    Group,
    Member,
    Place,
    Refresh,
    Spec,
    Step,
    Wanted,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.rollout_plan import RolloutError, plan

OLD, NEW, STOCK, ELSE = "ami-01", "ami-02", "ami-0a", "ami-0e"
WANTED = Wanted("web", "stable", "20261122T164500Z-1a2b3c", "/golden/ami")
TAGGED = {"golden:channel": "web/stable"}
OURS = "resolve:ssm:/golden/ami/web/stable"


def spec(image: str | None = OLD, asked: str = "3", ami: str | None = None, **more: t.Any) -> Spec:
    return Spec(None, "lt-1", "web", asked, 3, image, ami or image, **more)


def group(*specs: Spec, members: t.Sequence[str] = (OLD, OLD), name: str = "web", **more: t.Any) -> Group:
    config = {"LaunchTemplate": {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "web", "Version": specs[0].asked}}
    instances = tuple(Member(f"i-{number}", ami) for number, ami in enumerate(members))
    given = {"capacity": len(members), "members": instances, **more}
    return Group("", "eu-west-1", name, config, specs, **given)


def place(*groups: Group, **more: t.Any) -> Place:
    given: dict[str, t.Any] = {"ours": frozenset({OLD, NEW}), "usable": frozenset({OLD, NEW, STOCK, ELSE}), **more}
    return Place("", "eu-west-1", NEW, groups=groups, **given)


def decide(one: Group, wanted: Wanted = WANTED, **more: t.Any) -> Step:
    (step,) = plan([place(one, **more)], wanted)
    return step


@pytest.mark.parametrize(
    ("one", "more", "action", "outdated", "rolls_back"),
    [
        (group(spec()), {}, rollout.ROLL, 2, True),
        (group(spec(asked="$Latest")), {}, rollout.ROLL, 2, True),
        (group(spec(), members=[NEW, OLD]), {}, rollout.ROLL, 1, True),
        (group(spec(NEW), members=[NEW, NEW]), {}, rollout.UP_TO_DATE, 0, False),
        (group(spec(NEW), members=[NEW, OLD]), {}, rollout.REFRESH, 1, False),
        (group(spec(NEW, "$Default"), members=[NEW]), {}, rollout.PIN, 0, False),
        (group(spec(), members=[]), {}, rollout.FORWARD, 0, False),
        (group(spec()), {"usable": frozenset({NEW})}, rollout.FORWARD, 2, False),
        (group(spec(OURS, ami=NEW)), {"parameter": NEW}, rollout.REFRESH, 2, False),
        (group(spec(OURS, ami=NEW), members=[NEW]), {"parameter": NEW}, rollout.UP_TO_DATE, 0, False),
        (group(spec(OURS, "$Latest", NEW), members=[NEW]), {"parameter": NEW}, rollout.UP_TO_DATE, 0, False),
        (group(spec("resolve:ssm:/team/ami", ami=OLD), tags=TAGGED), {}, rollout.ROLL, 2, False),
    ],
    ids=[
        "older AMI", "older AMI by $Latest", "half moved", "up to date", "settings right, an instance old",
        "right by $Default", "empty", "AMI withdrawn", "parameter", "parameter, up to date", "parameter by $Latest",
        "resolves another parameter",
    ],
)  # fmt: skip
def test_a_group_is_moved_as_its_settings_allow(
    one: Group, more: dict[str, t.Any], action: str, outdated: int, rolls_back: bool
) -> None:
    step = decide(one, **more)
    assert (step.action, step.outdated, step.auto_rollback) == (action, outdated, rolls_back)
    assert bool(step.drafts) == (action in (rollout.ROLL, rollout.FORWARD))


@pytest.mark.parametrize(
    ("one", "wanted", "because"),
    [
        (group(spec()), WANTED, "its AMI"),
        (group(spec(STOCK)), WANTED, None),
        (group(spec(STOCK)), WANTED._replace(groups=("web",)), "named"),
        (group(spec(STOCK), tags=TAGGED), WANTED, "tag golden:channel"),
        (group(spec(), tags={"golden:channel": "web/candidate"}), WANTED, None),
        (group(spec(), tags={"golden:channel": "web/candidate"}), WANTED._replace(groups=("web",)), "named"),
        (group(spec(OURS, ami=NEW)), WANTED, "parameter /golden/ami/web/stable"),
        (group(spec("resolve:ssm:/golden/ami/web/candidate", ami=OLD)), WANTED, None),
        (group(spec("resolve:ssm:/team/ami", ami=OLD)), WANTED, "its AMI"),
    ],
    ids=[
        "AMI of the image", "stock AMI", "named", "tagged", "tagged for another channel", "named all the same",
        "parameter", "another channel's parameter", "somebody's parameter with our AMI",
    ],
)  # fmt: skip
def test_a_group_is_chosen_for_a_reason(one: Group, wanted: Wanted, because: str | None) -> None:
    steps = plan([place(one, parameter=NEW)], wanted)
    assert [step.because for step in steps] == ([because] if because else [])


@pytest.mark.parametrize(
    ("one", "more", "words"),
    [
        (group(spec()), {"problem": "it has no AMI"}, "it has no AMI"),
        (group(spec()._replace(version=None, asked="9")), {}, "has no version 9"),
        (group(spec(), suspended=("Launch", "AZRebalance")), {}, "processes Launch are suspended"),
        (group(spec(OURS, ami=OLD)), {"parameter": OLD}, "promote.yml"),
        (group(spec(), configuration="lc"), {}, "launch configuration lc"),
        (group(spec("resolve:ssm:/team/ami", ami=OLD)), {}, "it resolves /team/ami"),
    ],
    ids=["no AMI", "no version", "suspended", "parameter is behind", "launch configuration", "somebody's parameter"],
)
def test_what_cannot_be_rolled_out_is_said(one: Group, more: dict[str, t.Any], words: str) -> None:
    step = decide(one, **more)
    assert step.action == rollout.BLOCKED
    assert words in str(step.problem)


@pytest.mark.parametrize(
    ("refresh", "action"),
    [
        (Refresh("r-1", "InProgress", amis=frozenset({NEW})), rollout.ADOPT),
        (Refresh("r-1", "RollbackInProgress", amis=frozenset({NEW})), rollout.ADOPT),
        (Refresh("r-1", "Cancelling", amis=frozenset({NEW})), rollout.BLOCKED),
        (Refresh("r-1", "InProgress", amis=frozenset({ELSE})), rollout.BLOCKED),
        (Refresh("r-1", "InProgress", amis=frozenset({NEW, OLD})), rollout.BLOCKED),
        (Refresh("r-1", "InProgress"), rollout.BLOCKED),
        (Refresh("r-1", "Successful", amis=frozenset({ELSE})), rollout.ROLL),
    ],
    ids=["ours", "ours, going back", "ours, being cancelled", "another AMI", "half of it", "no configuration", "ended"],
)
def test_a_refresh_that_runs_is_gone_on_with_when_it_leads_to_the_ami(refresh: Refresh, action: str) -> None:
    assert decide(group(spec(), refresh=refresh)).action == action


def test_a_refresh_without_a_configuration_is_ours_when_the_group_launches_the_ami() -> None:
    one = group(spec(OURS, ami=NEW), refresh=Refresh("r-1", "Pending"))
    assert decide(one, parameter=NEW).action == rollout.ADOPT


def test_auto_rollback_can_be_turned_off() -> None:
    step = decide(group(spec()), WANTED._replace(auto_rollback=False))
    assert (step.auto_rollback, step.way_back) == (False, "none: auto_rollback is off")


def test_a_neighbour_on_latest_blocks_a_new_version_unless_it_is_rolled_out_too() -> None:
    neighbour = group(spec(STOCK, "$Latest"), name="other")
    steps = plan([place(group(spec()), neighbour)], WANTED)
    assert [(step.group.name, step.action) for step in steps] == [("web", rollout.BLOCKED)]
    both = plan([place(group(spec()), neighbour)], WANTED._replace(groups=("web", "other")))
    assert [(step.action, step.pins) for step in both] == [(rollout.ROLL, True), (rollout.ROLL, False)]
    elsewhere = dataclasses.replace(neighbour, specs=(spec(STOCK, "$Latest")._replace(template_id="lt-2"),))
    assert [step.action for step in plan([place(group(spec()), elsewhere)], WANTED)] == [rollout.ROLL]


def test_a_name_that_is_nowhere_is_an_error() -> None:
    with pytest.raises(RolloutError, match=r"No Auto Scaling Group wep in eu-west-1\. Did you mean web"):
        plan([place(group(spec()))], WANTED._replace(groups=("wep",)))


MIXED = {
    "MixedInstancesPolicy": {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {
                "LaunchTemplateId": "lt-1",
                "LaunchTemplateName": "web",
                "Version": "$Latest",
            },
            "Overrides": [
                {"InstanceType": "m5.large", "WeightedCapacity": "2"},
                {"InstanceType": "m5.xlarge", "ImageId": OLD},
                {
                    "InstanceType": "c5.large",
                    "LaunchTemplateSpecification": {"LaunchTemplateName": "other", "Version": "$Default"},
                },
            ],
        },
        "InstancesDistribution": {"OnDemandBaseCapacity": 1},
    }
}  # fmt: skip


def test_a_mixed_group_is_pinned_and_pointed_part_by_part() -> None:
    specs = (
        spec(asked="$Latest"),
        spec(own_image=True)._replace(slot=1, label="override m5.xlarge"),
        Spec(2, "lt-2", "other", "$Default", 7, STOCK, STOCK, label="override c5.large"),
    )
    one = dataclasses.replace(group(*specs), config=MIXED)
    step = decide(one)
    assert step.notes == (f"override c5.large stays at {STOCK}: not of web",)
    assert step.drafts == (Draft("lt-1", "web", 3),)

    same = rollout.pinned(one)["MixedInstancesPolicy"]["LaunchTemplate"]
    assert same["LaunchTemplateSpecification"] == {"LaunchTemplateId": "lt-1", "Version": "3"}
    assert same["Overrides"][1]["ImageId"] == OLD

    policy = rollout.pointed(step, {Draft("lt-1", "web", 3): 4})["MixedInstancesPolicy"]
    launch = policy["LaunchTemplate"]
    assert policy["InstancesDistribution"] == {"OnDemandBaseCapacity": 1}
    assert launch["LaunchTemplateSpecification"]["Version"] == "4"
    first, second, third = launch["Overrides"]
    assert first == {"InstanceType": "m5.large", "WeightedCapacity": "2"}
    assert second["ImageId"] == NEW
    assert third["LaunchTemplateSpecification"] == {"LaunchTemplateName": "other", "Version": "7"}


def test_the_same_wish_has_the_same_token_and_another_one_has_another() -> None:
    draft = Draft("lt-1", "web", 3)
    text = rollout.description(WANTED, draft)
    assert text == "golden web/stable: build 20261122T164500Z-1a2b3c, from version 3"
    assert rollout.token(draft, NEW, text) == rollout.token(draft, NEW, text)
    tokens = {rollout.token(draft._replace(source=number), ami, text) for number in (3, 4) for ami in (OLD, NEW)}
    assert len(tokens) == 4
    assert all(len(one) <= 128 for one in tokens)


def test_the_plan_for_thousands_of_groups_takes_no_time() -> None:
    groups = [group(spec(asked="$Latest"), members=[OLD] * 10, name=f"web-{number}") for number in range(3000)]
    began = time.perf_counter()
    steps = plan([place(*groups)], WANTED)
    assert time.perf_counter() - began < 2
    assert {step.action for step in steps} == {rollout.ROLL}
