# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventories that are shipped describe images that can be planned."""

from __future__ import annotations

import json
import pathlib

import pytest
import yaml
from ansible_collections.golden.windows_ami.plugins.plugin_utils import images

from tests.unit.running import REPOSITORY, ansible, output

INVENTORIES = REPOSITORY / "inventories"
SHOW = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        dest: "{{ playbook_dir }}/shown.json"
        content: "{{ {'aws': golden_aws, 'builder': golden_builder, 'catalogue': golden_catalogue,
                      'proxy': golden_proxy,
                      'tentacle': octopus_tentacle_url if golden_lab_file is defined else none} | to_json }}"
        mode: "0600"
"""


def shown(home: pathlib.Path, inventory: str, *arguments: str, **environment: str) -> str:
    """Write the variables that builds use to shown.json, and return what ansible-playbook said."""
    (home / "show.yml").write_text(SHOW)
    # hosts.yml alone: instances are not what this is about.
    source = str(INVENTORIES / inventory / "hosts.yml")
    return output(ansible("ansible-playbook", "-i", source, "show.yml", *arguments, home=home, **environment))


def test_the_images_are_well_described() -> None:
    data = yaml.safe_load((INVENTORIES / "images.yml").read_text())
    known, bases = images.parse(data["golden_images"], data["golden_bases"])
    assert images.select(known, None) == ("octopus_tentacle", "iis_dotnet")
    assert set(bases) >= {"windows_server_2019", "windows_server_2022"}


@pytest.mark.parametrize("inventory", ["lab", "aws"])
def test_both_inventories_have_the_same_images(inventory: str) -> None:
    link = INVENTORIES / inventory / "group_vars" / "all" / "images.yml"
    assert link.is_symlink()
    assert link.readlink() == pathlib.Path("../../../images.yml")
    assert link.samefile(INVENTORIES / "images.yml")


def test_the_lab_s_variables_come_from_the_running_lab(tmp_path: pathlib.Path) -> None:
    artefacts = {
        f"Octopus.Tentacle.{version}-x64.msi": {"url": f"http://127.0.0.1:1/{version}.msi", "sha256": "0" * 64}
        for version in ("8.2.2297", "8.1.2007")
    }
    lab = {
        "region": "eu-west-1",
        "aws_config_file": "/lab/config",
        "subnet_id": "subnet-1",
        "builder_cidr": "127.0.0.1/32",
        "proxy_url": "http://127.16.0.3:3128",
        "artefacts": artefacts,
    }
    (tmp_path / "lab.json").write_text(json.dumps(lab))
    text = shown(tmp_path, "lab", "-e", "octopus_tentacle_version=8.1.2007", GOLDEN_LAB_DIR=str(tmp_path))
    assert "failed=0" in text, text
    found = json.loads((tmp_path / "shown.json").read_text())
    assert found["aws"] == {"config_file": "/lab/config", "profile": "default", "region": "eu-west-1"}
    assert found["builder"]["subnet_id"] == "subnet-1"
    assert found["builder"]["source_cidrs"] == ["127.0.0.1/32"]
    assert found["catalogue"] == f"sqlite:{tmp_path}/catalogue.sqlite"
    assert found["proxy"] == "http://127.16.0.3:3128"
    assert found["tentacle"] == "http://127.0.0.1:1/8.1.2007.msi"
    text = shown(tmp_path, "lab", "-e", "octopus_tentacle_version=1", GOLDEN_LAB_DIR=str(tmp_path))
    assert "the lab serves no Octopus.Tentacle.1-x64.msi, only Octopus.Tentacle.8.2.2297-x64.msi, " in text


def test_a_lab_that_is_down_is_said_to_be(tmp_path: pathlib.Path) -> None:
    text = shown(tmp_path, "lab", GOLDEN_LAB_DIR=str(tmp_path / "none"))
    assert f"The lab is not running: there is no {tmp_path}/none/lab.json. Start it with: make lab" in text
    assert not (tmp_path / "shown.json").exists()


def test_the_aws_inventory_needs_nothing_but_a_subnet(tmp_path: pathlib.Path) -> None:
    text = shown(tmp_path, "aws")
    assert "failed=0" in text, text
    found = json.loads((tmp_path / "shown.json").read_text())
    assert found["builder"]["subnet_id"] == ""
    assert found["proxy"] == ""
    assert found["tentacle"] is None
