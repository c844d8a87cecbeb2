# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet beside amazon.aws.aws_ec2 and beside bare boto3: the same instances, at the same stand-in for EC2."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.request

from tests.bench.canned_ec2 import ami_id, image_of
from tests.bench.table import Row
from tests.bench.workshop import BuildError, Workshop

ORDER = 80
REGIONS = ("eu-west-1", "us-east-1")
# In each region. EC2 gives a thousand instances in a page to those who ask for no number.
INSTANCES, AMIS, PAGE = 2500, 250, 1000
ROUNDS = 3
BIN = pathlib.Path(sys.executable).parent

# The calls of the fleet, page by page and region by region, and nothing else.
BARE = """
import boto3
for region in {regions!r}:
    ec2 = boto3.client("ec2", region_name=region)
    states = [{{"Name": "instance-state-name", "Values": ["pending", "running"]}}]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=states)
    found = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
    ids = sorted({{one["ImageId"] for one in found}})
    for start in range(0, len(ids), 200):
        wanted = [{{"Name": "image-id", "Values": ids[start : start + 200]}}]
        pages = ec2.get_paginator("describe_images").paginate(
            Filters=wanted, IncludeDeprecated=True, IncludeDisabled=True
        )
        amis = [ami for page in pages for ami in page["Images"]]
"""


@dataclasses.dataclass
class Figures:
    """The quickest of several runs, in seconds, and the most memory of any, in MiB. What else runs only adds."""

    seconds: float = float("inf")
    memory: float = 0.0


def measure(place: Workshop) -> t.Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="golden-inventory-") as directory:
        here = pathlib.Path(directory)
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.canned_ec2", str(INSTANCES), str(AMIS), str(PAGE), *REGIONS],
            cwd=place.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            yield from rows(place, here, server.stdout.readline().strip())
        finally:
            server.communicate()


def rows(place: Workshop, here: pathlib.Path, address: str) -> t.Iterator[Row]:
    """Run all three in turns and yield what they took."""
    environment = prepare(place, here, address)
    commands = {
        "fleet": [str(BIN / "ansible-inventory"), "-i", "fleet.yml", "--graph"],
        "aws_ec2": [str(BIN / "ansible-inventory"), "-i", "aws_ec2.yml", "--graph"],
        "boto3": [sys.executable, "-c", BARE.format(regions=REGIONS)],
    }
    figures = {name: Figures() for name in commands}
    for number in range(ROUNDS):
        for name, command in commands.items():
            print(f"bench: {2 * INSTANCES:,} instances with {name}, {number + 1} of {ROUNDS}", flush=True)
            run(command, here, environment, figures[name])
            if name == "fleet" and number == 0:
                calls = calls_so_far(address)
    fleet, other, bare = figures["fleet"], figures["aws_ec2"], figures["boto3"]
    yield Row(f"inventory of {2 * INSTANCES:,} instances", "s", round(fleet.seconds, 1))
    yield Row("  amazon.aws.aws_ec2", "s", round(other.seconds, 1))
    yield Row("  boto3, the same calls and nothing else", "s", round(bare.seconds, 1))
    yield Row("  of aws_ec2's time", "%", round(100 * fleet.seconds / other.seconds), goal=70)
    yield Row("  of boto3's time", "%", round(100 * fleet.seconds / bare.seconds), goal=130)
    yield Row("  memory", "MiB", round(fleet.memory))
    yield Row("  amazon.aws.aws_ec2's memory", "MiB", round(other.memory))
    yield Row("  of aws_ec2's memory", "%", round(100 * fleet.memory / other.memory), goal=70)
    yield Row("  calls to EC2", "", sum(calls.values()), goal=expected_calls())


def expected_calls() -> int:
    """Return a call for every page of instances, and one for every 200 AMIs, in each region."""
    return len(REGIONS) * (-(-INSTANCES // PAGE) + -(-AMIS // 200))


def prepare(place: Workshop, here: pathlib.Path, address: str) -> dict[str, str]:
    """Write two inventories and a catalogue of all AMIs; return the environment of a user."""
    (here / "config").write_text(
        f"[default]\nregion = {REGIONS[0]}\nendpoint_url = {address}\n"
        "aws_access_key_id = testing\naws_secret_access_key = testing\n"
    )
    regions = {"regions": list(REGIONS)}
    mine = {"aws_config_file": "config", "aws_profile": "default", "catalogue": "sqlite:catalogue.sqlite", **regions}
    (here / "fleet.yml").write_text(json.dumps({"plugin": "golden.windows_ami.fleet", **mine}))
    theirs = {"hostnames": ["instance-id"], **regions}
    (here / "aws_ec2.yml").write_text(json.dumps({"plugin": "amazon.aws.aws_ec2", **theirs}))
    fill_catalogue(here)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(here),
        "LC_ALL": "C.UTF-8",
        "AWS_CONFIG_FILE": str(here / "config"),
        "AWS_PROFILE": "default",
        "ANSIBLE_CONFIG": str(place.root / "ansible.cfg"),
        "ANSIBLE_HOME": str(here / ".ansible"),
    }


def fill_catalogue(here: pathlib.Path) -> None:
    """Record a build for every AMI, with contents as a real one has."""
    importlib.import_module("tests.conftest")  # which makes collections importable, once in a process
    from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import open_catalogue
    from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

    catalogue = open_catalogue("sqlite:catalogue.sqlite", here)
    contents = {"programs": [{"name": f"Program {number}", "version": "1.2.3.4"} for number in range(60)]}
    for number, (index, region) in ((n, place) for n in range(AMIS) for place in enumerate(REGIONS)):
        moment = f"{12 + number // 60:02}{number % 60:02}0{index}"
        catalogue.finish(
            Build(
                id=f"20260901T{moment}Z-000000", image=image_of(number), status="built",
                started="2026-09-01T12:00:00Z", amis={region: ami_id(index, number)}, contents=contents,
            )
        )  # fmt: skip


def run(command: list[str], here: pathlib.Path, environment: dict[str, str], figures: Figures) -> None:
    """Run a command and keep what is better, or worse, than before."""
    began = time.monotonic()
    with (here / "output").open("wb") as file:
        process = subprocess.Popen(command, cwd=here, env=environment, stdout=file, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BuildError(f"{' '.join(command)}:\n{(here / 'output').read_text()[-2000:]}")
    figures.seconds = min(figures.seconds, time.monotonic() - began)
    figures.memory = max(figures.memory, usage.ru_maxrss / 1024)


def calls_so_far(address: str) -> dict[str, int]:
    """Return how often each action was asked for since the stand-in started."""
    with urllib.request.urlopen(f"{address}/calls", timeout=30) as answer:
        return t.cast("dict[str, int]", json.load(answer))
