# SPDX-License-Identifier: GPL-3.0-or-later
"""The build and the inventory work through ansible-runner, the way AWX runs them."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from tests.e2e.conftest import Lab

from .awx import Awx, text

STOCK = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"


@pytest.fixture(scope="module")
def awx(lab: Lab, installed: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Awx:
    return Awx(tmp_path_factory.mktemp("awx"), installed, lab)


@pytest.fixture(scope="module")
def server(lab: Lab) -> str:
    """Return an instance that runs from a stock AMI."""
    ec2 = lab.client("ec2")
    stock = lab.client("ssm").get_parameter(Name=STOCK)["Parameter"]["Value"]
    started = ec2.run_instances(ImageId=stock, MinCount=1, MaxCount=1, SubnetId=lab.info["subnet_id"])
    return str(started["Instances"][0]["InstanceId"])


@pytest.fixture(scope="module")
def inventory(awx: Awx, server: str) -> dict[str, t.Any]:
    """Return what an update of the lab's inventory stores."""
    return awx.update_inventory(1, "inventories/lab")


def test_an_inventory_update_stores_the_fleet_and_the_variables(inventory: dict[str, t.Any], server: str) -> None:
    assert {"localhost", server} <= set(inventory["_meta"]["hostvars"])
    assert server in inventory["unmanaged"]["hosts"]
    assert "octopus_tentacle" in inventory["all"]["vars"]["golden_images"]


def test_a_job_in_check_mode_plans_and_starts_nothing(awx: Awx, inventory: dict[str, t.Any], lab: Lab) -> None:
    before = lab.calls()
    job = awx.job(2, "playbooks/build.yml", inventory, check=True, image="octopus_tentacle")
    assert (job.status, job.rc) == ("successful", 0), text(job)
    [planned] = [
        event for event in job.events if event["event"] == "runner_on_ok" and event["event_data"]["task"] == "Plan"
    ]
    result = planned["event_data"]["res"]
    assert result["changed"] is True
    assert [(entry["image"], entry["action"]) for entry in result["plan"]] == [("octopus_tentacle", "build")]
    assert planned["event_data"]["host"] == "localhost"
    assert planned["event_data"]["task_action"] == "golden.windows_ami.build_plan"
    started = lab.calls() - before
    assert {call for call in started if "RunInstances" in call or "CreateImage" in call} == set()


def test_the_job_says_what_would_be_built(awx: Awx, inventory: dict[str, t.Any]) -> None:
    job = awx.job(3, "playbooks/build.yml", inventory, check=True)
    shown = text(job)
    assert job.status == "successful", shown
    for image in inventory["all"]["vars"]["golden_images"]:
        assert image in shown
    assert "localhost" in job.stats["ok"]
    assert job.stats["failures"] == {}


def test_a_job_that_fails_says_why_in_its_events(awx: Awx, inventory: dict[str, t.Any]) -> None:
    job = awx.job(4, "playbooks/build.yml", inventory, check=True, image="no_such_image")
    assert job.status == "failed"
    [failed] = [event for event in job.events if event["event"] == "runner_on_failed"]
    message = failed["event_data"]["res"]["msg"]
    assert "no_such_image" in message
    assert "iis_dotnet" in message, "the images that there are"
