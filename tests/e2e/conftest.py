# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for the session, a project that runs Ansible against it, and both images built once."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t
import urllib.request

import boto3
import botocore.session
import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers, build the images in one of them only."""
    for item in items:
        if "built" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("built"))


ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(sys.executable).parent


class Lab(t.NamedTuple):
    """A running lab: its directory, what lab.json says, and the environment that leads to it."""

    directory: pathlib.Path
    info: dict[str, t.Any]
    environment: dict[str, str]

    def client(self, service: str) -> t.Any:
        core = botocore.session.Session(profile="default")
        core.set_config_variable("config_file", self.info["aws_config_file"])
        return boto3.Session(botocore_session=core).client(service, region_name=self.info["region"])

    def get(self, path: str) -> dict[str, t.Any]:
        with urllib.request.urlopen(f"{self.info['endpoint_url']}{path}", timeout=30) as answer:
            return t.cast(dict[str, t.Any], json.load(answer))

    def calls(self) -> collections.Counter[str]:
        """Return how often each IAM action was asked for since the lab is up."""
        return collections.Counter(self.get("/lab/status")["api_calls"])

    def run(self, program: str, *arguments: str, timeout: float = 300, **environment: str) -> Finished:
        """Run one of Ansible's programs from the root of the project, as its users do."""
        done = subprocess.run(
            [str(BIN / program), *arguments],
            cwd=ROOT, env={**self.environment, **environment}, timeout=timeout,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Finished(done.returncode, done.stdout + done.stderr)

    def build(self, *arguments: str, timeout: float = 300, **environment: str) -> Finished:
        return self.run("ansible-playbook", "playbooks/build.yml", *arguments, timeout=timeout, **environment)

    @contextlib.contextmanager
    def building(self, *arguments: str) -> t.Iterator[subprocess.Popen[str]]:
        """Start a build and hand over its process; whatever happens, it does not outlive the block."""
        process = subprocess.Popen(
            [str(BIN / "ansible-playbook"), "playbooks/build.yml", *arguments],
            cwd=ROOT, env=self.environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(60)

    def catalogue(self, name: str = "catalogue") -> list[dict[str, t.Any]]:
        """Return the builds of a catalogue, newest first."""
        from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import open_catalogue

        catalogue = open_catalogue(f"sqlite:{self.directory}/{name}.sqlite", readonly=True)
        return [build.to_dict() for build in catalogue.builds()]


class Finished(t.NamedTuple):
    """What a program said, and its exit status."""

    status: int
    output: str


def ec2_contents(lab: Lab) -> dict[str, set[str]]:
    """Return the ids of everything that a build makes in EC2 and could leave behind."""
    ec2 = lab.client("ec2")
    reservations = ec2.describe_instances()["Reservations"]
    return {
        "instances": {
            instance["InstanceId"]
            for reservation in reservations
            for instance in reservation["Instances"]
            if instance["State"]["Name"] != "terminated"
        },
        "key pairs": {pair["KeyName"] for pair in ec2.describe_key_pairs()["KeyPairs"]},
        "security groups": {group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]},
        "volumes": {volume["VolumeId"] for volume in ec2.describe_volumes()["Volumes"]},
        "AMIs": {image["ImageId"] for image in ec2.describe_images(Owners=["self"])["Images"]},
        "snapshots": {snapshot["SnapshotId"] for snapshot in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]},
    }


@contextlib.contextmanager
def running_lab(directory: pathlib.Path) -> t.Iterator[Lab]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    environment = {
        **kept,
        "PATH": f"{BIN}:{kept.get('PATH', '')}",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "200",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "GOLDEN_LAB_DIR": str(directory),
        "GOLDEN_SPOOL": str(directory / "spool"),
    }
    command = [sys.executable, "-m", "lab"]
    subprocess.run([*command, "up"], cwd=ROOT, env=environment, check=True, timeout=60)
    try:
        yield Lab(directory, json.loads((directory / "lab.json").read_text()), environment)
    finally:
        subprocess.run([*command, "down"], cwd=ROOT, env=environment, check=True, timeout=60)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


class Built(t.NamedTuple):
    """What building both images from nothing said, and what it changed in EC2."""

    finished: Finished
    before: dict[str, set[str]]
    after: dict[str, set[str]]
    seconds: float
    # Calls to AWS while it was built, by IAM action.
    calls: dict[str, int]


@pytest.fixture(scope="session")
def built(lab: Lab) -> Built:
    before = ec2_contents(lab)
    calls = lab.calls()
    started = time.monotonic()
    finished = lab.build()
    seconds = time.monotonic() - started
    calls = lab.calls() - calls
    assert finished.status == 0, finished.output
    return Built(finished, before, ec2_contents(lab), seconds, calls)
