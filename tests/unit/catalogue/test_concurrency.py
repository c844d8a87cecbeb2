# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes use one catalogue at the same time."""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import LeaseHeld
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.sqlite import SqliteCatalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

WRITES = 25


def at_once(task: t.Callable[..., None], path: pathlib.Path, processes: int = 2) -> list[t.Any]:
    """Run a task in several new processes that begin together, and return what each of them answers."""
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(processes), context.Queue()
    workers = [context.Process(target=task, args=(number, path, start, answers)) for number in range(processes)]
    for worker in workers:
        worker.start()
    collected = [answers.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(timeout=60)
    assert [worker.exitcode for worker in workers] == [0] * processes
    return collected


def write_builds(number: int, path: pathlib.Path, start: t.Any, answers: t.Any) -> None:
    start.wait()
    catalogue = SqliteCatalogue(path)
    for turn in range(WRITES):
        build = Build(id=f"20261122T16{turn:02}00Z-{number:06x}", image=f"i{number}", started="2026-11-22T16:00:00Z")
        catalogue.start(build)
        catalogue.finish(Build(**{**build.to_dict(), "status": "built", "amis": {"eu-west-1": f"ami-{number}-{turn}"}}))
    answers.put(number)


def take_turns(number: int, path: pathlib.Path, start: t.Any, answers: t.Any) -> None:
    """Take the same lease again and again, and note each token while holding it."""
    start.wait()
    catalogue = SqliteCatalogue(path)
    tokens: list[int] = []
    while len(tokens) < WRITES:
        try:
            lease = catalogue.acquire_lease("image x", f"process {number}", 60)
        except LeaseHeld:
            continue
        assert catalogue.lease("image x") == lease
        tokens.append(lease.token)
        catalogue.release(lease)
    answers.put(tokens)


def try_once(number: int, path: pathlib.Path, start: t.Any, answers: t.Any) -> None:
    catalogue = SqliteCatalogue(path)
    start.wait()
    try:
        answers.put(catalogue.acquire_lease("image x", f"process {number}", 60).holder)
    except LeaseHeld as held:
        answers.put(f"held by {held.lease.holder}")


def test_parallel_writers_lose_nothing_even_when_the_file_is_new(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    at_once(write_builds, path)
    builds = SqliteCatalogue(path).builds()
    assert len(builds) == 2 * WRITES
    assert {build.status for build in builds} == {"built"}
    assert len({ami for build in builds for ami in build.amis.values()}) == 2 * WRITES


def test_only_one_of_several_gets_a_lease(tmp_path: pathlib.Path) -> None:
    answers = at_once(try_once, tmp_path / "catalogue.sqlite", processes=4)
    (winner,) = [answer for answer in answers if not answer.startswith("held by ")]
    assert sorted(answers) == sorted([winner] + 3 * [f"held by {winner}"])


def test_every_holder_of_a_lease_has_a_token_of_its_own(tmp_path: pathlib.Path) -> None:
    tokens = [token for answer in at_once(take_turns, tmp_path / "catalogue.sqlite") for token in answer]
    assert sorted(tokens) == list(range(1, 2 * WRITES + 1))


@pytest.mark.parametrize("readonly", [False, True])
def test_a_reader_sees_whole_builds_while_somebody_writes(tmp_path: pathlib.Path, readonly: bool) -> None:
    path = tmp_path / "catalogue.sqlite"
    SqliteCatalogue(path)
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(2), context.Queue()
    writer = context.Process(target=write_builds, args=(7, path, start, answers))
    writer.start()
    start.wait()
    reader = SqliteCatalogue(path, readonly=readonly)
    while writer.is_alive():
        for build in reader.builds():
            assert (build.status, len(build.amis)) in {("building", 0), ("built", 1)}
    writer.join()
    assert answers.get(timeout=60) == 7
    assert len(reader.builds()) == WRITES
