# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/prove.yml on AMIs that must not pass. That a good one passes is shown by the builds end to end."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.e2e.conftest import BIN, ROOT, ec2_contents
from tests.verbs.conftest import Works


@pytest.fixture
def nothing_left(works: Works) -> t.Iterator[None]:
    """Check that a test leaves nothing in EC2 but what it made itself."""
    yield
    left = ec2_contents(works.lab)
    assert left["instances"] == set()
    assert left["key pairs"] == set()
    assert not [group for group in groups(works) if group.startswith("golden-proof")]


def groups(works: Works) -> list[str]:
    return [group["GroupName"] for group in works.lab.client("ec2").describe_security_groups()["SecurityGroups"]]


@pytest.mark.usefixtures("nothing_left")
def test_an_ami_that_was_not_sealed_is_not_verified(works: Works) -> None:
    build = works.make_build("octopus_tentacle", status="built")

    done = works.play("prove.yml", "-e", "image=octopus_tentacle", "-e", '{"golden_proof_password_timeout": 8}')

    assert done.status != 0
    assert "boot" in done.output
    assert "EC2 has no password of it after 8 s" in done.output
    assert "EC2 has none for i-" in done.output
    recorded = works.catalogue.get(build.id)
    assert recorded is not None
    assert recorded.status == "built"
    assert recorded.contents["proof"]["proven"] is False


@pytest.mark.usefixtures("nothing_left")
def test_check_mode_starts_nothing(works: Works) -> None:
    build = works.make_build("octopus_tentacle", status="built")

    done = works.play("prove.yml", "-e", f"build={build.id}", "--check")

    assert done.status == 0, done.output
    assert f"2 instances of octopus_tentacle {build.id} would be started" in done.output
    assert works.catalogue.get(build.id) == build


@pytest.mark.usefixtures("nothing_left")
def test_what_is_verified_needs_no_proof(works: Works) -> None:
    build = works.make_build("iis_dotnet")

    done = works.play("prove.yml", "-e", f"build={build.id}")

    assert done.status == 0, done.output
    assert "No instances are needed: every build is verified" in done.output


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name a build by one of build, ami and image"),
        (["-e", "image=nonsense"], "has no usable build"),
        (["-e", "ami=ami-00000000"], "AMI ami-00000000 is of no build"),
    ],
    ids=["nothing named", "unknown image", "unknown AMI"],
)
def test_bad_input_starts_nothing(works: Works, arguments: list[str], message: str) -> None:
    done = works.play("prove.yml", *arguments)

    assert done.status != 0
    assert message in done.output


@pytest.mark.usefixtures("nothing_left")
def test_an_ami_that_is_gone_is_said_to_be(works: Works) -> None:
    build = works.make_build("octopus_tentacle", status="built")
    works.lab.client("ec2").deregister_image(ImageId=build.amis[works.region])

    done = works.play("prove.yml", "-e", f"build={build.id}")

    assert done.status != 0
    assert f"Cannot start an instance of {build.amis[works.region]}" in done.output


def sealed_by_amazon(works: Works) -> Build:
    """Record an AMI that gets a password, as a build: Amazon's own, which boots and is none of ours otherwise."""
    made = works.make_build("octopus_tentacle", status="failed", amis={}, snapshots={})
    record = {
        **made.to_dict(),
        "id": f"{made.id[:-6]}abcdef",
        "status": "built",
        "amis": {works.region: works.stock_ami()},
    }
    return works.catalogue.finish(Build.from_dict(record))


@pytest.mark.usefixtures("nothing_left")
def test_instances_that_let_nobody_in_are_taken_away_all_the_same(works: Works) -> None:
    build = sealed_by_amazon(works)

    done = works.play("prove.yml", "-e", f"build={build.id}", "-e", "ansible_password=wrong")

    assert done.status != 0
    assert "Check that one can log in" in done.output
    recorded = works.catalogue.get(build.id)
    assert recorded is not None
    assert recorded.status == "built"
    assert "the specified credentials were rejected" in recorded.contents["proof"]["checks"]["login"]


@pytest.mark.usefixtures("nothing_left")
def test_an_image_that_is_another_one_is_not_proved(works: Works) -> None:
    build = sealed_by_amazon(works)

    done = works.play("prove.yml", "-e", f"build={build.id}")

    assert done.status != 0
    checks = works.catalogue.get(build.id).contents["proof"]["checks"]  # type: ignore[union-attr]
    assert (checks["password"], checks["user data"], checks["identity"]) == ("ok", "ok", "ok")
    assert "octopus_tentacle" in checks["roles"]


@pytest.mark.usefixtures("nothing_left")
def test_the_lab_is_found_from_the_inventory_alone(works: Works, tmp_path: pathlib.Path) -> None:
    """As after `make build`: nothing in the environment says where the lab is, also not to the instances' tasks."""
    build = sealed_by_amazon(works)
    shutil.copytree(ROOT / "inventories", tmp_path / "inventories", symlinks=True)
    shutil.copy(ROOT / "ansible.cfg", tmp_path)
    (tmp_path / ".lab").symlink_to(works.lab.directory)
    for name in (".ansible", "playbooks"):
        (tmp_path / name).symlink_to(ROOT / name)
    environment = {name: value for name, value in works.lab.environment.items() if name != "GOLDEN_LAB_DIR"}

    done = subprocess.run(
        [str(BIN / "ansible-playbook"), "playbooks/prove.yml", "-e", f"build={build.id}"],
        cwd=tmp_path, env={**environment, "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg")},
        timeout=300, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "The lab is not running" not in done.stdout + done.stderr
    checks = works.catalogue.get(build.id).contents["proof"]["checks"]  # type: ignore[union-attr]
    assert (checks["login"], checks["user data"], checks["identity"]) == ("ok", "ok", "ok")
