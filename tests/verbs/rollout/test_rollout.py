# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of real guests move to the channel's AMI, and come back when it does not work."""

from __future__ import annotations

from tests.verbs.rollout.conftest import QUICK, Site


def outcome(result: dict[str, object], name: str) -> dict[str, object]:
    return next(one for one in result["groups"] if one["group"] == name)  # type: ignore[attr-defined]


def test_a_group_moves_to_a_version_with_a_number_and_its_instances_follow(site: Site) -> None:
    template = site.groups.template(site.old)
    name = site.groups.make(template, version="$Latest", capacity=2)

    foretold = site.roll_out(name, check_mode=True)
    assert foretold["changed"]
    assert outcome(foretold, name)["status"] == "would roll"
    assert site.versions(template) == {1: site.old}, "check mode changes nothing"

    done = site.roll_out(name)
    assert not done.get("msg"), done
    assert outcome(done, name)["status"] == "rolled out"
    assert site.versions(template) == {1: site.old, 2: site.new}
    assert site.groups.images(name) == [site.new, site.new]
    assert site.groups.look(name)["LaunchTemplate"]["Version"] == "2"
    preferences = site.groups.refresh_row(name)["Preferences"]
    assert (preferences["AutoRollback"], preferences["SkipMatching"]) == (True, True)

    again = site.roll_out(name)
    assert not again["changed"]
    assert outcome(again, name)["status"] == "up to date"
    assert len(site.refreshes(name)) == 1


def test_a_group_comes_back_when_the_new_ami_does_not_boot(site: Site) -> None:
    template = site.groups.template(site.old)
    name = site.groups.make(template, capacity=1)
    site.works.lab.get("/lab/guest-fault?fault=never-boot&times=3")

    done = site.roll_out(name)
    assert done["failed"]
    found = outcome(done, name)
    assert found["status"] == "rolled back"
    assert "health checks" in str(found["error"])
    assert "rolled back" in done["msg"]
    assert site.groups.refresh_row(name)["Status"] == "RollbackSuccessful"
    site.groups.settled(name, 1)
    assert site.groups.images(name) == [site.old]
    assert site.groups.look(name)["LaunchTemplate"]["Version"] == "1"

    better = site.roll_out(name)
    assert outcome(better, name)["status"] == "rolled out"
    assert site.versions(template) == {1: site.old, 2: site.new}, "the version that was made is used again"


def test_a_group_that_ec2_cannot_roll_back_is_refreshed_back(site: Site) -> None:
    """It resolves Amazon's own parameter, and is to move to ours."""
    stock = site.works.stock_ami()
    parameter = "resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"
    template = site.groups.template(parameter)
    name = site.groups.make(template, capacity=1)
    site.tag(name, "iis_dotnet/stable")
    site.works.lab.get("/lab/guest-fault?fault=never-boot&times=3")

    done = site.roll_out()
    found = outcome(done, name)
    assert (found["status"], found["because"]) == ("rolled back", "tag golden:channel")
    assert [row["Status"] for row in site.refreshes(name)] == ["Successful", "Failed"]
    site.groups.settled(name, 1)
    assert site.groups.images(name) == [stock]
    assert site.versions(template) == {1: parameter, 2: site.new}


def test_a_group_that_resolves_the_published_parameter_is_only_refreshed(site: Site) -> None:
    ssm = site.works.lab.client("ssm")
    parameter = {"Name": "/golden/ami/iis_dotnet/stable", "Type": "String", "Overwrite": True}
    ssm.put_parameter(**parameter, Value=site.old)
    template = site.groups.template(f"resolve:ssm:{parameter['Name']}")
    name = site.groups.make(template, capacity=1)

    behind = site.roll_out()
    assert outcome(behind, name)["status"] == "blocked"
    assert "promote.yml" in behind["msg"]

    ssm.put_parameter(**parameter, Value=site.new)
    done = site.roll_out()
    found = outcome(done, name)
    assert (found["status"], found["because"]) == ("rolled out", f"parameter {parameter['Name']}")
    assert site.groups.images(name) == [site.new]
    assert len(site.versions(template)) == 1
    assert not site.groups.refresh_row(name)["Preferences"]["SkipMatching"], "EC2 compares versions, not parameters"
    assert outcome(site.roll_out(), name)["status"] == "up to date"


def test_a_mixed_group_moves_what_is_of_the_image_and_leaves_the_rest(site: Site) -> None:
    stock = site.works.stock_ami()
    base, other = site.groups.template(site.old), site.groups.template(stock)
    overrides = [
        {"InstanceType": "m5.large"},
        {"InstanceType": "m5.xlarge", "ImageId": site.old},
        {
            "InstanceType": "c5.large",
            "LaunchTemplateSpecification": {"LaunchTemplateId": other, "Version": "$Default"},
        },
    ]
    own = {"LaunchTemplateId": base, "Version": "$Latest"}
    policy = {"LaunchTemplate": {"LaunchTemplateSpecification": own, "Overrides": overrides}}
    name = site.groups.make(capacity=2, MixedInstancesPolicy=policy)

    done = site.roll_out()
    found = outcome(done, name)
    assert (found["status"], found["because"]) == ("rolled out", "its AMI")
    assert "not of iis_dotnet" in str(found["notes"])
    launch = site.groups.look(name)["MixedInstancesPolicy"]["LaunchTemplate"]
    assert launch["LaunchTemplateSpecification"]["Version"] == "2"
    first, second, third = launch["Overrides"]
    assert (first, second["ImageId"]) == ({"InstanceType": "m5.large"}, site.new)
    assert third["LaunchTemplateSpecification"]["Version"] == "1", "a number, and the AMI that it had"
    assert site.groups.images(name) == [site.new, site.new]
    assert outcome(site.roll_out(name, check_mode=True), name)["action"] == "roll", "whoever names it means all of it"


def test_a_group_that_cannot_launch_any_more_comes_back_from_our_ami(site: Site) -> None:
    """The incident: Amazon has withdrawn the AMI, an instance is lost, and the group cannot replace it."""
    stock = site.works.stock_ami("Windows_Server-2019-English-Full-Base")
    name = site.groups.make(site.groups.template(stock), version="$Latest", capacity=2)
    site.works.lab.get(f"/lab/withdraw?image_id={stock}&region={site.works.region}")
    lost = site.groups.serving(name)[0]["InstanceId"]
    site.groups.asg.terminate_instance_in_auto_scaling_group(InstanceId=lost, ShouldDecrementDesiredCapacity=False)
    assert "does not exist" in site.groups.failed(name)["StatusMessage"]

    done = site.roll_out(name)
    found = outcome(done, name)
    assert (found["status"], found["action"]) == ("rolled out", "forward"), done
    assert site.groups.images(name) == [site.new, site.new]
    assert site.groups.look(name)["LaunchTemplate"]["Version"] == "2"


def test_an_alarm_that_rings_turns_the_refresh_back(site: Site) -> None:
    name = site.groups.make(site.groups.template(site.old), capacity=2)
    watch = site.works.lab.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="web-5xx", MetricName="5xx", Namespace="web", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", Statistic="Sum",
    )  # fmt: skip
    watch.set_alarm_state(AlarmName="web-5xx", StateValue="ALARM", StateReason="errors")
    done = site.roll_out(name, preferences={**QUICK, "alarms": ["web-5xx"]})
    found = outcome(done, name)
    assert found["status"] == "rolled back"
    assert "web-5xx" in str(found["error"])
    site.groups.settled(name, 2)
    assert site.groups.images(name) == [site.old, site.old]
