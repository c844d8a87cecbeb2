# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong says so at once, ends with a status that is not 0, and leaves nothing behind."""

from __future__ import annotations

import json
import pathlib
import re
import signal
import time
import typing as t

import pytest

from .conftest import Lab, ec2_contents

TENTACLE = {
    "base": "windows_server_2022",
    "description": "a test",
    "roles": ["golden.windows_ami.firewall"],
    "vars": {},
}


def images(**changes: t.Any) -> list[str]:
    return ["-e", json.dumps({"golden_images": {"one": {**TENTACLE, **changes}}})]


def extra(**variables: t.Any) -> list[str]:
    return ["-e", json.dumps(variables)]


@pytest.fixture
def untouched(lab: Lab) -> t.Iterator[None]:
    """Nothing that a build makes is in EC2 afterwards which was not there before."""
    before = ec2_contents(lab)
    yield
    assert ec2_contents(lab) == before


@pytest.fixture
def catalogue(lab: Lab, request: pytest.FixtureRequest) -> str:
    """A catalogue of the test's own, in which nothing was ever built."""
    return re.sub(r"\W+", "-", request.node.name).strip("-")


def in_catalogue(lab: Lab, name: str) -> list[str]:
    return extra(golden_catalogue=f"sqlite:{lab.directory}/{name}.sqlite")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-e", "image=tentacle"], ["tentacle", "octopus_tentacle", "iis_dotnet"]),
        (
            extra(
                golden_images={
                    "a": {"parent": "b", "description": "a", "roles": [], "vars": {}},
                    "b": {"parent": "a", "description": "b", "roles": [], "vars": {}},
                }
            ),
            ["a → b → a|b → a → b"],
        ),
        (images(roles=["acme.web.shop"]), ["acme.web.shop"]),
        (images(vars={"firewall_rules": "all"}), ["firewall_rules", "dict"]),
        (images(base="windows_server_1803"), ["windows_server_1803", "windows_server_2022"]),
        (images(parent="octopus_tentacle"), ["base", "parent"]),
        (images(colour="blue"), ["colour"]),
    ],
    ids=["unknown image", "circle", "unknown role", "wrong type", "unknown base", "base and parent", "unknown key"],
)
def test_bad_data_is_refused_before_anything_starts(
    lab: Lab, catalogue: str, arguments: list[str], said: list[str]
) -> None:
    finished = lab.build(*in_catalogue(lab, catalogue), *arguments)
    assert finished.status != 0
    for text in said:
        assert re.search(text, finished.output), finished.output
    assert "TASK [Build" not in finished.output
    assert lab.catalogue(catalogue) == []


@pytest.mark.usefixtures("untouched")
def test_a_withdrawn_base_is_called_so_and_the_newest_is_named(lab: Lab, catalogue: str) -> None:
    ec2 = lab.client("ec2")
    family = ec2.describe_images(Filters=[{"Name": "name", "Values": ["Windows_Server-2022-English-Full-Base-*"]}])[
        "Images"
    ]
    oldest, newest = min(family, key=lambda ami: ami["Name"]), max(family, key=lambda ami: ami["Name"])
    lab.get(f"/lab/withdraw?image_id={oldest['ImageId']}")
    bases = {"windows_server_2022": {"ami_id": oldest["ImageId"]}}
    finished = lab.build(*in_catalogue(lab, catalogue), *images(), *extra(golden_bases=bases))
    assert finished.status != 0
    assert oldest["ImageId"] in finished.output
    assert re.search("withdr[ae]wn|hidden|private", finished.output), finished.output
    assert newest["Name"] in finished.output


@pytest.mark.usefixtures("untouched")
def test_no_credentials_are_said_to_be_missing(lab: Lab, tmp_path: pathlib.Path) -> None:
    finished = lab.run(
        "ansible-playbook", "-i", "inventories/aws", "playbooks/build.yml",
        *extra(golden_catalogue=f"sqlite:{tmp_path}/c.sqlite"),
        HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="true", ANSIBLE_HOME=str(tmp_path),
    )  # fmt: skip
    assert finished.status != 0
    assert "credentials" in finished.output


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subnet_id": "subnet-0123456789abcdef0"}, "subnet-0123456789abcdef0"),
        ({"security_group_id": "closed"}, "5986"),
        ({"instance_type": "m5.huge"}, "m5.huge"),
    ],
    ids=["subnet", "security group", "instance type"],
)
def test_a_builder_that_cannot_work_is_refused_in_seconds(
    lab: Lab, catalogue: str, change: dict[str, str], said: str
) -> None:
    ec2 = lab.client("ec2")
    builder = {"instance_type": "m5.large", "subnet_id": lab.info["subnet_id"], "interface": "private_ip", **change}
    if change.get("security_group_id"):
        groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [lab.info["vpc_id"]]}])
        builder["security_group_id"] = groups["SecurityGroups"][0]["GroupId"]
    finished = lab.build(*in_catalogue(lab, catalogue), *images(), *extra(golden_builder=builder))
    assert finished.status != 0
    assert said in finished.output, finished.output
    assert lab.catalogue(catalogue) == []


