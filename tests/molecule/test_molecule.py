# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule's scenarios against a lab of their own, on an old and a new Windows."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(sys.executable).parent
SCENARIOS = sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[dict[str, str]]:
    """Lead Molecule to a lab, and keep its state, in a directory of this test's own."""
    directory = tmp_path_factory.mktemp("molecule")
    found = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "GOLDEN_LAB_DIR": str(directory / "lab"),
        "ANSIBLE_HOME": str(directory / "ansible"),
        "MOLECULE_GLOB": "molecule/*/molecule.yml",
        "GOLDEN_PLATFORMS": "windows-2016,windows-2025",
    }
    found.pop("GOLDEN_TARGET", None)
    yield found
    subprocess.run([sys.executable, "-m", "lab", "down"], cwd=ROOT, env=found, check=True, capture_output=True)


def test_every_role_has_a_scenario() -> None:
    assert sorted(path.name for path in (ROOT / "roles").iterdir()) == SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_role_passes_its_scenario(scenario: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [str(BIN / "molecule"), "test", "-s", scenario],
        cwd=ROOT, env=environment, timeout=600, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_reaper_removes_what_a_crashed_run_left_when_its_time_is_over(environment: dict[str, str]) -> None:
    left = {**environment, "GOLDEN_PLATFORMS": "windows-2022"}
    _run([BIN / "molecule", "create", "-s", "firewall"], {**left, "GOLDEN_TTL_MINUTES": "60"})
    try:
        reap = [BIN / "ansible-playbook", "molecule/shared/reap.yml"]
        _run(reap, left)
        assert _running(left) == 1, "its time is not over yet"
        hosts = {"reap_now": "2999-01-01T00:00:00Z"}
        _run([*reap, "-e", json.dumps(hosts)], left)
        assert _running(left) == 0
    finally:
        _run([BIN / "molecule", "destroy", "-s", "firewall"], left)


def _run(command: list[pathlib.Path | str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT, env=environment, timeout=300, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _running(environment: dict[str, str]) -> int:
    """Return how many servers the lab runs."""
    file = pathlib.Path(environment["GOLDEN_LAB_DIR"], "lab.json")
    with urllib.request.urlopen(json.loads(file.read_text())["endpoint_url"] + "/lab/status") as answer:
        instances = json.load(answer)["instances"]
    return sum(instance["state"] == "running" for instance in instances)
