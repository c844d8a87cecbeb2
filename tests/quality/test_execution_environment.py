# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment's definition is what ansible-builder takes, and names the versions that are tested."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import typing as t

import pytest
import yaml
from ansible.release import __version__ as core_version

from scripts.collection_tree import PROJECT

BIN = pathlib.Path(sys.executable).parent
DEFINITION: dict[str, t.Any] = yaml.safe_load((PROJECT / "execution-environment.yml").read_text())


def builder(*arguments: str, cwd: pathlib.Path = PROJECT) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "ansible-builder"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def context(archive: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Make the build context as the documentation says, without a container runtime."""
    directory = tmp_path_factory.mktemp("ee")
    shutil.copy(PROJECT / "execution-environment.yml", directory)
    for item in DEFINITION["additional_build_files"]:
        source = archive if item["dest"] == "dist" else PROJECT / item["src"]
        copy = directory / item["src"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
    done = builder("create", "--context", "context", "--output-filename", "Containerfile", cwd=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory / "context"


def test_ansible_builder_makes_the_context(context: pathlib.Path, archive: pathlib.Path) -> None:
    text = (context / "Containerfile").read_text()
    assert f"ansible-core=={core_version}" in text
    assert "packer init /usr/share/packer/required" in text
    assert (context / "_build" / "dist" / archive.name).read_bytes() == archive.read_bytes()
    assert (context / "_build" / "packer" / "plugins.pkr.hcl").is_file()


def test_ansible_builder_refuses_what_it_does_not_know(tmp_path: pathlib.Path) -> None:
    (tmp_path / "execution-environment.yml").write_text(yaml.safe_dump({**DEFINITION, "dependancies": {}}))
    done = builder("create", cwd=tmp_path)
    assert done.returncode != 0
    assert "dependancies" in done.stdout + done.stderr


def test_the_collections_are_those_of_requirements_yml(archive: pathlib.Path) -> None:
    wanted = yaml.safe_load((PROJECT / "requirements.yml").read_text())["collections"]
    *others, own = DEFINITION["dependencies"]["galaxy"]["collections"]
    assert others == wanted
    assert own == {"name": f"dist/{archive.name}", "type": "file"}
    assert [item["src"] for item in DEFINITION["additional_build_files"] if item["dest"] == "dist"] == [
        f".cache/dist/{archive.name}"
    ]


def test_what_the_collection_needs_is_found_in_it(installed: pathlib.Path) -> None:
    done = builder("introspect", str(installed))
    assert done.returncode == 0, done.stderr
    found = yaml.safe_load(done.stdout)
    names = {line.partition(">")[0] for line in found["python"]}
    assert names == {"boto3", "pygal", "pywinrm"}
    assert [line.split()[0] for line in found["system"]] == ["git"]
