# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/watch.yml: there is a newer stock AMI."""

from __future__ import annotations

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import Works
from tests.verbs.iam import Policy, check, watched

FAMILY = "Windows_Server-2022-English-Full-Base"


@pytest.fixture(scope="module")
def old(works: Works) -> str:
    """Return the id of a stock AMI that is no longer the newest one."""
    wanted = [{"Name": "name", "Values": [f"{FAMILY}-*"]}]
    found = works.lab.client("ec2").describe_images(Owners=["amazon"], Filters=wanted)["Images"]
    newest = works.stock_ami(FAMILY)
    return next(str(one["ImageId"]) for one in found if one["ImageId"] != newest)


@pytest.fixture(scope="module")
def line(works: Works, old: str) -> tuple[Build, Build]:
    """An image on the older AMI, and one that is based on it."""
    tentacle = works.make_build("octopus_tentacle", age_days=30, source_ami=old, source_ami_name=f"{FAMILY}-old")
    return tentacle, works.make_build("iis_dotnet", age_days=29, parent_build=tentacle.id)


def test_a_newer_base_is_told_and_ends_a_ci_job_if_it_should(works: Works, line: tuple[Build, Build], old: str) -> None:
    with watched(works) as seen:
        told = works.play("watch.yml")
    assert told.status == 0, told.output
    assert f"{FAMILY}-old ({old})" in told.output
    assert works.stock_ami(FAMILY) in told.output
    assert "To rebuild: octopus_tentacle, iis_dotnet" in told.output
    assert "changed=0" in told.output
    check(Policy.of("watch"), seen)

    failed = works.play("watch.yml", "-e", "fail_on_news=true")
    assert failed.status == 2, failed.output
    assert "watch.yml -e rebuild=true does it" in failed.output


def test_a_rebuild_is_of_the_image_and_of_what_is_based_on_it(works: Works, line: tuple[Build, Build]) -> None:
    planned = works.play("watch.yml", "--check", "-e", "rebuild=true", "-e", "image=iis_dotnet")
    assert planned.status == 0, planned.output
    assert "its parent octopus_tentacle is built in this run" in planned.output


def test_nothing_is_said_of_what_is_up_to_date(works: Works, line: tuple[Build, Build]) -> None:
    tentacle = works.make_build("octopus_tentacle")
    works.make_build("iis_dotnet", parent_build=tentacle.id)
    told = works.play("watch.yml", "-e", "fail_on_news=true", "-e", "rebuild=true")
    assert told.status == 0, told.output
    assert "No image would be rebuilt for its base" in told.output
    assert "changed=0" in told.output


def test_an_image_of_which_nobody_can_tell_fails_the_job(works: Works, line: tuple[Build, Build]) -> None:
    bases = '{"golden_bases": {"windows_server_2022": {"ami_id": "ami-0123456789abcdef0", "owner": "amazon"}}}'
    failed = works.play("watch.yml", "-e", bases)
    assert failed.status == 2, failed.output
    assert "cannot be seen" in failed.output
    assert "Nobody can tell" in failed.output
