# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive holds what is shipped, and the tree for ansible-test the same."""

from __future__ import annotations

import json
import pathlib
import tarfile

import pytest
import yaml

from scripts.collection_tree import PROJECT, copy_tree, is_ignored, shipped

OURS_ALONE = (
    ".ansible", ".cache", ".ci", ".config", ".git", ".golden", ".hypothesis", ".lab", ".venv", "Makefile",
    "ansible.cfg", "execution-environment.yml", "lab", "molecule", "pyproject.toml", "requirements.txt",
    "scripts", "tests",
)  # fmt: skip


def names(archive: pathlib.Path) -> set[str]:
    with tarfile.open(archive) as content:
        return {member.name for member in content.getmembers() if not member.isdir()}


def test_the_archive_has_what_git_has_without_what_is_ignored(archive: pathlib.Path) -> None:
    assert names(archive) == {*shipped(), "MANIFEST.json", "FILES.json"}


def test_the_archive_has_nothing_that_is_ours_alone(archive: pathlib.Path) -> None:
    found = names(archive)
    assert {name for name in found if name.partition("/")[0] in OURS_ALONE} == set()
    assert {name for name in found if name.startswith("inventories/lab")} == set()
    assert {
        "README.md", "LICENSE", "meta/runtime.yml", "meta/execution-environment.yml", "docs/reference/README.md",
        "plugins/inventory/fleet.py", "roles/firewall/meta/argument_specs.yml", "playbooks/build.yml",
        "packer/bootstrap/winrm.ps1",
    } <= found  # fmt: skip


def test_no_link_leads_out_of_the_archive(archive: pathlib.Path) -> None:
    with tarfile.open(archive) as content:
        links = [member for member in content.getmembers() if member.issym() or member.islnk()]
    for link in links:
        target = (pathlib.PurePosixPath("/") / link.name).parent / link.linkname
        assert str(pathlib.Path(str(target)).resolve()).lstrip("/") in names(archive), link.name


def test_the_manifest_says_what_galaxy_yml_says(archive: pathlib.Path) -> None:
    with tarfile.open(archive) as content:
        file = content.extractfile("MANIFEST.json")
        assert file
        info = json.load(file)["collection_info"]
    galaxy = yaml.safe_load((PROJECT / "galaxy.yml").read_text())
    for key in ("namespace", "name", "version", "authors", "tags", "dependencies", "description"):
        assert info[key] == galaxy[key], key


def test_the_tree_for_ansible_test_has_what_the_archive_has(archive: pathlib.Path, tmp_path: pathlib.Path) -> None:
    root = copy_tree(tmp_path)
    assert root == tmp_path / "ansible_collections" / "golden" / "windows_ami"
    copied = {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir() or path.is_symlink()}
    own = {"galaxy.yml", "tests/config.yml", *(name for name in copied if name.startswith("tests/sanity/"))}
    assert copied - own == names(archive) - {"MANIFEST.json", "FILES.json"}


def test_nothing_is_excepted_from_ansible_test() -> None:
    excepted = list((PROJECT / "tests" / "sanity").glob("ignore-*.txt"))
    assert len(excepted) >= 2
    assert [path.name for path in excepted if path.read_text()] == []


@pytest.mark.parametrize(
    ("path", "patterns", "wanted"),
    [
        ("lab/cli.py", ["lab"], True),
        ("plugins/lab/x.py", ["lab"], False),
        ("inventories/lab/hosts.yml", ["inventories/lab"], True),
        ("keys/a.pem", ["*.pem"], True),
        ("labels.txt", ["lab"], False),
    ],
)
def test_a_pattern_ignores_what_it_does_in_ansible_galaxy(path: str, patterns: list[str], wanted: bool) -> None:
    assert is_ignored(path, patterns) is wanted
