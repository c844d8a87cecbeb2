# SPDX-License-Identifier: GPL-3.0-or-later
"""AMIs that plays make with the modules of amazon.aws and community.aws are recorded too."""

from __future__ import annotations

import typing as t

import boto3
import pytest

from tests.unit.running import an_ec2, output

from .conftest import Project

Values = dict[str, t.Any]


@pytest.fixture(scope="module")
def endpoint() -> t.Iterator[str]:
    with an_ec2() as address:
        yield address


@pytest.fixture
def instance(endpoint: str) -> str:
    ec2 = _client(endpoint, "eu-west-1")
    stock = ec2.describe_images(Filters=[{"Name": "platform", "Values": ["windows"]}])["Images"][0]["ImageId"]
    return str(ec2.run_instances(ImageId=stock, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"])


def _client(endpoint: str, region: str) -> t.Any:
    return boto3.Session("testing", "testing").client("ec2", region_name=region, endpoint_url=endpoint)


def aws(module: str, endpoint: str, **options: t.Any) -> Values:
    keys = {"access_key": "testing", "secret_key": "testing", "endpoint_url": endpoint, "region": "eu-west-1"}
    return {
        "name": f"Run {module}",
        module: {**keys, **options},
        "register": "made",
    }


def make(endpoint: str, **options: t.Any) -> Values:
    return aws("amazon.aws.ec2_ami", endpoint, wait=True, **options)


def test_a_new_ami_is_recorded(project: Project, endpoint: str, instance: str) -> None:
    task = make(endpoint, instance_id=instance, name="web-1", description="hunter2")
    result = project.play(task)
    assert result.returncode == 0, output(result)

    (build,) = project.catalogue.builds()
    ami = _client(endpoint, "eu-west-1").describe_images(
        Owners=["self"], Filters=[{"Name": "name", "Values": ["web-1"]}]
    )
    assert build.amis == {"eu-west-1": ami["Images"][0]["ImageId"]}
    assert (build.image, build.ami_name, build.status) == ("web-1", "web-1", "built")
    assert build.author
    assert build.controller
    assert build.versions["ansible-core"].startswith("2.")
    kept = project.catalogue_file.read_bytes()
    assert b"hunter2" not in kept, "arguments are not recorded"
    assert b"testing" not in kept, "nor are credentials"


def test_changing_or_removing_an_ami_makes_no_build(project: Project, endpoint: str, instance: str) -> None:
    ec2 = _client(endpoint, "eu-west-1")
    ami = ec2.create_image(InstanceId=instance, Name="older")["ImageId"]
    result = project.play(
        make(endpoint, image_id=ami, tags={"a": "b"}), aws("amazon.aws.ec2_ami", endpoint, image_id=ami, state="absent")
    )
    assert result.returncode == 0, output(result)
    assert result.stdout.count("changed: [localhost]") == 2
    assert project.catalogue.builds() == []


def test_a_copy_is_another_ami_of_the_same_build(project: Project, endpoint: str, instance: str) -> None:
    result = project.play(
        make(endpoint, instance_id=instance, name="original"),
        aws(
            "community.aws.ec2_ami_copy", endpoint, region="us-east-1", source_region="eu-west-1",
            source_image_id="{{ made.image_id }}", name="copy",
        ),
    )  # fmt: skip
    assert result.returncode == 0, output(result)
    (build,) = project.catalogue.builds()
    assert set(build.amis) == {"eu-west-1", "us-east-1"}
    assert build.image == "original"
    assert project.catalogue.by_ami(build.amis["us-east-1"]) == build


def test_a_copy_finds_its_build_even_from_the_spool(project: Project, endpoint: str, instance: str) -> None:
    project.play(make(endpoint, instance_id=instance, name="spooled"))
    (build,) = project.catalogue.builds()
    directory = project.catalogue_file.parent
    directory.rename(project.path / "away")
    directory.write_text("in the way")
    options = {"region": "us-east-1", "source_region": "eu-west-1", "source_image_id": build.amis["eu-west-1"]}
    result = project.play(aws("community.aws.ec2_ami_copy", endpoint, name="copy of spooled", **options))
    assert len(project.waiting()) == 1, output(result)

    directory.unlink()
    (project.path / "away").rename(directory)
    project.play({"ansible.builtin.debug": {}})
    (kept,) = project.catalogue.builds()
    assert (kept.id, set(kept.amis)) == (build.id, {"eu-west-1", "us-east-1"})
    assert project.waiting() == []


def test_a_copy_of_an_unknown_ami_is_a_build_of_its_own(project: Project, endpoint: str, instance: str) -> None:
    ami = _client(endpoint, "eu-west-1").create_image(InstanceId=instance, Name="unknown")["ImageId"]
    options = {"region": "us-east-1", "source_region": "eu-west-1", "source_image_id": ami}
    project.play(aws("community.aws.ec2_ami_copy", endpoint, name="copy of unknown", **options))
    (build,) = project.catalogue.builds()
    assert (build.image, build.source_ami, set(build.amis)) == ("copy of unknown", ami, {"us-east-1"})


def test_a_module_that_does_not_say_its_region_takes_the_inventorys(
    project: Project, endpoint: str, instance: str
) -> None:
    task = make(endpoint, instance_id=instance, name="regionless")
    task["amazon.aws.ec2_ami"].pop("region")
    task["environment"] = {"AWS_REGION": "eu-west-1"}
    project.play(task, golden_aws={"region": "{{ 'eu-west-1' }}"})
    (build,) = project.catalogue.builds()
    assert set(build.amis) == {"eu-west-1"}
