# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule's scenarios against a lab of their own, on an old and a new Windows."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import typing as t

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
