# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a catalogue in a file takes to answer and to record, as it grows to a million builds."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import random
import sqlite3
import statistics
import tempfile
import time
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import ANY, Catalogue, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, timestamp

from tests.bench.table import Row
from tests.bench.workshop import Workshop

ORDER = 90
SIZES = (10_000, 100_000, 1_000_000)
IMAGES = 50
REGION = "eu-west-1"
FIRST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
# Every tenth build failed; of the others the newest are verified.
STATUSES = ("failed", *["verified"] * 9)
REPEATS = 200
PAGE = 50


def measure(_place: Workshop) -> t.Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="golden-bench-") as directory:
        path = pathlib.Path(directory) / "catalogue.sqlite"
        catalogue = open_catalogue(f"sqlite:{path}")
        done = 0
        for size in SIZES:
            print(f"bench: a catalogue with {size:,} builds", flush=True)
            fill(path, done, size)
            done = size
            for image in range(IMAGES):
                (newest,) = catalogue.builds(f"image{image}", ["verified"], limit=1)
                catalogue.move_channel(newest.image, "stable", newest.id, "bench", None, FIRST, ANY)
            yield from questions(catalogue, size)
            yield Row("  size of the file", "MiB", round(path.stat().st_size / 2**20))


def questions(catalogue: Catalogue, size: int) -> t.Iterator[Row]:
    """Ask each question of random images and moments; the middle one of the times counts."""

    def image() -> str:
        return f"image{random.randrange(IMAGES)}"

    def in_channel() -> None:
        move = catalogue.channel(image(), "stable")
        assert move
        assert catalogue.get(move.build_id)

    def page() -> None:
        before = build_id(random.randrange(size // 2, size))
        assert len(catalogue.builds(image(), limit=PAGE, before=before)) == PAGE

    fresh = iter(range(REPEATS))

    def record() -> None:
        number = size + next(fresh)
        ami = f"ami-new-{size}-{number}"
        identity = f"{FIRST + dt.timedelta(days=9000):%Y%m%dT%H%M%SZ}-{number:06x}"
        catalogue.finish(
            Build(id=identity, image="recorded", started=timestamp(FIRST), status="built", amis={REGION: ami})
        )

    yield Row(f"catalogue with {size:,} builds")
    yield Row("  the build that a channel points at", "ms", _median(in_channel), goal=2)
    yield Row("  the newest build in a region", "ms", _median(lambda: catalogue.newest(image(), REGION)), goal=2)
    yield Row(f"  a page of {PAGE} builds of an image", "ms", _median(page), goal=10)
    yield Row("  the build of an AMI", "ms", _median(lambda: catalogue.by_ami(ami_id(random.randrange(size)))), goal=2)
    yield Row("  recording a build", "ms", _median(record), goal=20)


def fill(path: pathlib.Path, start: int, end: int) -> None:
    """Add builds in one transaction. Through the interface a million would take longer than all measures together."""
    model = Build(
        id=build_id(0), image="IMAGE", started=timestamp(FIRST), status="verified", amis={REGION: "AMI"}, author="ann",
        versions={"packer": "1.6.6", "ansible-core": "2.19.14"}, fingerprint="FINGERPRINT",
    )  # fmt: skip
    record = json.dumps(model.to_dict())
    db = sqlite3.connect(path, isolation_level=None)
    # Only for this connection: indexes of a million rows are slow to write without memory.
    db.execute("PRAGMA cache_size = -400000")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("BEGIN IMMEDIATE")
    for number in range(start, end):
        identity, image, status = build_id(number), f"image{number % IMAGES}", random.choice(STATUSES)
        ami, fingerprint = ami_id(number), f"{number:064x}"
        text = record
        for old, new in (
            (model.id, identity), ("IMAGE", image), ('"verified"', f'"{status}"'), ("AMI", ami),
            ("FINGERPRINT", fingerprint),
        ):  # fmt: skip
            text = text.replace(old, new)
        builds = "INSERT INTO builds (id, image, status, fingerprint, record) VALUES (?, ?, ?, ?, ?)"
        db.execute(builds, (identity, image, status, fingerprint, text))
        amis = "INSERT INTO amis (build_id, region, ami_id, image, status) VALUES (?, ?, ?, ?, ?)"
        db.execute(amis, (identity, REGION, ami, image, status))
        events = "INSERT INTO events (build_id, number, at, status) VALUES (?, 1, ?, ?)"
        db.execute(events, (identity, model.started, status))
    db.execute("COMMIT")
    db.close()


def build_id(number: int) -> str:
    """Return the id of a build; a build begins each minute."""
    return f"{FIRST + dt.timedelta(minutes=number):%Y%m%dT%H%M%SZ}-{number % 0x1000000:06x}"


def ami_id(number: int) -> str:
    """Return the id of a build's AMI; the ids of neighbours are far from each other, as Amazon's are."""
    return f"ami-{number * 0x9E3779B97F4A7C15 % 0x10000000000000001:017x}"


def _median(question: t.Callable[[], object]) -> float:
    """Return milliseconds."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        question()
        times.append(time.perf_counter() - began)
    return round(statistics.median(times) * 1000, 2)
