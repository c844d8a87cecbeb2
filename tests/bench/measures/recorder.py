# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback ami_recorder costs a play of many tasks: the play with and without it, in turns.

Two runs of one play differ by more than the goal on any busy machine. So the time inside the recorder, its import
included, is taken too, and that is what has the goal.
"""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t

from tests.bench.table import Row
from tests.bench.workshop import Workshop
from tests.e2e.conftest import BIN

ORDER = 95
TASKS = 60
TURNS = 2
# The recorder with a clock around each event, and the time it took to be imported.
TIMED = """
import json, os, time
began = time.perf_counter()
from ansible_collections.golden.windows_ami.plugins.callback import ami_recorder
spent = [time.perf_counter() - began]
DOCUMENTATION = ami_recorder.DOCUMENTATION.replace("name: ami_recorder", "name: timed")

def timed(event):
    def run(self, *arguments, **options):
        start = time.perf_counter()
        try:
            event(self, *arguments, **options)
        finally:
            spent.append(time.perf_counter() - start)
            if event.__name__ == "v2_playbook_on_stats":
                with open(os.environ["BENCH_SPENT"], "w") as file:
                    json.dump(sum(spent), file)
    return run

class CallbackModule(ami_recorder.CallbackModule):
    CALLBACK_NAME = "timed"

for name in dir(ami_recorder.CallbackModule):
    if name.startswith("v2_") and name in vars(ami_recorder.CallbackModule):
        setattr(CallbackModule, name, timed(getattr(ami_recorder.CallbackModule, name)))
"""
# ansible-playbook wants one to be named.
NONE = """
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = "{name: none, type: notification, short_description: Nothing}"

class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "none"
    CALLBACK_NEEDS_ENABLED = True
"""


class Run(t.NamedTuple):
    """A play, and the part of it inside the recorder. Seconds."""

    seconds: float
    inside: float


def measure(place: Workshop) -> t.Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="golden-bench-") as name:
        directory = pathlib.Path(name)
        _prepare(directory)
        print(f"bench: a play of {TASKS} tasks, with the recorder and without", flush=True)
        without = []
        recording: list[Run] = []
        provisioning: list[Run] = []
        for _ in range(TURNS):
            without.append(_play(place, directory, "none"))
            recording.append(_timed(place, directory))
            provisioning.append(_timed(place, directory, GOLDEN_RUN_FILE=str(directory / "run.json")))
    yield Row(f"a play of {TASKS} tasks without the recorder", "s", round(statistics.median(without), 2))
    for name, runs in (("with it", recording), ("as Packer's provisioning run", provisioning)):
        yield Row(f"  the same {name}", "s", round(statistics.median(run.seconds for run in runs), 2))
        share = statistics.median(100 * run.inside / run.seconds for run in runs)
        yield Row("    inside the recorder", "%", round(share, 2), goal=1)


def _prepare(directory: pathlib.Path) -> None:
    """Write a play with a role of many small tasks."""
    tasks = directory / "roles" / "many" / "tasks"
    tasks.mkdir(parents=True)
    each = [{"name": f"Task {number}", "ansible.builtin.command": "true"} for number in range(TASKS)]
    (tasks / "main.yml").write_text(json.dumps(each))
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": ["many"]}]
    (directory / "play.yml").write_text(json.dumps(play))
    (directory / "callback").mkdir()
    (directory / "callback" / "timed.py").write_text(TIMED)
    (directory / "callback" / "none.py").write_text(NONE)


def _timed(place: Workshop, directory: pathlib.Path, **environment: str) -> Run:
    seconds = _play(place, directory, "timed", **environment)
    return Run(seconds, float(json.loads((directory / "spent").read_text())))


def _play(place: Workshop, directory: pathlib.Path, callbacks: str, **environment: str) -> float:
    """Return the seconds of a play."""
    ours = {
        "ANSIBLE_CALLBACKS_ENABLED": callbacks,
        "ANSIBLE_CALLBACK_PLUGINS": str(directory / "callback"),
        "ANSIBLE_ROLES_PATH": str(directory / "roles"),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "BENCH_SPENT": str(directory / "spent"),
        "GOLDEN_SPOOL": str(directory / "spool"),
    }
    began = time.monotonic()
    subprocess.run(
        [str(BIN / "ansible-playbook"), "-i", "localhost,", str(directory / "play.yml")],
        cwd=place.root, env={**os.environ, **place.lab.environment, **ours, **environment},
        check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=600,
    )  # fmt: skip
    return time.monotonic() - began
