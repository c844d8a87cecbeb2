# SPDX-License-Identifier: GPL-3.0-or-later
"""Which AMIs things may launch, by what EC2 and Auto Scaling answer."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate_answers import (
    CONFIGURATIONS,
    PARAMETERS,
    TEMPLATES,
    VERSIONS,
    Answers,
    Reading,
    family_of,
)

from .estates import HERE

TEMPLATE = {
    "LaunchTemplateId": "lt-1", "LaunchTemplateName": "web", "DefaultVersionNumber": 1, "LatestVersionNumber": 3,
}  # fmt: skip
IMAGES: dict[tuple[str, int], str | None] = {("lt-1", 1): "ami-1", ("lt-1", 3): "ami-3"}
Raw = dict[str, t.Any]


def group(**more: t.Any) -> Raw:
    return {"AutoScalingGroupName": "web", "MaxSize": 2, **more}


def by_template(version: str | None = None, **more: t.Any) -> Raw:
    return {"LaunchTemplateId": "lt-1", **({"Version": version} if version else {}), **more}


def mixed(*overrides: Raw) -> Raw:
    template = {"LaunchTemplateSpecification": by_template("$Default"), "Overrides": list(overrides)}
    return group(MixedInstancesPolicy={"LaunchTemplate": template})


def launched(kind: str, answers: Answers) -> list[tuple[str | None, str | None, bool]]:
    """Return AMI, problem and certainty of all uses of a kind."""
    uses = Reading(HERE, answers).uses()
    return [(use.ami, use.problem, use.certain) for use in uses if use.kind == kind]


def from_groups(*groups: Raw, **more: t.Any) -> list[tuple[str | None, str | None, bool]]:
    answers = Answers(groups=list(groups), **{"templates": [TEMPLATE], "versions": IMAGES, **more})
    return launched("autoscaling_group", answers)


@pytest.mark.parametrize(
    ("version", "ami"), [(None, "ami-1"), ("$Default", "ami-1"), ("$Latest", "ami-3"), ("1", "ami-1"), ("3", "ami-3")]
)
def test_a_group_launches_the_version_that_it_names(version: str | None, ami: str) -> None:
    assert from_groups(group(LaunchTemplate=by_template(version))) == [(ami, None, True)]


def test_a_template_may_be_named_by_its_name() -> None:
    named = {"LaunchTemplateName": "web", "Version": "$Latest"}
    assert from_groups(group(LaunchTemplate=named)) == [("ami-3", None, True)]


def test_a_mixed_group_launches_what_each_override_says() -> None:
    found = from_groups(
        mixed(
            {"InstanceType": "m5.large"},
            {"InstanceType": "m5.xlarge", "LaunchTemplateSpecification": by_template("3")},
            {"InstanceType": "m6g.large", "ImageId": "ami-9"},
        )
    )
    assert [ami for ami, _problem, _certain in found] == ["ami-1", "ami-3", "ami-9"]


@pytest.mark.parametrize(
    ("failed", "certain"), [(set(), True), ({VERSIONS}, False), ({TEMPLATES}, False), ({"instances"}, True)]
)
def test_a_version_that_is_not_there_is_missing_or_not_read(failed: set[str], certain: bool) -> None:
    found = from_groups(group(LaunchTemplate=by_template("2")), failed=failed)
    words = "does not exist" if certain else "could not be read"
    assert found == [(None, f"launch template lt-1 version 2 {words}", certain)]


@pytest.mark.parametrize(("failed", "certain"), [(set(), True), ({TEMPLATES}, False)])
def test_a_template_that_is_not_there(failed: set[str], certain: bool) -> None:
    found = from_groups(group(LaunchTemplate=by_template("1")), templates=[], versions={}, failed=failed)
    assert [(ami, sure) for ami, _problem, sure in found] == [(None, certain)]


def test_a_template_may_leave_the_ami_to_the_group() -> None:
    nothing: dict[tuple[str, int], str | None] = {("lt-1", 1): None, ("lt-1", 3): None}
    answers = Answers(groups=[mixed({"ImageId": "ami-9"})], templates=[TEMPLATE], versions=nothing)
    assert launched("autoscaling_group", answers) == [
        (None, "launch template lt-1 version $Default names no AMI", True),
        ("ami-9", None, True),
    ]
    assert launched("launch_template", answers) == []


@pytest.mark.parametrize(("failed", "certain"), [(set(), True), ({CONFIGURATIONS}, False)])
def test_a_launch_configuration(failed: set[str], certain: bool) -> None:
    known = group(LaunchConfigurationName="old")
    answers = Answers(groups=[known], configurations=[{"LaunchConfigurationName": "old", "ImageId": "ami-1"}])
    assert launched("autoscaling_group", answers) == [("ami-1", None, True)]
    assert launched("launch_configuration", answers) == [("ami-1", None, True)]
    lost = launched("autoscaling_group", Answers(groups=[known], failed=failed))
    assert [(ami, sure) for ami, _problem, sure in lost] == [(None, certain)]


@pytest.mark.parametrize(
    ("parameters", "failed", "expected"),
    [
        ({"/golden/web:stable": "ami-7"}, set(), ("ami-7", None, True)),
        ({"/golden/web:stable": None}, set(), (None, "SSM parameter /golden/web:stable does not exist", True)),
        ({"/golden/web:stable": "yes"}, set(), (None, "SSM parameter /golden/web:stable holds no AMI: yes", True)),
        ({}, {PARAMETERS}, (None, "SSM parameter /golden/web:stable could not be read", False)),
    ],
    ids=["an AMI", "no parameter", "no AMI", "no answer"],
)
def test_a_parameter_is_followed(
    parameters: dict[str, str | None], failed: set[str], expected: tuple[str | None, str | None, bool]
) -> None:
    images: dict[tuple[str, int], str | None] = {
        ("lt-1", 1): "resolve:ssm:/golden/web:stable", ("lt-1", 3): "ami-3",
    }  # fmt: skip
    answers = Answers(templates=[TEMPLATE], versions=images, groups=[group(LaunchTemplate=by_template())])
    assert Reading(HERE, answers).wanted_parameters() == ["/golden/web:stable"]
    answers.parameters, answers.failed = parameters, failed
    assert launched("autoscaling_group", answers) == [expected]


def test_versions_that_something_pins_are_asked_for() -> None:
    pinned = [group(LaunchTemplate=by_template("2")), mixed({"LaunchTemplateSpecification": by_template("1")})]
    reading = Reading(HERE, Answers(groups=pinned, templates=[TEMPLATE], versions=dict(IMAGES)))
    assert reading.pinned() == {"lt-1": {2}}


def test_versions_of_a_template_that_matter_are_named() -> None:
    answers = Answers(groups=[group(LaunchTemplate=by_template("2"))], templates=[TEMPLATE], versions=dict(IMAGES))
    answers.versions["lt-1", 2] = "ami-2"
    found = [(use.via, use.ami) for use in Reading(HERE, answers).uses() if use.kind == "launch_template"]
    assert found == [
        ("version 1 (default)", "ami-1"), ("version 2 (in use)", "ami-2"), ("version 3 (latest)", "ami-3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "counts"), [("active", True), ("submitted", True), ("cancelled_running", False), ("failed", False)]
)
def test_fleets_that_may_still_launch(state: str, counts: bool) -> None:
    configs = [{"LaunchTemplateSpecification": by_template("3"), "Overrides": [{"ImageId": "ami-9"}]}]
    spot = {
        "SpotFleetRequestId": "sfr-1", "SpotFleetRequestState": state,
        "SpotFleetRequestConfig": {"LaunchSpecifications": [{"ImageId": "ami-1"}], "LaunchTemplateConfigs": configs},
    }  # fmt: skip
    fleet = {"FleetId": "fleet-1", "FleetState": state, "LaunchTemplateConfigs": configs}
    answers = Answers(spot_fleets=[spot], fleets=[fleet], templates=[TEMPLATE], versions=IMAGES)
    assert [ami for ami, _p, _c in launched("spot_fleet", answers)] == (["ami-1", "ami-3", "ami-9"] if counts else [])
    assert [ami for ami, _p, _c in launched("ec2_fleet", answers)] == (["ami-3", "ami-9"] if counts else [])


def test_published_parameters_are_uses_when_they_hold_an_ami() -> None:
    answers = Answers(published={"/golden/ami/web/stable": "ami-1", "/golden/ami/readme": "hello"})
    assert launched("ssm_parameter", answers) == [("ami-1", None, True)]


def test_a_group_that_may_not_grow_and_a_stopped_instance_do_not_run() -> None:
    stopped = {"InstanceId": "i-1", "ImageId": "ami-1", "State": {"Name": "stopped"}}
    answers = Answers(groups=[group(MaxSize=0, LaunchTemplate=by_template())], instances=[stopped])
    assert [use.running for use in Reading(HERE, answers).uses()] == [False, False]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Windows_Server-2022-English-Full-Base-2026.11.11", "Windows_Server-2022-English-Full-Base"),
        ("golden-web", None),
    ],
)
def test_the_family_of_a_stock_ami(name: str, family: str | None) -> None:
    assert family_of(name) == family
