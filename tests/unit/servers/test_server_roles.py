# SPDX-License-Identifier: GPL-3.0-or-later
"""No way of naming the role that seals gets past configure.yml, and no other role is taken for it."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import pytest
import yaml

from tests.unit.running import REPOSITORY, ansible, output

SEALS = ["sysprep", "golden.windows_ami.sysprep", "acme.windows.sysprep", "./roles/sysprep", "roles/sysprep/"]
OTHERS = ["golden.windows_ami.proxy", "acme.windows.sysprep_report", "acme.sysprep.proxy", "nosysprep"]


def roles_of(tmp_path: pathlib.Path, **variables: t.Any) -> dict[str, t.Any]:
    """Return what playbooks/vars/servers.yml makes of variables, for a server that has nothing else."""
    play = {
        "hosts": "server",
        "gather_facts": False,
        "connection": "local",
        "vars_files": [str(REPOSITORY / "playbooks" / "vars" / "servers.yml")],
        "tasks": [{"copy": {"dest": str(tmp_path / "said.json"), "content": "{{ {'roles': server_roles, "
                            "'sealing': server_sealing} | to_json }}"}}],
    }  # fmt: skip
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"server": variables}}}))
    done = ansible("ansible-playbook", "-i", "hosts.yml", "play.yml", home=tmp_path)
    assert done.returncode == 0, output(done)
    return t.cast("dict[str, t.Any]", json.loads((tmp_path / "said.json").read_text()))


@pytest.mark.parametrize("shape", [list, ",".join, ", ".join], ids=["list", "commas", "commas and blanks"])
def test_every_name_of_the_role_that_seals_is_recognised(shape: t.Callable[..., t.Any], tmp_path: pathlib.Path) -> None:
    found = roles_of(tmp_path, golden_configure_roles=shape([*OTHERS, *SEALS]))
    assert found == {"roles": [*OTHERS, *SEALS], "sealing": SEALS}


def test_an_image_that_lists_it_gives_servers_the_other_roles(tmp_path: pathlib.Path) -> None:
    images = {"web": {"base": "b", "roles": [*OTHERS, *SEALS]}}
    assert roles_of(tmp_path, golden_image="web", golden_images=images) == {"roles": OTHERS, "sealing": []}


def test_named_roles_count_instead_of_the_images(tmp_path: pathlib.Path) -> None:
    images = {"web": {"base": "b", "roles": OTHERS}}
    found = roles_of(tmp_path, golden_image="web", golden_images=images, golden_configure_roles=["one"])
    assert found["roles"] == ["one"]


def test_no_playbook_for_servers_runs_a_role_that_is_written_into_it() -> None:
    playbooks = REPOSITORY / "playbooks"
    files = [*(playbooks / "tasks").glob("*server*.yml"), playbooks / "tasks" / "audit_role.yml"]
    for path in [playbooks / "configure.yml", playbooks / "audit_servers.yml", *files]:
        text = path.read_text()
        assert not re.search(r"sysprep|import_role|\broles:", text), path
        assert yaml.safe_load(text)
