# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a retirement over a large estate, as its users see it with --check; and the plan alone."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import pathlib
import subprocess
import tempfile
import time
import typing as t

from tests.bench.canned_ec2 import ami_id
from tests.bench.measures.audit import AMIS, BIN, GROUPS, INSTANCES, REGIONS, prepare, served
from tests.bench.table import Row
from tests.bench.workshop import BuildError, Workshop

ORDER = 86


def measure(place: Workshop) -> t.Iterator[Row]:
    print(f"bench: planning the retirement of {len(REGIONS) * AMIS:,} AMIs", flush=True)
    with tempfile.TemporaryDirectory(prefix="golden-retire-") as directory, served(place) as address:
        here = pathlib.Path(directory)
        prepare(here, address)
        seconds, memory = run(place, here)
    yield Row(f"retirement of {len(REGIONS) * AMIS:,} AMIs in {len(REGIONS)} regions, planned", "s", seconds, goal=60)
    yield Row("  memory", "MiB", memory, goal=400)
    yield Row("  the plan alone", "s", round(decide(), 2), goal=1)


def run(place: Workshop, here: pathlib.Path) -> tuple[float, float]:
    """Run the playbook with --check; return its seconds, and the most memory that a process of it had, in MiB."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(here),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(place.root / "ansible.cfg"),
        "ANSIBLE_HOME": str(here / ".ansible"),
    }
    command = [str(BIN / "ansible-playbook"), "-i", "localhost,", "playbooks/retire.yml", "--check"]
    began = time.monotonic()
    with (here / "output").open("wb") as output:
        process = subprocess.Popen(
            [*command, "-e", f"@{here}/variables.json", "-e", "days=30"],
            cwd=place.root, env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    said = (here / "output").read_text(encoding="utf-8")
    if process.returncode or said.count("in use in") < AMIS:
        raise BuildError(f"{' '.join(command)}:\n{said[-2000:]}")
    return round(seconds, 1), round(usage.ru_maxrss / 1024)


def decide() -> float:
    """Return the seconds that the plan alone takes, with its doubts; every second AMI is in use."""
    importlib.import_module("tests.conftest")
    from ansible_collections.golden.windows_ami.plugins.plugin_utils import estate
    from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build
    from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire import Facts, Policy, plan
    from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire_doubts import doubts

    now = dt.datetime.now(dt.UTC)
    amis, uses, builds = [], [], []
    places = [estate.Place("123456789012", region) for region in REGIONS]
    for number, place in enumerate(places):
        ids = [ami_id(number, index) for index in range(AMIS)]
        amis += [estate.AmiState(one, place, place.account, "", "web", "available") for one in ids]
        uses += [estate.Use(estate.INSTANCE, f"i-{n}", "", place, ids[n % (AMIS // 2)]) for n in range(INSTANCES)]
        for kind in (estate.GROUP, estate.LAUNCH_TEMPLATE):
            uses += [estate.Use(kind, f"{kind}-{n}", "", place, ids[n % (AMIS // 2)]) for n in range(GROUPS)]
        for index, one in enumerate(ids):
            moment = now - dt.timedelta(days=100, minutes=AMIS * number + index)
            name = f"{moment:%Y%m%dT%H%M%SZ}-{index:06x}"
            parent = builds[-1].id if index % 2 else None
            builds.append(
                Build(
                    id=name,
                    image=f"image{index % 40}",
                    status="verified",
                    started=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                    amis={place.region: one},
                    parent_build=parent,
                )
            )
    whole = estate.Estate(tuple(places), tuple(uses), tuple(amis), (), now)
    began = time.perf_counter()
    assert not doubts(whole, builds, [], {}, now)
    found = plan(Facts(builds, [], whole, now), Policy())
    seconds = time.perf_counter() - began
    assert {step.action for step in found} == {"keep", "deprecate"}
    return seconds
