# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/sweep.yml, and its action on what crashed runs leave."""

from __future__ import annotations

import datetime as dt
import typing as t

import botocore.client
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import lease_name
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import timestamp

from tests.verbs.conftest import NOW

from .conftest import Sweeping

ALL = {"instances", "volumes", "key pairs", "security groups"}
OVER = timestamp(NOW - dt.timedelta(minutes=1))
LATER = timestamp(NOW + dt.timedelta(hours=1))


def test_a_build_that_was_interrupted_is_swept_up(sweeping: Sweeping) -> None:
    build = sweeping.build("building")
    left = sweeping.litter(f"golden-{build.id}", {"golden:build": build.id})
    ami = sweeping.ami(build, {})

    lease = sweeping.catalogue.acquire_lease(lease_name("web"), "me", 60)
    assert not sweeping()["changed"], "it may be going on"
    sweeping.catalogue.release(lease)

    foretold = sweeping(check_mode=True)
    assert sweeping.there({**left, **ami}) == ALL | {"AMIs", "snapshots"}
    assert sweeping.catalogue.get(build.id) == build

    done = sweeping()
    assert not done.get("failed"), done
    assert sweeping.there({**left, **ami}) == set()
    assert done["interrupted"] == [build.id]
    removed = {one["id"] for one in done["things"] if one["removed"]}
    assert removed >= {*left.values(), *ami.values()}
    assert removed == {one["id"] for one in foretold["things"] if one["remove"]}
    assert done["diff"] == foretold["diff"]
    assert not sweeping()["changed"]


def test_what_a_living_build_has_stays(sweeping: Sweeping) -> None:
    build = sweeping.build("verified")
    ami = sweeping.ami(build, {"golden:build": build.id, "golden:image": "web"})
    sweeping.catalogue.add_amis(build.id, {sweeping.region: ami["AMIs"]}, {sweeping.region: [ami["snapshots"]]})
    unknown = sweeping.build("failed")
    stranger = sweeping.ami(unknown, {"golden:build": "20200101T000000Z-ffffff"})
    assert not sweeping()["changed"]
    assert sweeping.there(ami) == sweeping.there(stranger) == {"AMIs", "snapshots"}


@pytest.mark.parametrize("tag", ["golden:proof", "golden:molecule"])
def test_proofs_and_molecule_runs_are_swept_up_when_their_time_is_over(sweeping: Sweeping, tag: str) -> None:
    build = sweeping.build("verified")
    kind = tag.partition(":")[2]
    over = sweeping.litter(f"golden-{kind}-a", {tag: "a", "golden:ttl": OVER, "golden:build": build.id})
    later = sweeping.litter(f"golden-{kind}-b", {tag: "b", "golden:ttl": LATER})
    done = sweeping()
    assert not done.get("failed"), done
    assert sweeping.there(over) == set()
    assert sweeping.there(later) == ALL


def test_packers_own_security_group_goes_with_its_builder(sweeping: Sweeping) -> None:
    build = sweeping.build("failed")
    left = sweeping.litter("packer_65f0a1b2", {"golden:build": build.id})
    sweeping.ec2.delete_tags(Resources=[left["security groups"]], Tags=[{"Key": "golden:build"}])
    assert not sweeping().get("failed")
    assert sweeping.there({**left, "key pairs": "none"}) == set()


def test_an_ami_that_something_refers_to_is_not_removed(sweeping: Sweeping) -> None:
    build = sweeping.build("failed")
    ami = sweeping.ami(build, {})
    sweeping.ec2.create_launch_template(LaunchTemplateName=build.id, LaunchTemplateData={"ImageId": ami["AMIs"]})
    done = sweeping()
    assert f"{ami['AMIs']} was not removed: launch-template" in done["msg"]
    assert sweeping.there(ami) == {"AMIs", "snapshots"}
    sweeping.ec2.delete_launch_template(LaunchTemplateName=build.id)
    assert not sweeping().get("failed")
    assert sweeping.there(ami) == set()


class Killed(BaseException):
    """Stands for the end of the process: nothing in the code can catch it."""


def test_a_run_that_is_killed_after_any_call_is_gone_on_with(
    sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = sweeping.build("failed")
    left = {**sweeping.litter(f"golden-{build.id}", {"golden:build": build.id}), **sweeping.ami(build, {})}
    real = botocore.client.BaseClient._make_api_call
    changed: list[str] = []

    def call(client: t.Any, operation: str, parameters: t.Any) -> t.Any:
        answer = real(client, operation, parameters)
        if not operation.startswith("Describe"):
            changed.append(operation)
            raise Killed
        return answer

    for _attempt in range(8):
        with monkeypatch.context() as patch:
            patch.setattr(botocore.client.BaseClient, "_make_api_call", call)
            try:
                sweeping()
            except Killed:
                continue
            break
    assert sweeping.there(left) == set(), changed
    assert {*changed} == {
        "TerminateInstances", "DeregisterImage", "DeleteVolume", "DeleteKeyPair", "DeleteSecurityGroup",
    }  # fmt: skip


LOOKS = (
    "DescribeInstances", "DescribeImages", "DescribeSnapshots", "DescribeVolumes", "DescribeKeyPairs",
    "DescribeSecurityGroups", "DescribeImageReferences",
)  # fmt: skip
REMOVALS = (
    "TerminateInstances", "DeregisterImage", "DeleteSnapshot", "DeleteVolume", "DeleteKeyPair", "DeleteSecurityGroup",
)  # fmt: skip


def test_what_is_denied_is_said_and_left_for_the_next_run(sweeping: Sweeping) -> None:
    build = sweeping.build("failed")
    left = {**sweeping.litter(f"golden-{build.id}", {"golden:build": build.id}), **sweeping.ami(build, {})}
    for operations in (*((operation,) for operation in LOOKS), REMOVALS):
        for operation in operations:
            sweeping.works.lab.get(f"/lab/fault?action={operation}&kind=denied&times=forever")
        done = sweeping()
        sweeping.works.lab.get("/lab/fault?clear=true")
        assert done["failed"], operations
        assert not done["changed"], operations
        missing = [operation for operation in operations if operation not in done["msg"]]
        assert missing in ([], ["DeleteSecurityGroup"]), done["msg"]
        assert sweeping.there(left) == {*left}, operations
    assert not sweeping().get("failed")
    assert sweeping.there(left) == set()


@pytest.mark.parametrize("kind", ["throttle", "internal", "drop"])
def test_what_passes_is_asked_again(sweeping: Sweeping, kind: str) -> None:
    build = sweeping.build("failed")
    left = {**sweeping.litter(f"golden-{build.id}", {"golden:build": build.id}), **sweeping.ami(build, {})}
    for operation in (*LOOKS, *REMOVALS):
        sweeping.works.lab.get(f"/lab/fault?action={operation}&kind={kind}&times=1")
    done = sweeping()
    sweeping.works.lab.get("/lab/fault?clear=true")
    assert not done.get("failed"), done
    assert sweeping.there(left) == set()
