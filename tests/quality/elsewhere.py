# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as an archive, and somebody who has installed it and has nothing else of this project."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import typing as t

from tests.e2e.conftest import BIN, ROOT, Finished, Lab


def build_archive(directory: pathlib.Path) -> pathlib.Path:
    """Build the collection as a maintainer does, from the clone with all that has come together in it."""
    command = [str(BIN / "ansible-galaxy"), "collection", "build", "--output-path", str(directory), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = directory.glob("*.tar.gz")
    return path


def install(archive: pathlib.Path, collections: pathlib.Path) -> None:
    """Install an archive below a directory, without network."""
    command = [str(BIN / "ansible-galaxy"), "collection", "install", str(archive), "-p", str(collections)]
    collections.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*command, "--no-deps", "--offline"],
        cwd=collections, env={"PATH": os.environ["PATH"], "HOME": str(collections.parent), "LC_ALL": "C.UTF-8"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


class User:
    """A directory with an inventory, and the collection somewhere else."""

    def __init__(self, path: pathlib.Path, collections: pathlib.Path, lab: Lab) -> None:
        self.path = path
        self.catalogue = f"sqlite:{path}/catalogue.sqlite"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(path),
            "ANSIBLE_INVENTORY": str(path / "inventory"),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "200",
            "AWS_CONFIG_FILE": lab.info["aws_config_file"],
            "AWS_PROFILE": "default",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(path / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_CALLBACKS_ENABLED": "golden.windows_ami.ami_recorder",
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        }
        self.aws = {"config_file": lab.info["aws_config_file"], "profile": "default", "region": lab.info["region"]}
        here = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        self.write("inventory/hosts.yml", {"all": {"hosts": {"localhost": here}}})
        self.write("inventory/fleet.yml", {"plugin": "golden.windows_ami.fleet"})
        self.write("inventory/group_vars/all.yml", {"golden_aws": self.aws, "golden_catalogue": self.catalogue})

    def write(self, name: str, content: t.Any) -> None:
        """Write a file of YAML."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))

    def run(self, program: str, *arguments: str) -> Finished:
        """Run one of Ansible's programs in the directory."""
        done = subprocess.run(
            [str(BIN / program), *arguments],
            cwd=self.path, env=self._environment, timeout=300, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Finished(done.returncode, done.stdout + done.stderr)

    def tasks(self, *tasks: dict[str, t.Any]) -> Finished:
        """Run tasks on localhost."""
        self.write("play.yml", [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}])
        return self.run("ansible-playbook", "play.yml")

    def says(self, template: str) -> str:
        """Return what a template is for localhost."""
        done = self.run("ansible", "localhost", "-m", "debug", "-a", json.dumps({"msg": template}))
        assert done.status == 0, done.output
        return str(json.loads(done.output.partition("=> ")[2])["msg"])
