# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Ansible against an instance of the lab: all that works over winrm works over psrp."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from tests.lab.ec2.support import Lab, lab_command
from tests.lab.psrp.instances import Instance, launch

EVERYTHING = pathlib.Path(__file__).parent / "everything.yml"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    directory = tmp_path_factory.mktemp("lab")
    started = lab_command(directory, "up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield Lab(json.loads((directory / "lab.json").read_text()))
    assert lab_command(directory, "down").returncode == 0


@pytest.fixture(scope="module")
def instance(lab: Lab) -> Instance:
    return launch(lab.client, lab.state)


@pytest.mark.parametrize("connection", ["psrp", "winrm"])
def test_everything(lab: Lab, instance: Instance, tmp_path: pathlib.Path, connection: str) -> None:
    big, fetched = tmp_path / "big.bin", tmp_path / "fetched"
    big.write_bytes(f"over {connection}".encode() + bytes(range(256)) * 5000)
    fetched.mkdir()
    boots = lab.instance(instance.instance_id)["boots"]

    ran = instance.ansible(
        connection, "ansible-playbook", str(EVERYTHING), folder=tmp_path, BIG_FILE=str(big), FETCHED=str(fetched)
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (fetched / "big.bin").read_bytes() == big.read_bytes()
    assert lab.instance(instance.instance_id)["boots"] == boots + 1


def test_one_module_from_the_command_line(instance: Instance, tmp_path: pathlib.Path) -> None:
    password = "ansible_password={{ lookup('ansible.builtin.env', 'GUEST_PASSWORD') }}"

    ran = instance.ansible("psrp", "ansible", "all", "-m", "ansible.windows.win_ping", "-e", password, folder=tmp_path)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert '"ping": "pong"' in ran.stdout
