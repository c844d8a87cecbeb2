# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance refresh: its states, its preferences, its failures, and the way back."""

from __future__ import annotations

import time
import typing as t

import pytest

from tests.lab.autoscaling.support import Groups, Row, refused
from tests.lab.ec2.support import Lab, eventually

QUICK = {"MinHealthyPercentage": 0, "InstanceWarmup": 0}


@pytest.fixture
def pair(groups: Groups, base_image: str, own_image: t.Any) -> tuple[str, Row, str]:
    """A group of two, a desired configuration with another image, and that image."""
    newer = own_image()
    template = groups.template(base_image)
    name = groups.make(template, capacity=2)
    version = groups.version(template, newer)
    return name, {"LaunchTemplate": {"LaunchTemplateId": template, "Version": version}}, newer


def ids(groups: Groups, name: str) -> set[str]:
    return {row["InstanceId"] for row in groups.serving(name)}


def test_a_refresh_replaces_every_instance_and_then_changes_the_group(
    groups: Groups, pair: tuple[str, Row, str]
) -> None:
    name, desired, newer = pair
    before = ids(groups, name)
    refresh_id = groups.refresh(name, DesiredConfiguration=desired)
    first = groups.refresh_row(name)
    assert first["InstanceRefreshId"] == refresh_id
    assert first["Status"] in ("Pending", "InProgress")
    assert groups.look(name)["LaunchTemplate"]["Version"] == "1", "the group changes when the refresh has succeeded"
    assert refused(groups.refresh, name=name)[0] == "InstanceRefreshInProgress"
    seen = set()

    def done() -> Row | None:
        row = groups.refresh_row(name)
        seen.add(row["PercentageComplete"])
        assert len(groups.serving(name)) >= 1, "with 90 percent to be healthy they go one by one"
        return row if row["Status"] == "Successful" else None

    row = t.cast("Row", eventually(done, "success", 30))
    assert (row["PercentageComplete"], row["InstancesToUpdate"]) == (100, 0)
    assert row["EndTime"] >= row["StartTime"]
    assert 50 in seen
    assert row["DesiredConfiguration"]["LaunchTemplate"]["Version"] == "2"
    assert row["Preferences"]["MinHealthyPercentage"] == 90
    groups.settled(name, 2)
    assert groups.images(name) == [newer, newer]
    assert not ids(groups, name) & before
    assert groups.look(name)["LaunchTemplate"]["Version"] == "2"
    causes = [activity["Cause"] for activity in groups.activities(name)]
    assert any("taken out of service in response to an instance refresh" in cause for cause in causes)


def test_a_refresh_that_starts_before_it_ends(groups: Groups, pair: tuple[str, Row, str]) -> None:
    name, desired, newer = pair
    groups.refresh(
        name,
        DesiredConfiguration=desired,
        Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150, "InstanceWarmup": 10},
    )
    most = 0

    def done() -> bool:
        nonlocal most
        rows = groups.look(name)["Instances"]
        assert len([row for row in rows if row["LifecycleState"] == "InService"]) >= 2
        most = max(most, len([row for row in rows if row["LifecycleState"] in ("Pending", "InService")]))
        return bool(groups.refresh_row(name)["Status"] == "Successful")

    eventually(done, "success", 30)
    assert most == 3
    groups.settled(name, 2)
    assert groups.images(name) == [newer, newer]


def test_without_a_desired_configuration_the_latest_is_taken(groups: Groups, base_image: str, own_image: t.Any) -> None:
    template = groups.template(base_image)
    name = groups.make(template, version="$Latest")
    newer = own_image()
    groups.version(template, newer)
    groups.refresh(name, Preferences=QUICK)
    groups.until(name, "Successful")
    groups.settled(name, 1)
    assert groups.images(name) == [newer]
    kept = ids(groups, name)
    groups.refresh(name, Preferences={**QUICK, "SkipMatching": True})
    row = groups.until(name, "Successful")
    assert (row["PercentageComplete"], row["InstancesToUpdate"]) == (100, 0)
    assert ids(groups, name) == kept, "what matches was skipped"


def test_a_checkpoint_holds_until_its_delay_is_over(groups: Groups, pair: tuple[str, Row, str]) -> None:
    name, desired, newer = pair
    preferences = {**QUICK, "CheckpointPercentages": [50, 100], "CheckpointDelay": 150}
    groups.refresh(name, DesiredConfiguration=desired, Preferences=preferences)
    row = t.cast(
        "Row",
        eventually(lambda: (found := groups.refresh_row(name)).get("StatusReason") and found, "the checkpoint", 30),
    )
    assert (row["Status"], row["PercentageComplete"], row["InstancesToUpdate"]) == ("InProgress", 50, 1)
    assert "checkpoint at 50 percent" in row["StatusReason"]
    groups.until(name, "Successful")
    assert groups.images(name) == [newer, newer]


