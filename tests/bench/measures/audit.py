# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit of a large estate, as its users run it, at a stand-in for AWS; and how long its decision takes alone."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.request

from tests.bench.canned_ec2 import ami_id
from tests.bench.canned_estate import (
    CHANNELS,
    GROUPS_PAGE,
    INSTANCES_PAGE,
    PARAMETERS_PAGE,
    PREFIX,
    TEMPLATES_PAGE,
)
from tests.bench.table import Row
from tests.bench.workshop import BuildError, Workshop

ORDER = 85
REGIONS = tuple(f"xx-bench-{number}" for number in range(1, 21))
# In each of the 20 regions: 20,000 instances, 10,000 AMIs, 2,000 groups and 2,000 templates in all.
INSTANCES, AMIS, GROUPS = 1000, 500, 100
BIN = pathlib.Path(sys.executable).parent


def measure(place: Workshop) -> t.Iterator[Row]:
    print(f"bench: auditing {len(REGIONS)} regions", flush=True)
    with tempfile.TemporaryDirectory(prefix="golden-audit-") as directory, served(place) as address:
        here = pathlib.Path(directory)
        prepare(here, address)
        seconds, memory = run(place, here)
        with urllib.request.urlopen(f"{address}/calls", timeout=30) as answer:
            calls = json.load(answer)
    yield Row(f"audit of {len(REGIONS) * INSTANCES:,} instances in {len(REGIONS)} regions", "s", seconds, goal=60)
    yield Row("  memory", "MiB", memory, goal=400)
    yield Row("  calls to AWS", "", sum(calls.values()), goal=expected_calls())
    yield Row("  the decision alone", "s", round(decide(), 2), goal=1)


def expected_calls() -> int:
    """Return a call for each page, and one for each template of which a group pins a version in between."""
    pages = (
        -(-INSTANCES // INSTANCES_PAGE)
        + -(-GROUPS // GROUPS_PAGE)
        + -(-GROUPS // TEMPLATES_PAGE)
        + -(-2 * GROUPS // TEMPLATES_PAGE)  # the default and the latest version of each
        + -(-CHANNELS // PARAMETERS_PAGE)
        + -(-AMIS // 200)  # snapshots
    )
    lists = 4  # own AMIs, launch configurations, spot fleets, EC2 fleets
    more = GROUPS // 10 + 1 + 1  # pinned versions, parameters that templates name, the KMS key
    return 1 + len(REGIONS) * (pages + lists + more)


@contextlib.contextmanager
def served(place: Workshop) -> t.Iterator[str]:
    """Start the stand-in for AWS and hand over its address."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.canned_estate", str(INSTANCES), str(AMIS), str(GROUPS), *REGIONS],
        cwd=place.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.communicate()


def prepare(here: pathlib.Path, address: str) -> None:
    """Write what the playbook needs to know, and a catalogue of all AMIs."""
    (here / "config").write_text(
        f"[default]\nregion = {REGIONS[0]}\nendpoint_url = {address}\n"
        "aws_access_key_id = testing\naws_secret_access_key = testing\n"
    )
    variables = {
        "golden_aws": {"config_file": str(here / "config"), "profile": "default", "region": REGIONS[0]},
        "golden_catalogue": f"sqlite:{here}/catalogue.sqlite",
        "golden_regions": REGIONS,
        "golden_publish": {"prefix": PREFIX},
        "ansible_python_interpreter": sys.executable,
    }
    (here / "variables.json").write_text(json.dumps(variables))
    importlib.import_module("tests.conftest")  # which makes collections importable, once in a process
    from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import open_catalogue
    from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

    def builds() -> t.Iterator[dict[str, t.Any]]:
        contents = {"programs": [{"name": f"Program {number}", "version": "1.2.3.4"} for number in range(60)]}
        for number, (region, index) in enumerate((r, i) for r in range(len(REGIONS)) for i in range(AMIS)):
            moment = dt.datetime(2026, 9, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number)
            build = Build(
                id=f"{moment:%Y%m%dT%H%M%SZ}-000000", image=f"image{index % CHANNELS}", status="verified",
                started=f"{moment:%Y-%m-%dT%H:%M:%SZ}", amis={REGIONS[region]: ami_id(region, index)},
                contents=contents,
            )  # fmt: skip
            yield {"kind": "build", "schema": 1, **build.to_dict()}

    catalogue = open_catalogue(f"sqlite:{here}/catalogue.sqlite")
    catalogue.load(builds())


def run(place: Workshop, here: pathlib.Path) -> tuple[float, float]:
    """Run the playbook; return its seconds, and the most memory that a process of it had, in MiB."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(here),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(place.root / "ansible.cfg"),
        "ANSIBLE_HOME": str(here / ".ansible"),
    }
    command = [str(BIN / "ansible-playbook"), "-i", "localhost,", "playbooks/audit.yml"]
    files = ["-e", f"@{here}/variables.json", "-e", f"json={here}/audit.json", "-e", "fail_on=never"]
    began = time.monotonic()
    with (here / "output").open("wb") as output:
        process = subprocess.Popen(
            [*command, *files], cwd=place.root, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    if process.returncode or "answer-missing" in (here / "audit.json").read_text(encoding="utf-8"):
        raise BuildError(f"{' '.join(command)}:\n{(here / 'output').read_text()[-2000:]}")
    return round(seconds, 1), round(usage.ru_maxrss / 1024)


def decide() -> float:
    """Return the seconds that the decision over as much takes."""
    importlib.import_module("tests.conftest")
    from ansible_collections.golden.windows_ami.plugins.plugin_utils import estate
    from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit import Records, audit
    from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit_ami import Policy

    now = dt.datetime.now(dt.UTC)
    places = [estate.Place("123456789012", region) for region in REGIONS]
    created = f"{now:%Y-%m-%dT%H:%M:%S.000Z}"
    amis, uses = [], []
    for number, place in enumerate(places):
        ids = [ami_id(number, index) for index in range(AMIS)]
        amis += [estate.AmiState(one, place, place.account, "", "web", "available", created) for one in ids]
        uses += [estate.Use(estate.INSTANCE, f"i-{n}", "", place, ids[n % AMIS]) for n in range(INSTANCES)]
        for kind in (estate.GROUP, estate.LAUNCH_TEMPLATE):
            uses += [estate.Use(kind, f"{kind}-{n}", "", place, ids[n % AMIS]) for n in range(GROUPS)]
    whole = estate.Estate(tuple(places), tuple(uses), tuple(amis), (), now)
    began = time.perf_counter()
    audit(whole, Records(), Policy())
    return time.perf_counter() - began
