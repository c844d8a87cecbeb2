# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory golden.windows_ami.fleet, run by ansible-inventory against an EC2."""

from __future__ import annotations

import json
import pathlib
import re

import pytest

from tests.unit.running import REPOSITORY, ansible, output

from .conftest import Cloud, Project


def test_instances_are_grouped_by_image_and_by_what_is_wrong_with_them(project: Project, cloud: Cloud) -> None:
    old_ami, new_ami, gone_ami = (cloud.make_ami(name) for name in ("iis-1", "iis-2", "tentacle-1"))
    for number, (image, ami) in enumerate([("iis_dotnet", old_ami), ("iis_dotnet", new_ami), ("tentacle", gone_ami)]):
        project.record(image, number, ami)
    old, new, orphan, foreign = (cloud.run(ami) for ami in (old_ami, new_ami, gone_ami, cloud.stock_ami))
    cloud.ec2.deregister_image(ImageId=gone_ami)

    listing = project.inventory()

    def group_of(ami: str) -> str:
        return ami.replace("-", "_")

    assert listing.groups_of(old) == {"fleet", "image_iis_dotnet", "stale", group_of(old_ami), "age_0_30"}
    assert listing.groups_of(new) == {"fleet", "image_iis_dotnet", group_of(new_ami), "age_0_30"}
    # EC2 has forgotten it, but the catalogue knows when it was made.
    assert listing.groups_of(orphan) == {"fleet", "image_tentacle", "orphaned", group_of(gone_ami), "age_0_30"}
    assert listing.groups_of(foreign) == {"fleet", "unmanaged", group_of(cloud.stock_ami), "age_0_30"}


def test_an_instance_has_what_it_takes_to_connect_and_to_decide(project: Project, cloud: Cloud) -> None:
    old_ami, new_ami = cloud.make_ami("iis-1"), cloud.make_ami("iis-2")
    old = project.record("iis_dotnet", 1, old_ami, status="verified")
    new = project.record("iis_dotnet", 2, new_ami)
    instance = cloud.run(old_ami, name="web", team="red")
    answer = cloud.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]

    variables = project.inventory().variables(instance)

    connection = {name: value for name, value in variables.items() if name.startswith("ansible_")}
    connection.pop("ansible_local", None)
    assert connection == {
        "ansible_host": answer["PrivateIpAddress"],
        "ansible_connection": "ansible.builtin.winrm",
        "ansible_port": 5986,
        "ansible_winrm_scheme": "https",
        "ansible_winrm_transport": "ntlm",
    }
    assert (variables["golden_image"], variables["golden_build"]) == ("iis_dotnet", old.id)
    assert (variables["golden_status"], variables["golden_region"]) == ("verified", "eu-west-1")
    assert (variables["golden_ami"], variables["golden_ami_name"]) == (old_ami, "iis-1")
    assert (variables["golden_newest_ami"], variables["golden_newest_build"]) == (new_ami, new.id)
    assert (variables["golden_stale"], variables["golden_orphaned"]) == (True, False)
    assert variables["golden_instance"]["tags"] == {"Name": "web", "team": "red"}
    assert variables["golden_instance"]["name"] == "web"
    assert variables["golden_instance"]["state"] == "running"


def test_text_from_aws_is_never_a_template(project: Project, cloud: Cloud) -> None:
    instance = cloud.run(name="{{ lookup('ansible.builtin.pipe', 'touch pwned') }}")
    result = ansible(
        "ansible", "-i", "inventory", instance, "-c", "local", "-m", "ansible.builtin.debug",
        "-a", "var=golden_instance.name", home=project.path,
    )  # fmt: skip
    assert "lookup(" in result.stdout, output(result)
    assert not (project.path / "pwned").exists()


