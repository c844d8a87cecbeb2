# SPDX-License-Identifier: GPL-3.0-or-later
"""A record arrives in the catalogue once, whatever happens on the way."""

from __future__ import annotations

import multiprocessing
import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils import delivery as module
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import CatalogueError, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.delivery import Delivery
from ansible_collections.golden.windows_ami.plugins.plugin_utils.recording import Note
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.spool import Spool


def a_build(number: int, **values: t.Any) -> Build:
    base = {
        "id": f"20261122T1600{number:02}Z-{number:06}",
        "image": "web",
        "started": "2026-11-22T16:00:00Z",
        "status": "built",
        "amis": {"eu-west-1": f"ami-{number}"},
    }
    return Build(**{**base, **values})


def note(number: int, **more: t.Any) -> Note:
    return Note(a_build(number).to_dict(), **more)


@pytest.fixture
def url(tmp_path: pathlib.Path) -> str:
    return f"sqlite:{tmp_path}/catalogue.sqlite"


def way(tmp_path: pathlib.Path, url: str) -> Delivery:
    return Delivery(Spool(tmp_path / "spool"), tmp_path, url)


def fill(tmp_path: pathlib.Path, count: int) -> None:
    for number in range(count):
        Spool(tmp_path / "spool").put(note(number))


def test_a_catalogue_that_is_down_is_asked_once_and_told_once(
    tmp_path: pathlib.Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fail(url: str, base: t.Any) -> t.NoReturn:
        asked.append(url)
        raise CatalogueError("Cannot write: the store is down")

    monkeypatch.setattr(module, "open_catalogue", fail)
    run = way(tmp_path, url)
    troubles = [run.deliver(note(number)) for number in range(5)]
    assert [trouble is not None for trouble in troubles] == [True, False, False, False, False]
    assert (len(asked), run.waiting) == (1, 5)
    monkeypatch.undo()
    assert way(tmp_path, url).deliver_late() == (5, None)
    assert len(open_catalogue(url).builds()) == 5


def test_what_is_wrong_with_one_record_does_not_keep_the_next(tmp_path: pathlib.Path, url: str) -> None:
    run = way(tmp_path, url)
    bad = Note({**a_build(1).to_dict(), "colour": "blue"})
    assert "unknown keys: colour" in str(run.deliver(bad))
    assert run.deliver(note(2)) is None


def test_a_run_that_is_killed_between_sending_and_removing_repeats_nothing(
    tmp_path: pathlib.Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, 3)

    def die(self: pathlib.Path, missing_ok: bool = False) -> t.NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pathlib.Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            way(tmp_path, url).deliver_late()
    catalogue = open_catalogue(url)
    assert len(catalogue.builds()) == 1
    assert way(tmp_path, url).deliver_late() == (3, None)
    assert len(catalogue.builds()) == 3
    assert [len(catalogue.events(build.id)) for build in catalogue.builds()] == [1, 1, 1], "each is recorded once"


def deliver_all(directory: str, url: str, barrier: t.Any, answers: t.Any) -> None:
    barrier.wait()
    answers.put(way(pathlib.Path(directory), url).deliver_late()[0])


def test_two_runs_that_deliver_at_once_deliver_each_record_once(tmp_path: pathlib.Path, url: str) -> None:
    fill(tmp_path, 20)
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(2), context.Queue()
    runs = [context.Process(target=deliver_all, args=(str(tmp_path), url, barrier, answers)) for _ in range(2)]
    for run in runs:
        run.start()
    delivered = [answers.get(timeout=30) for _ in runs]
    for run in runs:
        run.join(30)
    assert sum(delivered) == 20
    catalogue = open_catalogue(url)
    assert len(catalogue.builds()) == 20
    assert {len(catalogue.events(build.id)) for build in catalogue.builds()} == {1}
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize("content", ['{"build": ', "[]", "{}", "\x00", '{"build": {"id": 7}}', '{"other": 1}'])
def test_a_damaged_file_is_named_kept_and_in_nobodys_way(tmp_path: pathlib.Path, url: str, content: str) -> None:
    fill(tmp_path, 2)
    damaged = tmp_path / "spool" / "00.json"
    damaged.write_text(content)
    delivered, problem = way(tmp_path, url).deliver_late()
    assert delivered == 2
    assert str(damaged) in str(problem)
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["00.json"]


def test_a_copy_is_added_to_its_build_and_changes_nothing_else(tmp_path: pathlib.Path, url: str) -> None:
    catalogue = open_catalogue(url)
    catalogue.finish(a_build(1, status="verified"))
    copy = a_build(9, amis={"us-east-1": "ami-copy"}, snapshots={"us-east-1": ["snap-1"]})
    for _ in range(2):
        assert way(tmp_path, url).deliver(Note(copy.to_dict(), copy_of="ami-1")) is None
    (build,) = catalogue.builds()
    assert build == a_build(
        1, status="verified", amis={"eu-west-1": "ami-1", "us-east-1": "ami-copy"}, snapshots=copy.snapshots
    )


def test_a_copy_beside_its_original_is_a_build_of_its_own(tmp_path: pathlib.Path, url: str) -> None:
    catalogue = open_catalogue(url)
    catalogue.finish(a_build(1))
    beside = a_build(1, amis={"eu-west-1": "ami-copy"})
    for _ in range(2):
        assert way(tmp_path, url).deliver(Note(beside.to_dict(), copy_of="ami-1")) is None
    assert {ami: build.parent_build for build in catalogue.builds() for ami in build.amis.values()} == {
        "ami-1": None,
        "ami-copy": a_build(1).id,
    }
