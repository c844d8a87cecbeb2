# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory golden.windows_ami.fleet with options: channels, accounts, logins, filters, regions and the cache."""

from __future__ import annotations

import datetime as dt
import json

from tests.bench.canned_ec2 import canned
from tests.unit.running import output

from .conftest import Cloud, Project


def test_channels_of_the_catalogue_are_groups(project: Project, cloud: Cloud) -> None:
    first, second = (project.record("web", number, cloud.make_ami(f"web-{number}")) for number in (1, 2))
    old, new = (cloud.run(build.amis["eu-west-1"]) for build in (first, second))
    moved = dt.datetime(2026, 11, 22, 17, tzinfo=dt.UTC)
    project.catalogue.move_channel("web", "stable", first.id, None, None, moved, None)
    listing = project.inventory()
    assert listing.hosts("channel_stable") == [old]
    assert listing.hosts("stale") == [], "the newer build is in no channel yet"

    project.catalogue.move_channel("web", "stable", second.id, None, None, moved, first.id)
    listing = project.inventory()
    assert (listing.hosts("channel_stable"), listing.hosts("stale")) == ([new], [old])
    assert listing.variables(old)["golden_newest_build"] == second.id
    assert listing.variables(new)["golden_channels"] == ["stable"]


def test_an_instance_of_a_build_that_was_deregistered_is_still_known(project: Project, cloud: Cloud) -> None:
    gone = cloud.make_ami("web-1")
    instance = cloud.run(gone)
    cloud.ec2.deregister_image(ImageId=gone)
    project.record("web", 1, gone, status="deregistered")
    listing = project.inventory()
    assert {"image_web", "orphaned"} < listing.groups_of(instance)
    assert listing.variables(instance)["golden_status"] == "deregistered"


def test_a_play_can_be_limited_to_an_auto_scaling_group_and_to_an_account(project: Project, cloud: Cloud) -> None:
    mine, other = cloud.run(name="web"), cloud.run()
    cloud.ec2.create_tags(Resources=[mine], Tags=[{"Key": "aws:autoscaling:groupName", "Value": "web-servers"}])
    project.configure(accounts=[{"name": "main"}])
    result = project.run("--list", "--limit", "asg_web_servers:&account_main")
    assert set(json.loads(result.stdout)["_meta"]["hostvars"]) == {mine}, output(result)
    listing = project.inventory()
    assert listing.hosts("account_main") == sorted([mine, other])
    assert listing.variables(mine)["golden_account"] == "main"


def test_the_connection_and_where_the_password_comes_from_are_options(project: Project, cloud: Cloud) -> None:
    instance = cloud.run()
    project.configure(connection="psrp", winrm_server_cert_validation="ignore", key_file="../fleet.pem")
    variables = project.inventory().variables(instance)
    connection = {name: value for name, value in variables.items() if name.startswith("ansible_psrp")}
    assert connection == {
        "ansible_psrp_protocol": "https", "ansible_psrp_auth": "ntlm", "ansible_psrp_cert_validation": "ignore"
    }  # fmt: skip
    assert variables["ansible_connection"] == "ansible.builtin.psrp"
    assert variables["ansible_user"] == "Administrator"
    assert variables["golden_key_file"] == str(project.path / "fleet.pem")
    assert (
        variables["ansible_password"] == "{{ lookup('golden.windows_ami.windows_password', key_file=golden_key_file) }}"
    )

    project.configure(connection="none", user="ansible", ssm_parameter="/fleet/{{ golden_instance.id }}")
    project.write("inventory/group_vars/fleet.yml", json.dumps({"ansible_port": 4711}))
    variables = project.inventory().variables(instance)
    assert "ansible_connection" not in variables
    assert (variables["ansible_user"], variables["ansible_port"]) == ("ansible", 4711)
    assert variables["golden_password_parameter"] == "/fleet/{{ golden_instance.id }}"


def test_ec2s_own_filters_narrow_the_fleet(project: Project, cloud: Cloud) -> None:
    red, blue = cloud.run(team="red"), cloud.run(team="blue")
    cloud.run(team="green")
    project.configure(filters={"tag:team": ["red", "blue"]}, page_size=5)
    assert project.inventory().hosts("fleet") == sorted([red, blue])


def test_one_region_that_refuses_is_named_and_its_absence_is_not_cached(project: Project) -> None:
    cached = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(project.path / "cache"),
    }
    with canned(3, 1, 2, ["eu-west-1"]) as ec2:
        project.write("config", (project.path / "config").read_text().replace(_endpoint(project), ec2.address))
        project.configure(regions=["eu-west-1", "us-east-1"], **cached)
        for calls in (3, 6):
            result = project.run("--graph", "fleet")
            assert result.returncode == 0
            assert result.stdout.count("--i-") == 3
            assert result.stderr.count("[WARNING]") == 1
            assert "The fleet is incomplete. Cannot list instances in us-east-1: the permission" in result.stderr
            assert ec2.calls["DescribeInstances"] == calls

        project.configure(regions=["eu-west-1"], **cached)
        for _ in range(2):
            assert project.run("--graph", "fleet").stderr == ""
            assert ec2.calls["DescribeInstances"] == 8
        project.configure(regions=["eu-west-1"], states=["stopped"], **cached)
        project.run("--graph", "fleet")
        assert ec2.calls["DescribeInstances"] == 10, "what was asked has changed"


def _endpoint(project: Project) -> str:
    lines = (project.path / "config").read_text().splitlines()
    return next(line.partition(" = ")[2] for line in lines if line.startswith("endpoint_url"))