def test_tags_tell_the_image_of_an_ami_that_the_catalogue_does_not_know(project: Project, cloud: Cloud) -> None:
    ami = cloud.make_ami("iis-0", **{"golden:image": "iis_dotnet", "golden:build": "20261121T160000Z-000000"})
    instance = cloud.run(ami)
    listing = project.inventory()
    assert {"fleet", "image_iis_dotnet"} < listing.groups_of(instance)
    assert "stale" not in listing.groups_of(instance)
    assert listing.variables(instance)["golden_build"] == "20261121T160000Z-000000"

    project.record("iis_dotnet", 1, cloud.make_ami("iis-1"))
    assert "stale" in project.inventory().groups_of(instance)


def test_what_is_no_business_of_ours_is_left_out(project: Project, cloud: Cloud) -> None:
    linux = [{"Name": "name", "Values": ["amzn2-ami-*"]}]
    cloud.run(cloud.ec2.describe_images(Filters=linux)["Images"][0]["ImageId"])
    stopped, ended = cloud.run(), cloud.run()
    cloud.ec2.stop_instances(InstanceIds=[stopped])
    cloud.ec2.terminate_instances(InstanceIds=[ended])
    running = cloud.run()
    assert project.inventory().hosts("fleet") == [running]

    project.configure(states=["stopped"])
    assert project.inventory().hosts("fleet") == [stopped]


def test_the_machine_of_a_running_build_is_no_part_of_the_fleet(project: Project, cloud: Cloud) -> None:
    build = project.record("iis_dotnet", 1, status="building")
    builder = cloud.run(**{"golden:build": build.id})
    ours = cloud.run(**{"golden:build": "20261121T160000Z-000000"})
    listing = project.inventory()
    assert listing.groups_of(builder) == {"builders"}
    assert listing.hosts("fleet") == [ours]


def test_amis_are_hosts_of_their_own_when_wanted(project: Project, cloud: Cloud) -> None:
    known, tagged = cloud.make_ami("iis-1"), cloud.make_ami("iis-2", **{"golden:image": "iis_dotnet"})
    cloud.make_ami("something else")
    build = project.record("iis_dotnet", 1, known, source_ami="ami-0", source_ami_name="Windows", commit="abc")
    project.record("never_built", 2, status="failed")
    assert project.inventory().hosts("amis") == []

    project.configure(list_amis=True)
    listing = project.inventory()
    assert listing.hosts("amis_iis_dotnet") == sorted([known, tagged])
    assert listing.hosts("image_iis_dotnet") == []
    variables = listing.variables(known)
    assert variables["ansible_connection"] == "ansible.builtin.local"
    assert variables["golden_build"] == build.id
    assert variables["golden_is_newest"] is True
    assert (variables["golden_source_ami"], variables["golden_commit"]) == ("ami-0", "abc")
    assert listing.variables(tagged)["golden_is_newest"] is False


def test_a_play_can_act_on_an_ami(project: Project, cloud: Cloud) -> None:
    ami = cloud.make_ami("iis-1")
    project.record("iis_dotnet", 1, ami)
    project.configure(list_amis=True)
    project.write(
        "play.yml",
        "- hosts: amis\n  gather_facts: false\n  tasks:\n    - ansible.builtin.command: echo {{ golden_image }}\n",
    )
    result = ansible("ansible-playbook", "-i", "inventory", "-v", "play.yml", home=project.path)
    assert result.returncode == 0, output(result)
    assert f"changed: [{ami}]" in result.stdout
    assert re.search(r'stdout"?: "?iis_dotnet', result.stdout), output(result)


def test_every_image_has_a_group_even_when_nothing_runs(project: Project, cloud: Cloud) -> None:
    project.record("iis_dotnet", 1, cloud.make_ami("iis-1"))
    project.record("octopus_tentacle", 2, status="failed", error="no")
    result = project.run("--graph")
    assert result.returncode == 0
    for group in ("fleet", "stale", "orphaned", "unmanaged", "image_iis_dotnet", "image_octopus_tentacle"):
        assert f"@{group}:" in result.stdout
    assert result.stderr == ""


