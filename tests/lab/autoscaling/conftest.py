# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of their own for the tests of Auto Scaling: the real process, once."""

from __future__ import annotations

import json
import typing as t
import uuid

import pytest

from tests.lab.autoscaling.support import Groups
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


@pytest.fixture(scope="session")
def own_image(lab: Lab, ec2: t.Any, base_image: str) -> t.Callable[[], str]:
    """Make an AMI of the account's own."""

    def make() -> str:
        name = f"own-{uuid.uuid4()}"
        image_id = ec2.copy_image(SourceImageId=base_image, SourceRegion=lab.state["region"], Name=name)["ImageId"]

        def available() -> bool:
            return bool(ec2.describe_images(ImageIds=[image_id])["Images"][0]["State"] == "available")

        eventually(available, image_id)
        return t.cast("str", image_id)

    return make


@pytest.fixture
def groups(lab: Lab) -> t.Iterator[Groups]:
    made = Groups(lab)
    yield made
    lab.control("guest-fault", fault="none")
    made.remove()
