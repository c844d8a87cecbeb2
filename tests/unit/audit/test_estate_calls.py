# SPDX-License-Identifier: GPL-3.0-or-later
"""How often AWS is asked: as often as there are pages, however much is in them."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import urllib.request

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils import estate_place
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import AwsSettings
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import Estate
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate_ec2 import Scope, read_estate

ROOT = pathlib.Path(__file__).parents[3]
REGIONS = ("xx-one-1", "xx-two-1")


def read(here: pathlib.Path, instances: int, amis: int, groups: int) -> tuple[Estate, dict[str, int]]:
    """Return an estate of two regions with so much in each, and how often each action was asked for."""
    command = [sys.executable, "-m", "tests.bench.canned_estate", str(instances), str(amis), str(groups), *REGIONS]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        (here / "config").write_text(
            f"[default]\nregion = {REGIONS[0]}\nendpoint_url = {address}\n"
            "aws_access_key_id = testing\naws_secret_access_key = testing\n"
        )
        found = read_estate(AwsSettings(str(here / "config"), "default"), Scope(regions=REGIONS, paths=["/golden/ami"]))
        with urllib.request.urlopen(f"{address}/calls", timeout=30) as answer:
            calls = json.load(answer)
        server.communicate()
    return found, calls


def test_more_of_everything_in_as_many_pages_takes_as_many_calls(tmp_path: pathlib.Path) -> None:
    small, few = read(tmp_path, 20, 10, 5)
    large, same = read(tmp_path, 900, 190, 9)
    assert small.complete
    assert large.complete
    assert len(large.uses) > 10 * len(small.uses)
    assert few == same
    assert few["DescribeInstances"] == len(REGIONS)


def test_all_pages_are_read(tmp_path: pathlib.Path) -> None:
    found, calls = read(tmp_path, 2100, 450, 250)
    kinds = [use.kind for use in found.uses]
    assert found.complete
    assert kinds.count("instance") == len(REGIONS) * 2100
    assert len({(use.place, use.id) for use in found.uses if use.kind == "autoscaling_group"}) == len(REGIONS) * 250
    assert len(found.amis) == len(REGIONS) * 450
    assert {name: count / len(REGIONS) for name, count in calls.items() if name.startswith("DescribeI")} == {
        "DescribeInstances": 3, "DescribeImages": 1,
    }  # fmt: skip
    assert calls["DescribeAutoScalingGroups"] == len(REGIONS) * 3
    assert calls["GetParametersByPath"] == len(REGIONS) * 2


def test_no_page_is_larger_than_aws_allows() -> None:
    services = {"auto_scaling": "autoscaling", "launch_conf": "autoscaling", "get_param": "ssm"}
    limits = {"autoscaling": 100, "ssm": 10, "ec2": 1000}
    for operation, size in estate_place._PAGES.items():
        service = next((service for part, service in services.items() if part in operation), "ec2")
        assert size <= limits[service], operation


@pytest.mark.parametrize("numbers", [[], [1], list(range(401))])
def test_batches_have_everything_once(numbers: list[int]) -> None:
    batches = list(estate_place._batches(numbers, 200))
    assert [one for batch in batches for one in batch] == numbers
    assert all(0 < len(batch) <= 200 for batch in batches)