def test_several_regions_are_listed_and_each_has_its_own_newest_build(project: Project, cloud: Cloud) -> None:
    ami = cloud.make_ami("iis-1")
    here = cloud.run(ami)
    project.record("iis_dotnet", 1, ami)
    project.record("iis_dotnet", 2, amis={"us-east-1": "ami-newer"})
    elsewhere = cloud.client("us-east-1").run_instances(ImageId=cloud.stock_ami, MinCount=1, MaxCount=1)
    there = elsewhere["Instances"][0]["InstanceId"]

    project.configure(regions=["eu-west-1", "us-east-1"])
    listing = project.inventory()

    assert listing.hosts("fleet") == sorted([here, there])
    assert listing.variables(there)["golden_region"] == "us-east-1"
    assert "stale" not in listing.groups_of(here)


def test_names_may_be_the_hosts_names_but_never_hide_another_host(project: Project, cloud: Cloud) -> None:
    web = cloud.run(name="web")
    twins = [cloud.run(name="twin"), cloud.run(name="twin")]
    nameless, sly = cloud.run(), cloud.run(name="localhost")
    project.configure(hostname="name")
    listing = project.inventory()
    assert listing.hosts("fleet") == sorted(["web", *twins, nameless, sly])
    assert listing.variables("web")["golden_instance"]["id"] == web


def test_users_make_groups_and_variables_of_their_own(project: Project, cloud: Cloud) -> None:
    instance = cloud.run(team="red")
    project.configure(
        address="public_ip",
        winrm_server_cert_validation="ignore",
        compose={"owner": "golden_instance.tags.team | upper"},
        groups={"reds": "golden_instance.tags.team == 'red'"},
        keyed_groups=[{"prefix": "type", "key": "golden_instance.type"}],
    )
    listing = project.inventory()
    assert {"reds", "type_m1_small"} < listing.groups_of(instance)
    variables = listing.variables(instance)
    assert variables["owner"] == "RED"
    assert variables["ansible_winrm_server_cert_validation"] == "ignore"
    assert variables["ansible_host"] == variables["golden_instance"]["public_ip"]


def test_what_ec2_said_is_cached_until_it_is_flushed(project: Project, cloud: Cloud) -> None:
    project.configure(cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(project.path / "cache"))
    ami = cloud.make_ami("iis-1")
    instance = cloud.run(ami)
    assert project.inventory().hosts("unmanaged") == [instance]

    another = cloud.run()
    project.record("iis_dotnet", 1, ami)
    listing = project.inventory()
    assert listing.hosts("fleet") == [instance]
    assert listing.hosts("image_iis_dotnet") == [instance], "the catalogue is never cached"

    result = project.run("--list", "--flush-cache")
    assert sorted(json.loads(result.stdout)["fleet"]["hosts"]) == sorted([instance, another])
    assert project.inventory().hosts("fleet") == sorted([instance, another])


def test_options_beside_the_plugin_win_over_the_variables(project: Project, cloud: Cloud) -> None:
    instance = cloud.run()
    project.set_variables(golden_aws={"region": "us-east-1"})
    project.configure(
        aws_config_file="../config",
        aws_profile="default",
        regions=["eu-west-1"],
        catalogue="sqlite:../{{ lookup('ansible.builtin.env', 'CATALOGUE_NAME') }}",
    )
    project.record("iis_dotnet", 1, status="failed")
    result = project.run("--graph", CATALOGUE_NAME="catalogue.sqlite")
    assert result.returncode == 0, result.stderr
    assert f"--{instance}" in result.stdout
    assert "@image_iis_dotnet:" in result.stdout


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        pytest.param({}, "No catalogue is named: set golden_catalogue in group_vars/all", id="no catalogue"),
        pytest.param({"golden_catalogue": "redis:x"}, "a scheme that this version knows: sqlite:", id="bad catalogue"),
        pytest.param(
            {"golden_catalogue": "sqlite:c", "golden_aws": {"config_file": "/no/such/file"}},
            "There is no AWS config file /no/such/file",
            id="no AWS configuration",
        ),
        pytest.param(
            {"golden_catalogue": "sqlite:c", "golden_aws": {"region": "eu-west-1"}},
            "there are no credentials. Sign in",
            id="no credentials",
        ),
        pytest.param(
            {"golden_catalogue": "sqlite:c", "golden_aws": "{{ undef(hint='The lab is not running.') }}"},
            "The fleet is empty. The lab is not running.",
            id="no lab",
        ),
    ],
)
def test_what_is_missing_is_one_warning_or_an_error(
    project: Project, variables: dict[str, object], message: str
) -> None:
    project.set_variables(**variables)
    result = project.run("--graph", AWS_EC2_METADATA_DISABLED="true")
    assert result.returncode == 0
    assert result.stderr.count("[WARNING]") == 1
    assert message in result.stderr
    assert "@fleet:" in result.stdout

    result = project.run("--graph", AWS_EC2_METADATA_DISABLED="true", GOLDEN_FLEET_WHEN_UNAVAILABLE="fail")
    assert result.returncode != 0
    assert message in result.stderr


