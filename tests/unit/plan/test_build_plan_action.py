# SPDX-License-Identifier: GPL-3.0-or-later
"""The build_plan action against a moto EC2, a real catalogue and roles on disk."""

from __future__ import annotations

import datetime as dt
import pathlib
import typing as t
import uuid

import boto3
import pytest
from ansible_collections.golden.windows_ami.plugins.action import build_plan
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import lease_name, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.plan import PlanEntry
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, new_build_id, timestamp
from moto import mock_aws

from tests.unit.actions import run_action

from .conftest import write
from .records import REGION

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
IMAGES: dict[str, t.Any] = {
    "tentacle": {"base": "windows", "roles": ["plain"]},
    "shop": {"parent": "tentacle", "roles": ["web"], "vars": {"web_port": 8080}},
}


class World:
    """A project, an EC2 and a catalogue."""

    def __init__(self, project: pathlib.Path, ec2: t.Any) -> None:
        self.project = project
        self.ec2 = ec2
        self.family = f"Windows-{uuid.uuid4()}"  # the EC2 is shared by all tests
        self.windows = self.register(f"{self.family}-2026.11.11")
        self.options: dict[str, t.Any] = {
            "images": IMAGES,
            "bases": {"windows": {"name": f"{self.family}-*", "owner": "self"}},
            "aws": {"region": REGION},
            "catalogue": f"sqlite:{project}/catalogue.sqlite",
            "builder": {"root_volume_gib": 50, "instance_type": "m5.large"},
            "provision": str(project / "playbooks/provision.yml"),
            "template": str(project / "packer"),
        }
        self.variables: dict[str, t.Any] = {}

    def register(self, name: str) -> str:
        """Make a Windows AMI in the mocked account."""
        volume = self.ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=30)["VolumeId"]
        snapshot = self.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        devices = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}]
        ami = self.ec2.register_image(Name=name, Architecture="x86_64", BlockDeviceMappings=devices)["ImageId"]
        self._backend().amis[ami].platform = "windows"
        return str(ami)

    @staticmethod
    def _backend() -> t.Any:
        from moto.ec2 import ec2_backends

        return ec2_backends["123456789012"][REGION]

    def plan(self, check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
        """Run the action."""
        wanted = {**self.options, **options}
        return run_action(build_plan.ActionModule, wanted, self.variables, self.project / "playbooks", check_mode)

    def entries(self, **options: t.Any) -> dict[str, PlanEntry]:
        """Return the plan by image."""
        return {entry["image"]: PlanEntry.from_dict(entry) for entry in self.plan(**options)["plan"]}

    def build(self, entry: PlanEntry, **values: t.Any) -> Build:
        """Do what packer_build does: make an AMI and record it."""
        now = dt.datetime.now(dt.UTC)
        build = Build(
            **{
                "id": new_build_id(now),
                "image": entry.image,
                "status": "built",
                "started": timestamp(now),
                "amis": {REGION: self.register(f"golden-{entry.image}-{now.timestamp()}")},
                "inputs": entry.inputs,
                "fingerprint": entry.fingerprint,
                "source_ami_name": entry.source_ami_name,
                **values,
            }
        )
        open_catalogue(self.options["catalogue"]).finish(build)
        return build

    def build_all(self) -> dict[str, Build]:
        """Build both images."""
        first = self.build(self.entries()["tentacle"])
        return {"tentacle": first, "shop": self.build(self.entries()["shop"])}


@pytest.fixture(scope="module")
def ec2() -> t.Iterator[t.Any]:
    with mock_aws():  # sets credentials of its own
        yield boto3.client("ec2", REGION)


@pytest.fixture
def world(project: pathlib.Path, ec2: t.Any) -> World:
    return World(project, ec2)


def test_nothing_built_yet(world: World) -> None:
    result = world.plan()
    assert result["changed"] is True
    assert [entry["image"] for entry in result["plan"]] == ["tentacle", "shop"]
    assert result["plan"][0]["source_ami"] == world.windows
    assert result["plan"][1]["vars"] == {"web_port": 8080}
    assert result["plan"][1]["source_ami"] is None
    assert {"role:seal", "role:plain", "roles", "template", "user_data", "provision"} < set(result["plan"][0]["inputs"])


def test_after_a_build_nothing_is_to_do(world: World) -> None:
    builds = world.build_all()
    result = world.plan()
    assert result["changed"] is False
    assert [entry["build_id"] for entry in result["plan"]] == [builds["tentacle"].id, builds["shop"].id]


def test_one_changed_variable_rebuilds_the_image_that_has_it(world: World) -> None:
    world.build_all()
    world.variables["web_mode"] = "a"
    entries = world.entries()
    assert (entries["tentacle"].action, entries["shop"].action) == ("skip", "build")
    assert entries["shop"].reasons == ("variable web_mode is new",)
    assert entries["shop"].changed_inputs == ("var:web_mode",)


def test_a_newer_base_rebuilds_everything(world: World) -> None:
    world.build_all()
    newer = world.register(f"{world.family}-2026.12.09")
    entries = world.entries()
    assert entries["tentacle"].source_ami == newer
    assert "2026.12.09" in entries["tentacle"].reasons[0]
    assert entries["shop"].reasons == ("its parent tentacle is built in this run",)


def test_a_deregistered_ami_is_built_anew(world: World) -> None:
    builds = world.build_all()
    ami = builds["tentacle"].amis[REGION]
    world.ec2.deregister_image(ImageId=ami)
    entries = world.entries(image=["shop"])
    assert entries["tentacle"].reasons[0].endswith(f"cannot be used: {ami} is gone")
    assert entries["shop"].action == "build"


def test_one_chosen_image_brings_its_parent_only_when_there_is_none(world: World) -> None:
    assert list(world.entries(image=["shop"])) == ["tentacle", "shop"]
    world.build(world.entries()["tentacle"])
    assert list(world.entries(image=["shop"])) == ["shop"]


def test_an_interrupted_build_is_reported_and_recorded_as_failed(world: World) -> None:
    catalogue = open_catalogue(world.options["catalogue"])
    lease = catalogue.acquire_lease(lease_name("tentacle"), "somebody", -1)
    build = Build(id=new_build_id(NOW), image="tentacle", started=timestamp(NOW))
    catalogue.start(build, None)
    assert lease
    world.plan(check_mode=True)
    assert catalogue.get(build.id).status == "building"  # type: ignore[union-attr]
    entry = world.entries()["tentacle"]
    assert catalogue.get(build.id).status == "failed"  # type: ignore[union-attr]
    assert entry.reasons[1].startswith(f"the last attempt, {build.id}, failed: Interrupted")


def test_check_mode_makes_no_catalogue(world: World) -> None:
    result = world.plan(check_mode=True)
    assert result["changed"] is True
    assert not (world.project / "catalogue.sqlite").exists()


@pytest.mark.parametrize(
    ("options", "variables", "message"),
    [
        ({"image": ["shopp"]}, {}, "Unknown image 'shopp'. Did you mean shop? Known: shop, tentacle."),
        ({"images": {"a": {"parent": "b"}, "b": {"parent": "a"}}}, {}, "in a circle: a → b → a"),
        (
            {"images": {"a": {"base": "windows", "roles": ["gone"]}}},
            {},
            "Image a: Role 'gone' does not exist. Looked in",
        ),
        ({}, {"web_port": "http"}, "Image shop: role web: argument 'web_port' is of type"),
        (
            {"images": {"a": {"base": "windows", "roles": ["web"], "vars": {"web_prt": 1}}}},
            {},
            "Did you mean web_port?",
        ),
        ({"bases": {"windows": {"ami_id": "ami-0123456789abcdef0"}}}, {}, "cannot be seen in eu-west-1"),
        ({"bases": {"windows": {"ssm_parameter": "/none"}}}, {}, "SSM parameter /none does not exist in eu-west-1"),
        ({"catalogue": "redis:x"}, {}, "must start with a scheme"),
        ({"aws": {"region": REGION, "config_file": "/none"}}, {}, "There is no AWS config file /none"),
        ({"template": "/none"}, {}, "/none"),
    ],
)
def test_bad_input_is_explained_and_nothing_is_written(
    world: World, options: dict[str, t.Any], variables: dict[str, t.Any], message: str
) -> None:
    world.variables |= {**variables, "web_port": variables.get("web_port", 1)}
    if variables:
        options = {"images": {**IMAGES, "shop": {"parent": "tentacle", "roles": ["web"]}}}
    result = world.plan(**options)
    assert result["failed"] is True
    assert message in result["msg"]
    assert result["msg"].startswith("The images cannot be planned.\n")


def test_mistakes_of_several_images_come_at_once(world: World) -> None:
    images = {
        "a": {"base": "windows", "roles": ["gone", "lost"]},
        "b": {"base": "windows", "roles": ["web"], "vars": {"web_x": 1}},
    }
    message = world.plan(images=images)["msg"]
    assert message.count("Image a: Role 'gone'") == 1
    assert message.count("Image a: Role 'lost'") == 1
    assert "Image b: web_x is no variable of web." in message


def test_no_secret_is_in_the_result(world: World) -> None:
    write(world.project / "note", "")
    world.variables["web_key"] = "hunter2"
    result = world.plan()
    assert "hunter2" not in str(result)
    assert result["plan"][1]["secret_vars"] == ["web_key"]
