# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an inventory update and a job through ansible-runner as AWX does.

AWX (awx/main/tasks/jobs.py) makes a private data directory for each, with a copy of the project. An inventory update is
``ansible-inventory --list --export`` on a path in the project; the answer is stored. A job gets what was stored as an
executable that prints it, its extra variables and arguments as files in env/, and its settings in the environment.
The execution environment is a directory with the installed collection here, and no container.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shlex
import shutil
import stat
import sys
import typing as t

import ansible_runner

from scripts.collection_tree import PROJECT, listed
from tests.e2e.conftest import BIN, Lab

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def text(run: ansible_runner.Runner) -> str:
    """Return what a run has shown, without colours."""
    with run.stdout as shown:
        return _COLOUR.sub("", shown.read())


class Awx:
    """Runs things of the project in directories of their own."""

    def __init__(self, directory: pathlib.Path, collections: pathlib.Path, lab: Lab) -> None:
        self._directory = directory
        self._environment = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(directory),
            "LC_ALL": "C.UTF-8",
            "GOLDEN_LAB_DIR": str(lab.directory),
            # Where the project's ansible.cfg says, then the user's own, then the execution environment's.
            "ANSIBLE_COLLECTIONS_PATH": f".ansible/collections:{directory}/.ansible/collections:{collections}",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_FORCE_COLOR": "True",
        }

    def update_inventory(self, number: int, source: str) -> dict[str, t.Any]:
        """Return what an inventory update of a path in the project stores."""
        private = self._private(number)
        output = private / "artifacts" / str(number) / "output.json"
        where = private / "project" / source
        arguments = ["ansible-inventory", "--list", "--export", "-i", str(where), "--output", str(output)]
        self._write(private / "args", shlex.join([*arguments, "--playbook-dir", str(where)]))
        output.parent.mkdir(parents=True)
        more = {"ANSIBLE_INVENTORY_UNPARSED_FAILED": "True", "ANSIBLE_INVENTORY_EXPORT": "True"}
        done = self._run(private, number, more)
        assert done.rc == 0, text(done)
        stored = t.cast("dict[str, t.Any]", json.loads(output.read_text()))
        stored["_meta"] = {"hostvars": stored["_meta"]["hostvars"]}  # all that AWX keeps of it
        return stored

    def job(
        self, number: int, playbook: str, inventory: dict[str, t.Any], check: bool = False, **variables: t.Any
    ) -> ansible_runner.Runner:
        """Run a playbook of the project and return what ansible-runner has of it."""
        private = self._private(number)
        script = private / "inventory" / "hosts"
        self._write(script, f"#!{sys.executable}\nprint({json.dumps(inventory)!r})\n")
        script.chmod(stat.S_IRWXU)
        self._write(private / "env" / "extravars", json.dumps({**variables, "awx_job_id": number}))
        self._write(private / "env" / "cmdline", shlex.join([*(["--check"] if check else []), "-u", "root"]))
        more = {"JOB_ID": str(number), "ANSIBLE_CALLBACKS_ENABLED": "golden.windows_ami.ami_recorder"}
        return self._run(private, number, more, playbook=playbook, inventory=str(script))

    def _run(
        self, private: pathlib.Path, number: int, more: dict[str, str], **parameters: t.Any
    ) -> ansible_runner.Runner:
        settings = {"job_timeout": 120, "suppress_ansible_output": True}
        self._write(private / "env" / "settings", json.dumps(settings))
        environment = {**self._environment, **more, "AWX_PRIVATE_DATA_DIR": str(private)}
        return ansible_runner.run(
            private_data_dir=str(private), ident=str(number), envvars=environment, quiet=True, **parameters
        )

    def _private(self, number: int) -> pathlib.Path:
        private = self._directory / f"awx_{number}"
        for path in listed():
            copy = private / "project" / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / path, copy, follow_symlinks=False)
        return private

    def _write(self, path: pathlib.Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
