# SPDX-License-Identifier: GPL-3.0-or-later
"""Many processes use one catalogue at once while some are killed; what they did is proven from a journal of their own.

The journal is a file to which each process appends whole lines. It shares nothing with the catalogue: it says what the
processes believe, and the catalogue must agree.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import multiprocessing
import os
import pathlib
import random
import signal
import time
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import (
    Catalogue,
    LeaseHeld,
    LeaseLost,
    open_catalogue,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

IMAGE = "fought_for"
LEASE = f"image {IMAGE}"
STARTED = "2026-11-22T16:00:00Z"
# Short, so that what a killed holder left is soon free; still far longer than the work takes.
LEASE_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much to do. ``recorders`` write ``builds`` each; ``fighters`` want one lease until they are done."""

    url: str
    journal: pathlib.Path
    recorders: int = 16
    builds: int = 200
    fighters: int = 8
    seconds_between_kills: float = 1.0

    @property
    def stop(self) -> pathlib.Path:
        """The file that ends the fight. A lock would stay taken when its holder is killed."""
        return self.journal.with_suffix(".stop")


@dataclasses.dataclass(frozen=True)
class Finding:
    """What was seen in the end. ``problems`` is empty when nothing was lost, doubled, or held by two."""

    problems: list[str]
    kills: int
    seconds: float
    recorded: int
    leases: int
    slowest: float
    median: float


class Journal:
    """Lines that survive whoever wrote them."""

    def __init__(self, path: pathlib.Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, *words: object) -> None:
        os.write(self._file, f"{time.time():.6f} {' '.join(map(str, words))}\n".encode())


def build_of(recorder: int, turn: int, **values: t.Any) -> Build:
    """Return a build of a recorder: the same each time, so that one that was killed can go on."""
    build_id = f"20261122T160000Z-{recorder:02x}{turn:04x}"
    return Build(**{"id": build_id, "image": f"r{recorder}", "started": STARTED, **values})


def record(plan: Plan, number: int) -> None:
    """Record builds. Who was killed goes on; recording must bear that it was in the middle of one."""
    catalogue, journal = open_catalogue(plan.url), Journal(plan.journal)
    for turn in range(plan.builds):
        build = build_of(number, turn)
        began = time.monotonic()
        known = catalogue.get(build.id)
        if known and known.status == "built":
            journal.write("seen", build.id)
            continue
        if known is None:
            catalogue.start(build)
        catalogue.finish(build_of(number, turn, status="built", amis={"eu-west-1": f"ami-{number}-{turn}"}))
        journal.write("recorded", build.id, f"{time.monotonic() - began:.6f}")


def fight(plan: Plan, _number: int) -> None:
    """Take the lease again and again, and record a build with it each time."""
    catalogue, journal = open_catalogue(plan.url), Journal(plan.journal)
    holder = f"process {os.getpid()}"
    while not plan.stop.exists():
        try:
            lease = catalogue.acquire_lease(LEASE, holder, LEASE_SECONDS)
        except LeaseHeld:
            time.sleep(random.uniform(0.002, 0.02))
            continue
        journal.write("enter", lease.token, f"{lease.expires.timestamp():.6f}")
        build = Build(id=f"20261122T170000Z-{lease.token:06x}", image=IMAGE, started=STARTED, author=holder)
        try:
            catalogue.start(build, lease)
            time.sleep(random.uniform(0, 0.01))
            amis = {"eu-west-1": f"ami-token-{lease.token}"}
            catalogue.finish(dataclasses.replace(build, status="built", amis=amis), lease)
            journal.write("made", lease.token)
        except LeaseLost:
            journal.write("refused", lease.token)
        # Said before it is given back: whoever enters next does so later than this.
        journal.write("leave", lease.token)
        catalogue.release(lease)


