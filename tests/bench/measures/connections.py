# SPDX-License-Identifier: GPL-3.0-or-later
"""What the same small play costs over Ansible's two connections to Windows, each with an instance of its own."""

from __future__ import annotations

import pathlib
import time
import typing as t

from tests.bench.table import Row
from tests.bench.workshop import BuildError, Workshop
from tests.lab.psrp.instances import launch

ORDER = 80
PLAY = pathlib.Path(__file__).parents[1] / "connections.yml"
COUNTERS = (
    ("requests", "requests", ""),
    ("connections", "connections", ""),
    ("sent to the guest", "bytes_in", "KiB"),
    ("received from it", "bytes_out", "KiB"),
)


def measure(place: Workshop) -> t.Iterator[Row]:
    for connection in ("winrm", "psrp"):
        seconds, counted = _play(place, connection)
        yield Row(f"a small play over {connection}", "s", round(seconds, 1))
        for title, counter, unit in COUNTERS:
            yield Row(f"  {title}", unit, round(counted[counter] / (1024 if unit else 1)))


def _play(place: Workshop, connection: str) -> tuple[float, dict[str, int]]:
    print(f"bench: a small play over {connection}", flush=True)
    instance = launch(place.lab.client, place.lab.info)
    folder = place.lab.directory / connection
    folder.mkdir()
    began = time.monotonic()
    ran = instance.ansible(connection, "ansible-playbook", str(PLAY), folder=folder)
    seconds = time.monotonic() - began
    if ran.returncode != 0:
        raise BuildError(f"{ran.stdout}{ran.stderr}\nbench: the play over {connection} failed")
    (counted,) = (row["winrm"] for row in place.status()["instances"] if row["instance_id"] == instance.instance_id)
    place.lab.client("ec2").terminate_instances(InstanceIds=[instance.instance_id])
    return seconds, counted
