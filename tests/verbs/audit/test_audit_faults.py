# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever AWS does not answer is a finding: the audit neither crashes, nor is all well, nor blames something else."""

from __future__ import annotations

import time
import typing as t

import botocore.endpoint
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import CatalogueError, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import AwsSettings
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import Estate
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate_ec2 import Scope
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fleet_places import Account
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit import Audit
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit_ami import Policy
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit_run import run_audit

from tests.verbs.conftest import Works
from tests.verbs.iam import Policy as Permissions

from .support import ROLE, World

ACTIONS = sorted(Permissions.of("audit").actions())
KINDS = ("throttle", "internal", "denied", "drop")


class NoWaiting:
    """Stands for the module ``time`` where botocore waits before it tries again."""

    @staticmethod
    def sleep(_seconds: float) -> None:
        time.sleep(0)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.endpoint, "time", NoWaiting)


@pytest.fixture(scope="module")
def world(works: Works) -> World:
    """Return a lab where every question has to be asked to see that all is well but one."""
    world = World(works)
    key = str(world.kms.create_key()["KeyMetadata"]["KeyId"])
    good, gone = world.copy(Encrypted=True, KmsKeyId=key), world.copy()
    world.publish("/golden/ami/web/stable", good)
    world.group("published", "resolve:ssm:/golden/ami/web/stable")
    world.group("on-stock", works.stock_ami())
    pinned = world.group("pinned", good)
    for _more in range(2):
        world.ec2.create_launch_template_version(
            LaunchTemplateId=pinned, SourceVersion="1", LaunchTemplateData={"InstanceType": "m5.xlarge"}
        )
    where = {"LaunchTemplateId": pinned, "Version": "2"}
    world.asg.update_auto_scaling_group(AutoScalingGroupName="pinned", LaunchTemplate=where)
    world.group("broken", gone)
    world.ec2.deregister_image(ImageId=gone)
    return world


def look(works: Works, scope: Scope | None = None) -> tuple[Audit, Estate]:
    settings = AwsSettings(works.lab.info["aws_config_file"], "default", works.region)
    everywhere = Scope((Account("other", ROLE),), ["all"])
    policy = Policy(stock_days=36500, old_days=36500)  # the lab's stock AMIs grow older, this test does not
    return run_audit(settings, scope or everywhere, lambda: works.catalogue, "/golden/ami", policy)


def bad(audit: Audit) -> set[tuple[str, str]]:
    return {(one.rule, one.id) for one in audit.findings if one.severity != "note"}


@pytest.fixture(scope="module")
def baseline(world: World) -> set[tuple[str, str]]:
    """Return what is wrong when AWS answers."""
    audit, estate = look(world.works, Scope())
    assert estate.complete, estate.gaps
    found = bad(audit)
    assert {rule for rule, _thing in found} == {"ami-gone"}
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("action", ACTIONS)
def test_one_action_does_not_answer(world: World, baseline: set[tuple[str, str]], action: str, kind: str) -> None:
    service, _, name = action.partition(":")
    works = world.works
    works.lab.get(f"/lab/fault?service={service}&action={name}&kind={kind}&times=forever&region={works.region}")
    try:
        only_here = action not in ("ec2:DescribeRegions", "sts:AssumeRole")
        audit, estate = look(works, Scope() if only_here else None)
    finally:
        works.lab.get("/lab/fault?clear=true")

    assert not estate.complete
    assert audit.fails("error")
    missing = [one for one in audit.findings if one.rule == "answer-missing"]
    assert missing
    assert {one.severity for one in missing} == {"error"}
    assert bad(audit) - {(one.rule, one.id) for one in missing} <= baseline


def test_nothing_answers(world: World) -> None:
    works = world.works
    works.lab.get("/lab/fault?action=*&kind=internal&times=forever")
    try:
        audit, estate = look(works)
    finally:
        works.lab.get("/lab/fault?clear=true")
    assert estate.uses == ()
    assert audit.fails("error")


def test_a_call_that_fails_once_is_made_again(world: World, baseline: set[tuple[str, str]]) -> None:
    works = world.works
    for action in ACTIONS:
        works.lab.get(f"/lab/fault?action={action.partition(':')[2]}&kind=throttle&times=1")
    audit, estate = look(works, Scope())
    works.lab.get("/lab/fault?clear=true")
    assert estate.complete, estate.gaps
    assert bad(audit) == baseline


def test_a_region_that_is_closed_does_not_hide_the_others(world: World, baseline: set[tuple[str, str]]) -> None:
    works = world.works
    works.lab.get("/lab/fault?action=*&region=eu-north-1&kind=denied&times=forever")
    try:
        audit, estate = look(works, Scope(regions=[works.region, "eu-north-1"]))
    finally:
        works.lab.get("/lab/fault?clear=true")
    assert {gap.place.region for gap in estate.gaps} == {"eu-north-1"}
    assert baseline <= bad(audit)


@pytest.mark.usefixtures("world")
def test_a_catalogue_that_cannot_be_read_is_an_answer_that_is_missing(works: Works) -> None:
    def broken() -> t.Any:
        raise CatalogueError("the disk is on fire")

    settings = AwsSettings(works.lab.info["aws_config_file"], "default", works.region)
    audit, _estate = run_audit(settings, Scope(), broken, None, Policy())
    assert ("answer-missing", "catalogue") in bad(audit)


def test_no_configuration_no_crash(works: Works, tmp_path: t.Any) -> None:
    settings = AwsSettings(str(tmp_path / "nothing"), "default", works.region)
    empty = open_catalogue(f"sqlite:{tmp_path}/none.sqlite", readonly=True)
    audit, estate = run_audit(settings, Scope(), lambda: empty, None, Policy())
    assert [gap.question for gap in estate.gaps] == ["configuration"]
    assert audit.fails("error")