def failed_build(lab: Lab, catalogue: str) -> dict[str, t.Any]:
    builds = lab.catalogue(catalogue)
    assert [build["status"] for build in builds] == ["failed"]
    return builds[0]


@pytest.mark.usefixtures("untouched")
def test_a_wrong_checksum_fails_the_build(lab: Lab, catalogue: str) -> None:
    finished = lab.build(
        *in_catalogue(lab, catalogue), "-e", "image=octopus_tentacle", *extra(octopus_tentacle_sha256="0" * 64)
    )
    assert finished.status != 0
    assert "checksum" in failed_build(lab, catalogue)["error"]


@pytest.mark.usefixtures("untouched")
def test_a_failed_first_boot_shows_the_end_of_its_log(lab: Lab, catalogue: str) -> None:
    lab.get("/lab/guest-fault?fault=no-netsh")
    finished = lab.build(*in_catalogue(lab, catalogue), *images())
    assert finished.status != 0
    error = failed_build(lab, catalogue)["error"]
    assert "first boot failed" in error
    assert "netsh.exe" in error


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("fault", ["never-boot", "no-winrm"])
def test_a_builder_that_never_answers_fails_the_build(lab: Lab, catalogue: str, fault: str) -> None:
    builder = {
        "instance_type": "m5.large", "subnet_id": lab.info["subnet_id"], "source_cidrs": ["127.0.0.1/32"],
        "poll_seconds": 1, "winrm_timeout": "8s", "password_timeout": "8s",
    }  # fmt: skip
    lab.get(f"/lab/guest-fault?fault={fault}")
    finished = lab.build(*in_catalogue(lab, catalogue), *images(), *extra(golden_builder=builder))
    assert finished.status != 0
    assert re.search("WinRM|password", failed_build(lab, catalogue)["error"])


@pytest.mark.usefixtures("untouched")
def test_a_role_that_fails_half_way_fails_the_build(lab: Lab, catalogue: str, tmp_path: pathlib.Path) -> None:
    tasks = tmp_path / "half" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "main.yml").write_text(
        "- name: Make a directory\n  ansible.windows.win_file: {path: 'C:\\half', state: directory}\n"
        "- name: Give up\n  ansible.builtin.fail: {msg: The shop is closed}\n"
    )
    finished = lab.build(*in_catalogue(lab, catalogue), *images(roles=["half"]), ANSIBLE_ROLES_PATH=str(tmp_path))
    assert finished.status != 0
    assert re.search("half : Give up: .*The shop is closed", failed_build(lab, catalogue)["error"])


@pytest.mark.parametrize(
    ("version", "said"), [(None, "not"), ("1.5.0", "1.6.6")], ids=["Packer is missing", "Packer is too old"]
)
@pytest.mark.usefixtures("untouched")
def test_packer_is_looked_for_first(
    lab: Lab, catalogue: str, tmp_path: pathlib.Path, version: str | None, said: str
) -> None:
    for program in ("git", "sh", "env"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    if version:
        (tmp_path / "packer").write_text(f"#!/bin/sh\necho Packer v{version}\n")
        (tmp_path / "packer").chmod(0o755)
    finished = lab.build(*in_catalogue(lab, catalogue), *images(), PATH=str(tmp_path))
    assert finished.status != 0
    assert re.search(f"Packer.*{said}", finished.output), finished.output
    assert lab.catalogue(catalogue) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda sent: sent.name)
@pytest.mark.parametrize("moment", ["Waiting for auto-generated password", "Provisioning with Ansible"])
def test_an_interrupted_build_cleans_up_and_says_so(
    lab: Lab, catalogue: str, sent: signal.Signals, moment: str
) -> None:
    before = ec2_contents(lab)
    with lab.building(*in_catalogue(lab, catalogue), *images()) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if moment in line:
                break
        process.send_signal(sent)
        process.communicate(timeout=120)
    assert process.returncode != 0
    # What is killed outright cannot wait: its supervisor finishes without it.
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (
        [build["status"] for build in lab.catalogue(catalogue)] != ["failed"] or ec2_contents(lab) != before
    ):
        time.sleep(0.5)
    assert "nterrupted" in failed_build(lab, catalogue)["error"]
    assert ec2_contents(lab) == before


def test_the_next_run_works(lab: Lab, catalogue: str) -> None:
    lab.get("/lab/guest-fault?fault=never-boot")
    builder = {
        "instance_type": "m5.large",
        "subnet_id": lab.info["subnet_id"],
        "password_timeout": "5s",
        "poll_seconds": 1,
    }
    arguments = [*in_catalogue(lab, catalogue), *images()]
    assert lab.build(*arguments, *extra(golden_builder=builder)).status != 0
    finished = lab.build(*arguments)
    assert finished.status == 0, finished.output
    assert [build["status"] for build in lab.catalogue(catalogue)] == ["verified", "failed"]
