# SPDX-License-Identifier: GPL-3.0-or-later
"""Both images are built by one command, recorded, listed, and built again only when something changed."""

from __future__ import annotations

import json
import re

import pytest

from .conftest import Built, Lab, ec2_contents


def newest(lab: Lab, image: str) -> dict:
    return next(build for build in lab.catalogue() if build["image"] == image)


def test_both_images_are_built_in_order(built: Built) -> None:
    table = [
        line.split() for line in built.finished.output.splitlines() if re.search(r"ami-\w+ .*\d\s+verified$", line)
    ]
    assert [row[0] for row in table] == ["octopus_tentacle", "iis_dotnet"]


def test_packers_lines_carry_the_name_of_the_image(built: Built) -> None:
    for image in ("octopus_tentacle", "iis_dotnet"):
        assert re.search(rf"^{image}\W.*Waiting for instance", built.finished.output, re.MULTILINE)


def test_a_build_leaves_an_ami_and_its_snapshot_and_nothing_else(built: Built) -> None:
    made = {kind: built.after[kind] - built.before[kind] for kind in built.after}
    assert {kind: len(ids) for kind, ids in made.items() if ids} == {"AMIs": 2, "snapshots": 2}


@pytest.mark.parametrize("image", ["octopus_tentacle", "iis_dotnet"])
def test_the_record_says_where_an_ami_came_from(lab: Lab, built: Built, image: str) -> None:
    build = newest(lab, image)
    described = lab.client("ec2").describe_images(ImageIds=[build["amis"]["eu-west-1"]])["Images"][0]
    tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
    assert build["status"] == "verified"
    assert build["contents"]["proof"]["proven"] is True
    assert build["source_ami"] == tags["golden:parent"]
    assert build["fingerprint"] == tags["golden:fingerprint"]
    assert build["id"] == tags["golden:build"]
    assert described["Public"] is False
    assert described["ImdsSupport"] == "v2.0"
    assert all(mapping["Ebs"]["Encrypted"] for mapping in described["BlockDeviceMappings"] if "Ebs" in mapping)
    assert {"ansible-core", "packer"} <= set(build["versions"])
    assert [role["name"] for role in build["roles"]]
    assert build["contents"]["windows"]["build"].startswith("20348.")


def test_the_second_image_is_based_on_the_first(lab: Lab, built: Built) -> None:
    first, second = newest(lab, "octopus_tentacle"), newest(lab, "iis_dotnet")
    assert second["source_ami"] == first["amis"]["eu-west-1"]
    assert second["parent_build"] == first["id"]


def test_nothing_to_do_runs_no_packer_and_says_why(lab: Lab, built: Built) -> None:
    before = ec2_contents(lab)
    finished = lab.build()
    assert finished.status == 0, finished.output
    assert finished.output.count("up to date") >= 2
    assert "Waiting for instance" not in finished.output
    assert ec2_contents(lab) == before


def test_check_mode_shows_the_plan_and_starts_nothing(lab: Lab, built: Built) -> None:
    before = ec2_contents(lab)
    finished = lab.build("--check", "-e", "force=true")
    assert finished.status == 0, finished.output
    assert re.search(r"iis_dotnet.*build", finished.output)
    assert ec2_contents(lab) == before


@pytest.mark.parametrize(
    ("change", "rebuilt"),
    [
        ({"iis_dotnet_features": ["Web-Server"]}, ["iis_dotnet"]),
        ({"firewall_rules": [{"name": "HTTPS", "port": "443"}]}, ["octopus_tentacle", "iis_dotnet"]),
    ],
    ids=["of the last image", "of the first image"],
)
def test_a_changed_variable_names_itself_and_what_is_rebuilt(
    lab: Lab, built: Built, change: dict, rebuilt: list[str]
) -> None:
    finished = lab.build("--check", "-e", json.dumps(change))
    assert finished.status == 0, finished.output
    for name in change:
        assert name in finished.output
    for image in ("octopus_tentacle", "iis_dotnet"):
        line = next(line for line in finished.output.splitlines() if re.match(rf"\s*{image}\b", line))
        assert ("up to date" not in line) == (image in rebuilt)


def test_the_inventory_has_a_group_for_each_image(lab: Lab, built: Built) -> None:
    graph = lab.run("ansible-inventory", "--graph")
    assert graph.status == 0
    assert "@image_octopus_tentacle" in graph.output
    assert "@image_iis_dotnet" in graph.output


def test_the_lookup_gives_the_ami(lab: Lab, built: Built) -> None:
    said = lab.run(
        "ansible", "localhost", "-m", "debug", "-a", "msg={{ lookup('golden.windows_ami.ami', 'iis_dotnet') }}"
    )
    assert newest(lab, "iis_dotnet")["amis"]["eu-west-1"] in said.output
