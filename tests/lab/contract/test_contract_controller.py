# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented examples of modules that have a part on the controller: a real playbook runs them."""

from __future__ import annotations

import pathlib
import typing as t

import yaml

from tests.lab.contract import example_guest
from tests.lab.contract.documents import tasks
from tests.lab.contract.example_table import BY_PLAYBOOK
from tests.lab.modules.endpoint import play, served

SOURCES = ("srv/myfiles/foo.conf", "src/myfiles/foo.conf", "files/temp_files/a.txt", "files/config.ini", "NuGet.config")
# What win_copy leaves: the page's destinations, with the content of the sources.
COPIED = {
    "C:\\Temp\\renamed-foo.conf": "srv/myfiles/foo.conf",
    "C:\\Temp\\foo.conf": "src/myfiles/foo.conf",
    "C:\\Temp\\temp_files\\a.txt": "files/temp_files/a.txt",
    "C:\\App\\Config\\config.ini": "files/config.ini",
    "C:\\Temp\\a.txt": "files/temp_files/a.txt",
    "C:\\ansible\\foo.txt": "foo",
    "C:\\ansible\\Temp\\foo.txt": "foo",
    "C:\\Temp\\foo.txt": "abc123",
    "C:\\Users\\Administrator\\AppData\\Roaming\\NuGet\\NuGet.config": "NuGet.config",
}


def _adapted(task: dict[str, t.Any], folder: pathlib.Path) -> dict[str, t.Any]:
    """Give a task whose sources are below the folder, and which does not wait for long."""
    options = task.get("ansible.windows.win_copy", {})
    if str(options.get("src", "")).startswith("/"):
        task = task | {"ansible.windows.win_copy": options | {"src": f"{folder}{options['src']}"}}
    return task | ({"delay": 1} if "delay" in task else {})


def test_the_examples_with_a_part_on_the_controller_run(tmp_path: pathlib.Path) -> None:
    for name in SOURCES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    guest = example_guest.make()
    guest.machine.files.write("C:\\Windows\\System32\\my.exe", example_guest.FILES["C:\\someprog.exe"])
    for copied in COPIED:
        guest.machine.files.mkdir(copied.rpartition("\\")[0])
    documented = [task for name in BY_PLAYBOOK for task in tasks(f"ansible.windows.{name}")]
    site = [{"hosts": "all", "gather_facts": False, "tasks": [_adapted(task, tmp_path) for task in documented]}]
    with served(guest) as port:
        told = play(yaml.safe_dump(site), port, tmp_path)
    assert f"ok={len(documented)} " in told
    assert {path: guest.machine.files.read_text(path) for path in COPIED} == COPIED