def test_a_bake_time_can_still_end_in_a_rollback(
    lab: Lab, groups: Groups, pair: tuple[str, Row, str], base_image: str
) -> None:
    name, desired, newer = pair
    watch = lab.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="errors",
        MetricName="Errors",
        Namespace="App",
        Period=60,
        EvaluationPeriods=1,
        Statistic="Sum",
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    preferences = {**QUICK, "BakeTime": 1000, "AutoRollback": True, "AlarmSpecification": {"Alarms": ["errors"]}}
    groups.refresh(name, DesiredConfiguration=desired, Preferences=preferences)
    assert groups.until(name, "Baking")["PercentageComplete"] == 100
    assert groups.images(name) == [newer, newer]
    watch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
    row = groups.until(name, "RollbackSuccessful")
    watch.delete_alarms(AlarmNames=["errors"])
    assert "errors" in row["RollbackDetails"]["RollbackReason"]
    assert row["RollbackDetails"]["PercentageCompleteOnRollback"] == 100
    assert row["PercentageComplete"] == 0
    groups.settled(name, 2)
    assert groups.images(name) == [base_image, base_image]
    assert groups.look(name)["LaunchTemplate"]["Version"] == "1"


def test_guests_that_never_boot_make_a_refresh_fail(lab: Lab, groups: Groups, pair: tuple[str, Row, str]) -> None:
    name, desired, _ = pair
    lab.control("guest-fault", fault="never-boot", times="9")
    groups.refresh(name, DesiredConfiguration=desired, Preferences={"InstanceWarmup": 0})
    row = groups.until(name, "Failed")
    assert "health checks" in row["StatusReason"]
    assert row["PercentageComplete"] == 0
    lab.control("guest-fault", fault="none")
    groups.settled(name, 2)
    assert groups.look(name)["LaunchTemplate"]["Version"] == "1", "a refresh that failed changes nothing"


@pytest.mark.parametrize("most", [None, 150])
def test_a_failure_rolls_back_when_it_is_told_to(
    lab: Lab, groups: Groups, pair: tuple[str, Row, str], base_image: str, most: int | None
) -> None:
    name, desired, _ = pair
    before = ids(groups, name)
    lab.control("guest-fault", fault="never-boot", times="3")
    preferences: Row = {"InstanceWarmup": 0, "AutoRollback": True, "MinHealthyPercentage": 90 if most is None else 100}
    if most is not None:
        preferences["MaxHealthyPercentage"] = most
    groups.refresh(name, DesiredConfiguration=desired, Preferences=preferences)
    row = groups.until(name, "RollbackSuccessful", "RollbackFailed")
    assert row["Status"] == "RollbackSuccessful"
    assert "health checks" in row["RollbackDetails"]["RollbackReason"]
    groups.settled(name, 2)
    assert groups.images(name) == [base_image, base_image]
    assert len(ids(groups, name) & before) == (1 if most is None else 2), "the second was never touched"


def test_an_image_that_goes_meanwhile_makes_it_fail(ec2: t.Any, groups: Groups, pair: tuple[str, Row, str]) -> None:
    name, desired, newer = pair
    preferences = {**QUICK, "CheckpointPercentages": [50, 100], "CheckpointDelay": 100}
    groups.refresh(name, DesiredConfiguration=desired, Preferences=preferences)
    eventually(lambda: groups.refresh_row(name).get("StatusReason"), "the checkpoint", 30)
    ec2.disable_image(ImageId=newer)
    row = groups.until(name, "Failed")
    assert "failed to launch" in row["StatusReason"]
    assert newer in groups.failed(name)["StatusMessage"]
    groups.settled(name, 2)


def test_a_refresh_is_cancelled_and_another_one_can_begin(groups: Groups, pair: tuple[str, Row, str]) -> None:
    name, desired, _ = pair
    preferences = {**QUICK, "CheckpointPercentages": [50, 100]}
    groups.refresh(name, DesiredConfiguration=desired, Preferences=preferences)
    eventually(lambda: groups.refresh_row(name).get("StatusReason"), "the checkpoint", 30)
    groups.asg.cancel_instance_refresh(AutoScalingGroupName=name)
    row = groups.until(name, "Cancelled")
    assert row["PercentageComplete"] == 50
    assert len(set(groups.images(name))) == 2, "cancelling changes nothing back"
    code, _ = refused(groups.asg.cancel_instance_refresh, AutoScalingGroupName=name)
    assert code == "ActiveInstanceRefreshNotFound"
    groups.refresh(name, DesiredConfiguration=desired, Preferences={**QUICK, "SkipMatching": True})
    assert groups.until(name, "Successful")["InstancesToUpdate"] == 0
    history = groups.asg.describe_instance_refreshes(AutoScalingGroupName=name)["InstanceRefreshes"]
    assert [row["Status"] for row in history] == ["Successful", "Cancelled"]


