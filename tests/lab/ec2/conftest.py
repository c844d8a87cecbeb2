# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of their own for the tests of EC2: the real process, once."""

from __future__ import annotations

import json
import typing as t
import uuid

import pytest

from tests.lab.ec2.support import Lab, eventually, lab_command, newest_image


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    directory = tmp_path_factory.mktemp("lab")
    started = lab_command(directory, "up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield Lab(json.loads((directory / "lab.json").read_text()))
    assert lab_command(directory, "down").returncode == 0


@pytest.fixture(scope="session")
def ec2(lab: Lab) -> t.Any:
    return lab.client("ec2")


@pytest.fixture(scope="session")
def base_image(lab: Lab) -> str:
    return newest_image(lab)


@pytest.fixture
def key_pair(ec2: t.Any) -> t.Iterator[dict[str, t.Any]]:
    pair = ec2.create_key_pair(KeyName=f"key-{uuid.uuid4()}")
    yield pair
    ec2.delete_key_pair(KeyName=pair["KeyName"])


@pytest.fixture
def run(ec2: t.Any, base_image: str) -> t.Iterator[t.Callable[..., dict[str, t.Any]]]:
    """Start one instance of the stock image, or as told, and terminate it after the test."""
    started: list[str] = []

    def start(**options: t.Any) -> dict[str, t.Any]:
        options = {"ImageId": base_image, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1, **options}
        instance = ec2.run_instances(**options)["Instances"][0]
        started.append(instance["InstanceId"])
        return t.cast("dict[str, t.Any]", instance)

    yield start
    if started:
        ec2.terminate_instances(InstanceIds=started)


@pytest.fixture(scope="session")
def wait_state(ec2: t.Any) -> t.Callable[[str, str], dict[str, t.Any]]:
    """Wait until an instance is in a state; return it."""

    def wait(instance_id: str, state: str) -> dict[str, t.Any]:
        def look() -> dict[str, t.Any] | None:
            found = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
            return found if found["State"]["Name"] == state else None

        return t.cast("dict[str, t.Any]", eventually(look, f"{instance_id} {state}"))

    return wait