def run(plan: Plan, seconds: float = 300) -> Finding:
    """Let them all work, kill one of them now and then and start it again, and look at what is there in the end."""
    context = multiprocessing.get_context("fork")
    tasks = [
        *((record, number) for number in range(plan.recorders)),
        *((fight, number) for number in range(plan.fighters)),
    ]

    def start(index: int) -> t.Any:
        task, number = tasks[index]
        process = context.Process(target=task, args=(plan, number))
        process.start()
        return process

    open_catalogue(plan.url)
    began, kills = time.monotonic(), 0
    workers = {index: start(index) for index in range(len(tasks))}
    try:
        next_kill = began + plan.seconds_between_kills
        while any(workers[index].exitcode != 0 for index in range(plan.recorders)):
            assert time.monotonic() - began < seconds, "they do not end"
            for index, worker in workers.items():
                assert worker.exitcode in (None, 0, -signal.SIGKILL), f"worker {index} failed"
                if worker.exitcode == -signal.SIGKILL:
                    workers[index] = start(index)
            if time.monotonic() > next_kill:
                victim = random.choice([worker for worker in workers.values() if worker.exitcode is None])
                os.kill(victim.pid, signal.SIGKILL)
                victim.join()
                kills += 1
                next_kill += plan.seconds_between_kills
            time.sleep(0.01)
        took = time.monotonic() - began
    finally:
        plan.stop.touch()
        for worker in workers.values():
            worker.join(30)
    return examine(plan, kills, took)


def examine(plan: Plan, kills: int, seconds: float) -> Finding:
    """Compare the journal with the catalogue."""
    lines = [line.split() for line in plan.journal.read_text().splitlines()]
    said: dict[str, list[list[str]]] = collections.defaultdict(list)
    for moment, verb, *words in lines:
        said[verb].append([moment, *words])
    catalogue = open_catalogue(plan.url)
    problems = [*_recorded(plan, catalogue, said), *_held(said), *_fenced(catalogue, said)]
    durations = sorted(float(took) for _, _, took in said["recorded"])
    median = durations[len(durations) // 2] if durations else 0.0
    return Finding(
        problems, kills, seconds, len(said["recorded"]), len(said["enter"]), max(durations, default=0.0), median
    )


def _recorded(plan: Plan, catalogue: Catalogue, said: dict[str, list[list[str]]]) -> t.Iterator[str]:
    """Nothing is lost and nothing is there twice."""
    claimed = {build_id for _, build_id, *_ in [*said["recorded"], *said["seen"]]}
    for recorder in range(plan.recorders):
        found = catalogue.builds(f"r{recorder}")
        wanted = [
            build_of(recorder, turn, status="built", amis={"eu-west-1": f"ami-{recorder}-{turn}"})
            for turn in reversed(range(plan.builds))
        ]
        if found != wanted:
            yield f"recorder {recorder} wrote {len(wanted)} builds, and {len(found)} are there, or others"
        for build in wanted:
            if build.id not in claimed:
                yield f"nobody said that build {build.id} was recorded"
            if [event.status for event in catalogue.events(build.id)] != ["building", "built"]:
                yield f"build {build.id} has the events {catalogue.events(build.id)}"


def _held(said: dict[str, list[list[str]]]) -> t.Iterator[str]:
    """No two held the lease: each entered after the one before had left, or after its lease had expired."""
    entered = sorted((int(token), float(moment), float(expires)) for moment, token, expires in said["enter"])
    left = {int(token): float(moment) for moment, token in said["leave"]}
    tokens = [token for token, _, _ in entered]
    if len(set(tokens)) != len(tokens):
        yield "a token was given to two"
    for (token, _, expires), (newer, moment, _) in itertools.pairwise(entered):
        if moment < min(left.get(token, expires), expires):
            yield f"token {newer} was held from {moment}, and token {token} until {left.get(token)} or {expires}"


def _fenced(catalogue: Catalogue, said: dict[str, list[list[str]]]) -> t.Iterator[str]:
    """What holders made is there, and what they were refused is not."""
    built = {int(build.id.rpartition("-")[2], 16) for build in catalogue.builds(IMAGE, ["built"])}
    made = {int(token) for _, token in said["made"]}
    refused = {int(token) for _, token in said["refused"]}
    if made - built:
        yield f"made and not there: {sorted(made - built)}"
    if refused & built:
        yield f"refused and there: {sorted(refused & built)}"
