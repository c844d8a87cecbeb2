# SPDX-License-Identifier: GPL-3.0-or-later
"""A project whose packer_build answers what the play says, with the real callback plugin watching."""

from __future__ import annotations

import json
import pathlib
import subprocess
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import Catalogue, open_catalogue

from tests.unit.running import REPOSITORY, ansible

# Stands for the real one: same name, and the result that a test wants.
PACKER_BUILD = """
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    _requires_connection = False
    supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        return self._task.args["answer"]
"""


class Project:
    """A directory with a copy of the collection, a spool and a catalogue."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.spool = path / "spool"
        self.catalogue_file = path / "catalogue" / "catalogue.sqlite"
        plugins = path / "collections" / "ansible_collections" / "golden" / "windows_ami" / "plugins"
        (plugins / "action").mkdir(parents=True)
        (plugins / "modules").mkdir()
        (plugins / "action" / "packer_build.py").write_text(PACKER_BUILD)
        (plugins / "modules" / "packer_build.py").write_text("")
        for name in ("callback", "plugin_utils"):
            (plugins / name).symlink_to(REPOSITORY / "plugins" / name)

    @property
    def catalogue(self) -> Catalogue:
        return open_catalogue(f"sqlite:{self.catalogue_file}", readonly=True)

    def waiting(self) -> list[pathlib.Path]:
        """Return what is in the spool."""
        return sorted(self.spool.glob("*"))

    def play(self, *tasks: t.Any, arguments: t.Sequence[str] = (), **more: t.Any) -> subprocess.CompletedProcess[str]:
        """Run a play with these tasks. Capital letters in ``more`` are environment, others are the play's variables."""
        environment = {name: value for name, value in more.items() if name.isupper()}
        variables = {
            "golden_catalogue": f"sqlite:{self.catalogue_file}",
            **{name: value for name, value in more.items() if not name.isupper()},
        }
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {name: value for name, value in variables.items() if value is not None},
            "tasks": list(tasks),
        }
        (self.path / "play.yml").write_text(json.dumps([play]))
        environment = {"ANSIBLE_COLLECTIONS_PATH": str(self.path / "collections"), **environment}
        return ansible("ansible-playbook", "-i", "localhost,", "play.yml", *arguments, home=self.path, **environment)


@pytest.fixture
def project(tmp_path: pathlib.Path) -> Project:
    return Project(tmp_path)
