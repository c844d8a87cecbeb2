# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/audit.yml, on a lab where nearly everything has gone wrong that can."""

from __future__ import annotations

import json
import pathlib
import typing as t
import xml.etree.ElementTree as ET

import pytest

from tests.verbs.conftest import Works
from tests.verbs.iam import Policy, check, watched

from .support import OTHER, ROLE, World

Found = dict[tuple[str, str], set[tuple[str, str]]]


@pytest.fixture(scope="module")
def world(works: Works) -> World:
    """Return a lab with a group for each thing that can be wrong, called by it."""
    world = World(works)
    good, disabled = world.build("verified"), world.copy()
    world.group("fine", good)
    withdrawn = works.stock_ami("Windows_Server-2016-English-Full-Base")
    world.group("withdrawn", withdrawn)
    old = works.stock_ami("Windows_Server-2019-English-Full-Base")
    world.group("soon", old)
    world.age(old, 75)
    override = {"LaunchTemplateId": world.template("one-of-two", disabled), "Version": "1"}
    world.group("mixed", good, [{"InstanceType": "m5.large"}, {"LaunchTemplateSpecification": override}])
    world.group("disabled", disabled)
    key = str(world.kms.create_key()["KeyMetadata"]["KeyId"])
    world.group("encrypted", world.copy(Encrypted=True, KmsKeyId=key))
    borrowed(world)
    world.group("revoked", world.build("revoked"))
    world.publish("/golden/ami/web/stable", good)
    world.publish("/golden/ami/web/lost", good)
    world.group("published", "resolve:ssm:/golden/ami/web/stable")
    world.group("unpublished", "resolve:ssm:/golden/ami/web/lost")
    pinned = world.group("pinned", good)
    world.ec2.create_launch_template_version(
        LaunchTemplateId=pinned, SourceVersion="1", LaunchTemplateData={"ImageId": good}
    )
    world.asg.update_auto_scaling_group(
        AutoScalingGroupName="pinned", LaunchTemplate={"LaunchTemplateId": pinned, "Version": "2"}
    )
    for _more in range(2):
        world.ec2.create_launch_template_version(LaunchTemplateId=pinned, SourceVersion="1", LaunchTemplateData={})
    world.asg.create_launch_configuration(
        LaunchConfigurationName="old-style", ImageId=withdrawn, InstanceType="m5.large"
    )
    works.start(good)

    world.withdraw(withdrawn)
    world.ec2.disable_image(ImageId=disabled)
    world.kms.disable_key(KeyId=key)
    world.ssm.delete_parameter(Name="/golden/ami/web/lost")
    return world


def borrowed(world: World) -> None:
    """Make groups on AMIs of another account: one that is still shared, and one that is not any more."""
    theirs = world.other("ec2")
    for name in ("borrowed", "unshared"):
        ami = world.copy(theirs)
        share = [{"UserId": world.works.lab.info["account"]}]
        theirs.modify_image_attribute(ImageId=ami, LaunchPermission={"Add": share})
        world.group(name, ami)
        if name == "unshared":
            theirs.modify_image_attribute(ImageId=ami, LaunchPermission={"Remove": share})


@pytest.fixture(scope="module")
def reports(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, pathlib.Path]:
    """Return exit status, output and the directory of the reports of an audit of two regions."""
    path = tmp_path_factory.mktemp("reports")
    files = [f"-e{name}={path / name}" for name in ("json", "sarif", "junit")]
    done = world.works.play("audit.yml", "-e", '{"golden_regions": ["eu-west-1", "us-east-1"]}', *files)
    return done.status, done.output, path


def found(path: pathlib.Path) -> Found:
    """Return severities and rules by kind and name."""
    values: Found = {}
    for one in json.loads((path / "json").read_text(encoding="utf-8"))["findings"]:
        values.setdefault((one["kind"], one["name"] or one["id"]), set()).add((one["severity"], one["rule"]))
    return values


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("fine", set()),
        ("pinned", set()),
        ("published", set()),
        ("withdrawn", {("error", "ami-gone")}),
        ("unshared", {("error", "ami-gone")}),
        ("borrowed", {("warning", "not-ours")}),
        ("disabled", {("error", "ami-disabled")}),
        ("mixed", {("error", "ami-disabled")}),
        ("encrypted", {("error", "kms-key-unusable")}),
        ("revoked", {("error", "ami-revoked")}),
        ("unpublished", {("error", "parameter-missing")}),
    ],
)
def test_each_group(reports: tuple[int, str, pathlib.Path], group: str, expected: set[tuple[str, str]]) -> None:
    assert found(reports[2]).get(("autoscaling_group", group), set()) == expected


