# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions that several files name are the same, and the lock is complete."""

from __future__ import annotations

import json
import pathlib
import re
import tomllib

import ansible_collections.amazon.aws as amazon_aws
import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[3]
INSTALLED = pathlib.Path(next(iter(amazon_aws.__path__))).parents[1]
LOCK = (ROOT / "requirements.txt").read_text()


def pins() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *(pin for group in project["optional-dependencies"].values() for pin in group)]


@pytest.mark.parametrize("wanted", yaml.safe_load((ROOT / "requirements.yml").read_text())["collections"], ids=str)
def test_requirements_yml_names_the_collections_of_the_ansible_package(wanted: dict[str, str]) -> None:
    namespace, name = wanted["name"].split(".")
    manifest = json.loads((INSTALLED / namespace / name / "MANIFEST.json").read_text())
    assert manifest["collection_info"]["version"] == wanted["version"]


def test_galaxy_yml_depends_on_what_requirements_yml_installs() -> None:
    wanted = {
        item["name"]: f">={item['version']}"
        for item in yaml.safe_load((ROOT / "requirements.yml").read_text())["collections"]
    }
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"] == wanted


@pytest.mark.parametrize("pin", pins())
def test_the_lock_has_every_pin(pin: str) -> None:
    name, version = re.sub(r"\[.*\]", "", pin).split("==")
    assert re.search(rf"^{re.escape(name)}=={re.escape(version)} \\$", LOCK, re.MULTILINE)


def test_every_locked_package_has_a_hash() -> None:
    packages = re.findall(r"^(\S+==\S+)(.*\n(?:    .*\n)*)", LOCK, re.MULTILINE)
    assert len(packages) > 50
    assert [name for name, rest in packages if "--hash=sha256:" not in rest] == []


def test_the_lock_names_no_registry() -> None:
    assert not re.search(r"https?://|file:/|--(extra-)?index-url|--find-links|--trusted-host", LOCK)


def test_the_collection_and_the_package_have_one_version() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert galaxy["version"] == project["version"]
