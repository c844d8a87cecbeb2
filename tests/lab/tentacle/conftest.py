# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab with a stock server for the role's plays, in the order of a server's life."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import typing as t
import urllib.request

import pytest

from tests.lab.ec2.support import Lab, lab_command
from tests.lab.psrp.instances import Instance, launch

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(sys.executable).parent
PLAYS = pathlib.Path(__file__).parent
OLD, NEW = "8.1.2007", "8.2.2297"
MSI = "Octopus.Tentacle.{}-x64.msi"


@dataclasses.dataclass(frozen=True)
class Ran:
    """A play that has ended."""

    status: int
    output: str

    @property
    def changed(self) -> int:
        """How many tasks changed something, by the recap."""
        return int(self.output.rpartition("changed=")[2].split()[0])


@dataclasses.dataclass(frozen=True)
class Site:
    """A lab, a server in it, and a controller."""

    lab: Lab
    server: Instance
    folder: pathlib.Path
    variables: dict[str, t.Any]

    @property
    def octopus(self) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", self.lab.state["octopus"])

    def play(self, *arguments: str, playbook: str = "role.yml", **variables: t.Any) -> Ran:
        """Run a playbook of these tests. No project configuration: the role as its users have it."""
        path = self.folder / "variables.json"
        path.write_text(json.dumps(self.variables | variables))
        command = [str(BIN / "ansible-playbook"), "-i", str(self.folder / "hosts.json"), "-e", f"@{path}"]
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {
            **kept,
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "AWS_CONFIG_FILE": self.lab.state["aws_config_file"],
        }
        done = subprocess.run(
            [*command, *arguments, str(PLAYS / playbook)],
            env=environment, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout + done.stderr)

    def good(self, *arguments: str, **variables: t.Any) -> Ran:
        """Run the role, which must not fail."""
        ran = self.play(*arguments, **variables)
        assert ran.status == 0, ran.output
        return ran

    def registered(self, collection: str = "machines", space: int = 1) -> list[dict[str, t.Any]]:
        """Ask the Octopus Server itself."""
        url = f"{self.octopus['url']}/api/Spaces-{space}/{collection}/all"
        request = urllib.request.Request(url, headers={"X-Octopus-ApiKey": self.octopus["api_key"]})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return t.cast("list[dict[str, t.Any]]", json.load(answer))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Site]:
    folder = tmp_path_factory.mktemp("tentacle")
    started = lab_command(folder / "lab", "up")
    assert started.returncode == 0, started.stdout + started.stderr
    lab = Lab(json.loads((folder / "lab" / "lab.json").read_text()))
    server = launch(lab.client, lab.state)
    yield prepare(lab, server, folder)
    assert lab_command(folder / "lab", "down").returncode == 0


def prepare(lab: Lab, server: Instance, folder: pathlib.Path) -> Site:
    """Write what the plays need: an inventory, a configuration and the MSI packages."""
    host = {
        "ansible_host": server.address,
        "ansible_connection": "winrm",
        "ansible_user": "Administrator",
        "ansible_password": server.password,
        "ansible_port": 5986,
        "ansible_winrm_scheme": "https",
        "ansible_winrm_transport": "ntlm",
        "ansible_winrm_server_cert_validation": "ignore",
    }
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {"web-1": host}}}))
    collections = ROOT / ".ansible" / "collections"
    (folder / "ansible.cfg").write_text(f"[defaults]\ncollections_path = {collections}\nhome = {folder / 'home'}\n")
    artefacts = lab.state["artefacts"]
    for version in (OLD, NEW):
        with urllib.request.urlopen(artefacts[MSI.format(version)]["url"], timeout=10) as answer:
            (folder / MSI.format(version)).write_bytes(answer.read())
    octopus = lab.state["octopus"]
    variables = {
        "packages": str(folder),
        "sums": {version: artefacts[MSI.format(version)]["sha256"] for version in (OLD, NEW)},
        "octopus_tentacle_version": NEW,
        "octopus_tentacle_server_url": octopus["url"],
        "octopus_tentacle_server_thumbprint": octopus["thumbprint"],
        "octopus_tentacle_api_key": octopus["api_key"],
        "octopus_tentacle_environments": ["Test"],
        "octopus_tentacle_roles": ["web"],
    }
    return Site(lab, server, folder, variables)
