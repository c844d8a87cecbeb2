# SPDX-License-Identifier: GPL-3.0-or-later
"""meta/runtime.yml says which ansible-core there has to be, and nothing else says otherwise."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess

import pytest
import yaml
from ansible.release import __version__ as core_version
from packaging.specifiers import SpecifierSet

from scripts.collection_tree import PROJECT

RANGE = yaml.safe_load((PROJECT / "meta" / "runtime.yml").read_text())["requires_ansible"]
[MINIMUM] = [specifier.version for specifier in SpecifierSet(RANGE) if specifier.operator == ">="]
MINOR = ".".join(MINIMUM.split(".")[:2])


def test_the_ansible_core_that_is_installed_is_in_the_range() -> None:
    assert SpecifierSet(RANGE).contains(core_version)


def test_the_readme_states_the_range() -> None:
    assert re.search(rf"ansible-core {re.escape(MINOR)} (or|and) later", (PROJECT / "README.md").read_text())


@pytest.mark.parametrize("role", sorted((PROJECT / "roles").iterdir()), ids=lambda path: path.name)
def test_a_role_states_the_same(role: pathlib.Path) -> None:
    info = yaml.safe_load((role / "meta" / "main.yml").read_text())["galaxy_info"]
    assert info["min_ansible_version"] == MINOR


def test_there_is_an_ignore_file_for_the_oldest_version() -> None:
    assert (PROJECT / "tests" / "sanity" / f"ignore-{MINOR}.txt").is_file()


def test_a_machine_without_a_newer_python_is_told_so(tmp_path: pathlib.Path) -> None:
    """Run the script where every step works and no Python is new enough."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(PROJECT / "scripts" / "versions.sh", tmp_path / "scripts")
    program(tmp_path / "scripts" / "sanity.sh", "echo sanity ran")
    program(tmp_path / ".venv" / "bin" / "python", "cat >/dev/null; echo python ran")
    for name in ("ansible", "ansible-playbook", "ansible-inventory"):
        program(tmp_path / ".venv" / "bin" / name, f"echo {name} ran")
    (tmp_path / "pyproject.toml").write_text("")
    for name in ("python3", "python3.12", "python3.13", "python3.14"):
        program(tmp_path / "bin" / name, "exit 1")
    done = subprocess.run(
        [str(tmp_path / "scripts" / "versions.sh")],
        env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "sanity ran" in done.stdout
    assert "NOT CHECKED with the newest ansible-core: it needs Python 3.12 or later" in done.stdout
    assert not (tmp_path / ".cache").exists()


def program(path: pathlib.Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_the_scripts_can_be_run() -> None:
    for name in ("sanity.sh", "versions.sh"):
        assert os.access(PROJECT / "scripts" / name, os.X_OK)
