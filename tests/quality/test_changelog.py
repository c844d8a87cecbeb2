# SPDX-License-Identifier: GPL-3.0-or-later
"""The changelog's fragments are valid, and a release can be made of them."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
import yaml

from scripts.collection_tree import PROJECT, copy_tree

PROGRAM = pathlib.Path(sys.executable).parent / "antsibull-changelog"
FRAGMENTS = sorted((PROJECT / "changelogs" / "fragments").iterdir())


def changelog(*arguments: str, cwd: pathlib.Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{PROGRAM.parent}:/usr/bin:/bin", "HOME": str(cwd), "LC_ALL": "C.UTF-8"}
    command = [str(PROGRAM), *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_fragments_are_valid() -> None:
    done = changelog("lint", cwd=PROJECT)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_bad_fragment_is_found(tmp_path: pathlib.Path) -> None:
    root = copy_tree(tmp_path)
    (root / "changelogs" / "fragments" / "bad.yml").write_text("---\nchanges: [x - something.]\n")
    done = changelog("lint", cwd=root)
    assert done.returncode != 0
    assert "bad.yml" in done.stdout


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_says_what_changed_in_what(path: pathlib.Path) -> None:
    for entries in yaml.safe_load(path.read_text()).values():
        assert [entry for entry in entries if " - " not in entry or not entry.endswith((".", ")"))] == []


def test_a_release_has_every_change_in_a_known_section(tmp_path: pathlib.Path) -> None:
    root = copy_tree(tmp_path)
    version = yaml.safe_load((root / "galaxy.yml").read_text())["version"]
    done = changelog("release", "--version", version, "--date", "2026-11-22", "--reload-plugins", cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    released = yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text())["releases"][version]
    assert set(released["fragments"]) == {path.name for path in FRAGMENTS}
    wanted = sum(len(entries) for path in FRAGMENTS for entries in yaml.safe_load(path.read_text()).values())
    assert sum(len(entries) for entries in released["changes"].values()) == wanted
    text = (root / "CHANGELOG.rst").read_text()
    assert f"v{version}" in text
    assert "Major Changes" in text