def test_a_stock_ami_is_an_error_before_amazon_withdraws_it(reports: tuple[int, str, pathlib.Path]) -> None:
    findings = json.loads((reports[2] / "json").read_text(encoding="utf-8"))["findings"]
    soon = next(one for one in findings if one["name"] == "soon" and one["rule"] == "ami-withdrawn-soon")
    assert soon["severity"] == "error"
    assert soon["days"] <= 10


def test_templates_and_configurations_as_well(reports: tuple[int, str, pathlib.Path]) -> None:
    values = found(reports[2])
    assert values["launch_configuration", "old-style"] == {("error", "ami-gone")}
    assert values["launch_template", "withdrawn-template"] == {("error", "ami-gone")}
    assert values["launch_template", "one-of-two"] == {("error", "ami-disabled")}
    assert ("launch_template", "pinned-template") not in values


def test_it_fails_and_says_why(reports: tuple[int, str, pathlib.Path]) -> None:
    status, output, _path = reports
    assert status != 0
    lines = output.splitlines()
    table = [line.split()[0] for line in lines if line.startswith(("error ", "warning ", "note "))]
    assert table == sorted(table, key=["error", "warning", "note"].index)
    assert "What to do:" in output
    assert "in 2 regions of 1 account" in output


def test_every_report_has_the_same_errors(reports: tuple[int, str, pathlib.Path]) -> None:
    path = reports[2]
    values = json.loads((path / "json").read_text(encoding="utf-8"))
    results = json.loads((path / "sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert [(one["ruleId"], one["level"]) for one in results] == [
        (one["rule"], one["severity"]) for one in values["findings"]
    ]
    bad = {(one["region"], one["kind"], one["id"]) for one in values["findings"] if one["severity"] == "error"}
    assert ET.parse(path / "junit").getroot().get("failures") == str(len(bad))


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-e", "fail_on=sometimes"], "value of fail_on must be one of"),
        (["-e", '{"golden_audit": {"soon_days": -1}}'], "are numbers of days, 0 or more"),
        (["-e", '{"golden_audit": {"accept": [{"rule": "x", "thing": "*", "reason": "y"}]}}'], "there is no rule x"),
        (["-e", '{"golden_audit": {"accept": [{"rule": "ami-gone"}]}}'], "The audit cannot begin"),
        (["-e", '{"golden_accounts": [{"role_arn": "x"}]}'], "every account needs a name"),
        (["-e", "json=/dev/null/x/y"], "Cannot write"),
    ],
    ids=["severity", "days", "rule", "incomplete", "account", "report"],
)
def test_bad_input(works: Works, arguments: list[str], message: str) -> None:
    done = works.play("audit.yml", *arguments)
    assert done.status != 0
    assert message in done.output


@pytest.mark.usefixtures("world")
def test_another_account_is_looked_at_too(works: Works, tmp_path: pathlib.Path) -> None:
    account = {"golden_accounts": [{"name": "other", "role_arn": ROLE}]}
    done = works.play("audit.yml", "-e", json.dumps(account), "-e", f"json={tmp_path / 'json'}", "-e", "fail_on=never")
    assert done.status == 0, done.output
    places = json.loads((tmp_path / "json").read_text(encoding="utf-8"))["places"]
    assert [place["account"] for place in places] == [works.lab.info["account"], OTHER]
    assert ("autoscaling_group", "borrowed") not in found(tmp_path), "it belongs to an account that is ours"


@pytest.mark.usefixtures("world")
def test_what_is_accepted_does_not_fail(works: Works) -> None:
    accept = [{"rule": "*", "thing": "*", "reason": "known"}]
    rules = ["ami-gone", "ami-withdrawn-soon", "ami-disabled", "kms-key-unusable", "ami-revoked", "parameter-missing"]
    values = {"golden_audit": {"accept": [{**accept[0], "rule": rule} for rule in rules]}}
    done = works.play("audit.yml", "-e", json.dumps(values))
    assert done.status == 0, done.output
    assert "Accepted: " in done.output


@pytest.mark.usefixtures("world")
def test_check_mode_writes_no_report(works: Works, tmp_path: pathlib.Path) -> None:
    done = works.play("audit.yml", "--check", "-e", f"json={tmp_path / 'json'}", "-e", "fail_on=never")
    assert done.status == 0, done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("world")
def test_the_policy_allows_what_an_audit_calls_and_no_more(works: Works) -> None:
    everywhere: dict[str, t.Any] = {"golden_accounts": [{"name": "other", "role_arn": ROLE}], "golden_regions": ["all"]}
    with watched(works) as seen:
        works.play("audit.yml", "-e", json.dumps(everywhere), "-e", "fail_on=never")
    check(Policy.of("audit"), seen)
