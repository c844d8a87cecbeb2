# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed collection, used from another directory: its plugins, its actions and its playbooks."""

from __future__ import annotations

import json
import pathlib

import pytest

from tests.e2e.conftest import Lab

from .elsewhere import User

STOCK = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"


@pytest.fixture(scope="module")
def user(lab: Lab, installed: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> User:
    return User(tmp_path_factory.mktemp("user"), installed, lab)


@pytest.fixture(scope="module")
def ami(user: User, lab: Lab) -> str:
    """Make an AMI with a plain play, as somebody does who has never built one with this collection."""
    ec2 = lab.client("ec2")
    stock = lab.client("ssm").get_parameter(Name=STOCK)["Parameter"]["Value"]
    [instance] = ec2.run_instances(ImageId=stock, MinCount=1, MaxCount=1, SubnetId=lab.info["subnet_id"])["Instances"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance["InstanceId"]], WaiterConfig={"Delay": 1})
    made = user.tasks(
        {
            "name": "Make an AMI",
            "amazon.aws.ec2_ami": {
                "instance_id": instance["InstanceId"],
                "name": "web-1",
                "no_reboot": True,
                "wait": True,
                "region": lab.info["region"],
                "tags": {"golden:image": "web"},
            },
        }
    )
    assert made.status == 0, made.output
    assert "WARNING" not in made.output
    [image] = ec2.describe_images(Filters=[{"Name": "name", "Values": ["web-1"]}])["Images"]
    return str(image["ImageId"])


def test_the_callback_records_and_the_lookup_finds(user: User, ami: str) -> None:
    assert user.says("{{ lookup('golden.windows_ami.ami', 'web') }}") == ami
    other = "{{ lookup('golden.windows_ami.ami', 'web', region='us-east-1', default='none yet') }}"
    assert user.says(other) == "none yet"


def test_the_inventory_groups_what_runs_by_image(user: User, ami: str, lab: Lab) -> None:
    ec2 = lab.client("ec2")
    [server] = ec2.run_instances(ImageId=ami, MinCount=1, MaxCount=1, SubnetId=lab.info["subnet_id"])["Instances"]
    listed = user.run("ansible-inventory", "--list")
    assert listed.status == 0, listed.output
    inventory = json.loads(listed.output)
    assert inventory["image_web"]["hosts"] == [server["InstanceId"]]
    assert inventory["_meta"]["hostvars"][server["InstanceId"]]["golden_ami"] == {"__ansible_unsafe": ami} or (
        inventory["_meta"]["hostvars"][server["InstanceId"]]["golden_ami"] == ami
    )


def test_a_filter_is_found(user: User) -> None:
    images = "{'a': {'roles': ['x']}, 'b': {'parent': 'a', 'roles': []}}"
    assert user.says(f"{{{{ {images} | golden.windows_ami.image_lineage('b') | length }}}}") == "2"


def test_the_playbook_plans_images_of_its_own(user: User, installed: pathlib.Path) -> None:
    user.write(
        "images.json",
        {
            "golden_bases": {"stock": {"ssm_parameter": STOCK}},
            "golden_images": {
                "edge": {"description": "Mine", "base": "stock", "roles": ["golden.windows_ami.firewall"]}
            },
            "golden_builder": {},
        },
    )
    planned = user.run("ansible-playbook", "golden.windows_ami.build", "--check", "-e", "@images.json", "-v")
    assert planned.status == 0, planned.output
    assert "edge" in planned.output
    assert "build" in planned.output
    # The roles whose files decide are those of the installed copy.
    assert str(installed) not in planned.output or "/.ansible/collections/" not in planned.output


def test_ansible_doc_shows_what_is_installed(user: User, installed: pathlib.Path) -> None:
    shown = user.run("ansible-doc", "-t", "inventory", "golden.windows_ami.fleet")
    assert shown.status == 0, shown.output
    assert str(installed) in shown.output