def test_a_refresh_is_rolled_back_on_request(groups: Groups, pair: tuple[str, Row, str], base_image: str) -> None:
    name, desired, _ = pair
    preferences = {**QUICK, "CheckpointPercentages": [50, 100]}
    groups.refresh(name, DesiredConfiguration=desired, Preferences=preferences)
    eventually(lambda: groups.refresh_row(name).get("StatusReason"), "the checkpoint", 30)
    groups.asg.rollback_instance_refresh(AutoScalingGroupName=name)
    assert groups.refresh_row(name)["Status"] == "RollbackInProgress"
    row = groups.until(name, "RollbackSuccessful")
    assert row["RollbackDetails"]["InstancesToUpdateOnRollback"] == 1
    groups.settled(name, 2)
    assert groups.images(name) == [base_image, base_image]


def test_what_cannot_be_rolled_back(groups: Groups, pair: tuple[str, Row, str]) -> None:
    name, desired, _ = pair
    rollback = {"AutoRollback": True}
    assert refused(groups.asg.rollback_instance_refresh, AutoScalingGroupName=name)[0] == (
        "ActiveInstanceRefreshNotFound"
    )
    code, text = refused(groups.refresh, name=name, Preferences=rollback)
    assert code == "ValidationError"
    assert "AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is empty" in text
    for version in ("$Latest", "$Default"):
        floating = {"LaunchTemplate": {**desired["LaunchTemplate"], "Version": version}}
        code, text = refused(groups.refresh, name=name, DesiredConfiguration=floating, Preferences=rollback)
        assert (code, "$Latest or $Default" in text) == ("ValidationError", True)
    groups.refresh(name, Preferences={**QUICK, "CheckpointPercentages": [50]})
    assert refused(groups.asg.rollback_instance_refresh, AutoScalingGroupName=name)[0] == "IrreversibleInstanceRefresh"
    groups.asg.cancel_instance_refresh(AutoScalingGroupName=name, WaitForTransitioningInstances=False)


def test_protected_and_standby_instances_are_treated_as_told(groups: Groups, pair: tuple[str, Row, str]) -> None:
    name, desired, newer = pair
    kept = sorted(ids(groups, name))[0]
    protect = {"AutoScalingGroupName": name, "InstanceIds": [kept]}
    groups.asg.set_instance_protection(ProtectedFromScaleIn=True, **protect)
    ignore = {**QUICK, "ScaleInProtectedInstances": "Ignore"}
    groups.refresh(name, DesiredConfiguration=desired, Preferences=ignore)
    groups.until(name, "Successful")
    assert kept in ids(groups, name)
    groups.refresh(name, Preferences={**QUICK, "SkipMatching": True})
    eventually(lambda: "protected" in groups.refresh_row(name).get("StatusReason", ""), "the wait", 30)
    groups.asg.set_instance_protection(ProtectedFromScaleIn=False, **protect)
    groups.until(name, "Successful")
    groups.settled(name, 2)
    assert groups.images(name) == [newer, newer]


@pytest.mark.parametrize(
    "preferences",
    [
        {"MinHealthyPercentage": 101},
        {"MaxHealthyPercentage": 120},
        {"MinHealthyPercentage": 0, "MaxHealthyPercentage": 120},
        {"CheckpointDelay": 60},
        {"CheckpointPercentages": [100, 50]},
    ],
)
def test_preferences_that_are_refused(groups: Groups, base_image: str, preferences: Row) -> None:
    name = groups.make(groups.template(base_image), capacity=0)
    assert refused(groups.refresh, name=name, Preferences=preferences)[0] == "ValidationError"
    assert refused(groups.refresh, name=name, Strategy="ReplaceRootVolume")[0] == "ValidationError"


def test_a_refresh_locks_what_it_leads_to(groups: Groups, pair: tuple[str, Row, str]) -> None:
    name, desired, _ = pair
    groups.refresh(name, DesiredConfiguration=desired, Preferences={**QUICK, "CheckpointPercentages": [50]})
    template = {**desired["LaunchTemplate"], "Version": "1"}
    code, text = refused(groups.asg.update_auto_scaling_group, AutoScalingGroupName=name, LaunchTemplate=template)
    assert (code, "active instance refresh with a desired configuration" in text) == ("ValidationError", True)
    groups.asg.update_auto_scaling_group(AutoScalingGroupName=name, MaxSize=5)
    groups.asg.cancel_instance_refresh(AutoScalingGroupName=name)


def test_two_instances_take_a_few_seconds(groups: Groups, pair: tuple[str, Row, str]) -> None:
    name, desired, _ = pair
    began = time.monotonic()
    groups.refresh(name, DesiredConfiguration=desired)
    groups.until(name, "Successful")
    assert time.monotonic() - began < 15