def test_without_an_ec2_the_groups_of_the_catalogue_are_there(project: Project) -> None:
    project.record("iis_dotnet", 1, "ami-1")
    project.set_variables(golden_catalogue=project.catalogue_url, golden_aws="{{ undef(hint='No lab.') }}")
    assert "@image_iis_dotnet:" in project.run("--graph").stdout


def test_a_damaged_catalogue_is_said_once_and_stops_no_play_on_localhost(project: Project, cloud: Cloud) -> None:
    instance = cloud.run(cloud.make_ami("iis-1", **{"golden:image": "iis_dotnet"}))
    project.write("catalogue.sqlite", "rubbish " * 1000)
    project.write(
        "play.yml",
        "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.debug:\n"
        "        msg: it is {{ groups.image_iis_dotnet | first }}, {{ golden_fleet_problems | length }} problem\n",
    )
    result = ansible("ansible-playbook", "-i", "inventory", "play.yml", home=project.path)
    assert result.returncode == 0, output(result)
    # The tags still tell the image.
    assert f"it is {instance}, 1 problem" in result.stdout, output(result)
    assert result.stderr.count("[WARNING]") == 1
    assert "The fleet is incomplete. Cannot read the catalogue " in result.stderr
    assert "file is not a database; the file is no sqlite database; restore a copy" in result.stderr


def test_the_documentation_is_complete(project: Project) -> None:
    result = ansible("ansible-doc", "-t", "inventory", "golden.windows_ami.fleet", home=project.path)
    assert result.returncode == 0, output(result)
    for word in ("aws_config_file", "accounts", "age_days", "key_file", "when_unavailable", "keyed_groups", "EXAMPLES"):
        assert word in result.stdout


def test_without_a_running_lab_its_inventory_says_so_and_local_plays_go_on(tmp_path: pathlib.Path) -> None:
    inventory = str(REPOSITORY / "inventories" / "lab")
    said = f"The fleet is empty. The lab is not running: there is no {tmp_path}/lab.json. Start it with: make lab"
    graph = ansible("ansible-inventory", "-i", inventory, "--graph", home=tmp_path, GOLDEN_LAB_DIR=str(tmp_path))
    assert graph.returncode == 0, output(graph)
    assert said in graph.stderr
    assert graph.stderr.count("[WARNING]") == 1
    assert "@fleet:" in graph.stdout

    ping = ansible(
        "ansible",
        "-i",
        inventory,
        "localhost",
        "-m",
        "ansible.builtin.ping",
        home=tmp_path,
        GOLDEN_LAB_DIR=str(tmp_path),
    )
    assert "SUCCESS" in ping.stdout, output(ping)


def test_without_credentials_the_inventory_of_aws_says_so_once(tmp_path: pathlib.Path) -> None:
    inventory = str(REPOSITORY / "inventories" / "aws")
    result = ansible("ansible-inventory", "-i", inventory, "--graph", home=tmp_path, AWS_EC2_METADATA_DISABLED="true")
    assert result.returncode == 0
    assert "The fleet is empty. Cannot list instances in eu-west-1: there are no credentials" in result.stderr
    assert result.stderr.count("[WARNING]") == 1
