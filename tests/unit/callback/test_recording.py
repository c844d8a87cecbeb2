# SPDX-License-Identifier: GPL-3.0-or-later
"""Which results tell of an AMI, and the spool that keeps what was told."""

from __future__ import annotations

import datetime as dt
import os
import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.recording import (
    COPY_AMI,
    COPY_BUILD,
    MAKE_AMI,
    PACKER_BUILD,
    Maker,
    Note,
    find_note,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.spool import Spool, SpoolError, write_whole

Values = dict[str, t.Any]
MAKER = Maker(
    "ann", "laptop", dt.datetime(2026, 11, 22, 16, 45, tzinfo=dt.UTC), "eu-west-1", {"ansible-core": "2.19.4"}
)


def made(arguments: Values | None = None, **result: t.Any) -> Values:
    return {"changed": True, "image_id": "ami-1", "invocation": {"module_args": arguments or {}}, **result}


def build_of(action: str, result: Values) -> Build:
    note = find_note(action, result, MAKER)
    assert note is not None
    return Build.from_dict(note.build)


def test_the_values_of_an_ami_come_from_the_result_the_arguments_and_the_run() -> None:
    result = made(
        {"name": "web-1", "region": "us-east-1", "description": "secret", "tags": {"golden:image": "web"}},
        block_device_mapping={"/dev/sda1": {"snapshot_id": "snap-1"}, "/dev/sdb": {"snapshot_id": None}},
        tags={"golden:fingerprint": "f1", "golden:commit": "abc", "golden:build": "20261122T160001Z-000001"},
    )
    assert build_of(MAKE_AMI, result) == Build(
        id="20261122T160001Z-000001",
        image="web",
        status="built",
        started="2026-11-22T16:45:00Z",
        finished="2026-11-22T16:45:00Z",
        amis={"us-east-1": "ami-1"},
        snapshots={"us-east-1": ["snap-1"]},
        fingerprint="f1",
        commit="abc",
        author="ann",
        controller="laptop",
        versions={"ansible-core": "2.19.4"},
        ami_name="web-1",
    )


@pytest.mark.parametrize(
    ("arguments", "maker", "region"),
    [
        pytest.param({"region": "us-east-1"}, MAKER, "us-east-1", id="the module's"),
        pytest.param({"region": None}, MAKER, "eu-west-1", id="the run's"),
        pytest.param({}, MAKER._replace(region=None), "unknown", id="nobody's"),
    ],
)
def test_an_ami_is_recorded_whatever_is_known_of_its_region(arguments: Values, maker: Maker, region: str) -> None:
    note = find_note(MAKE_AMI, made(arguments), maker)
    assert note is not None
    assert note.build["amis"] == {region: "ami-1"}
    assert note.build["image"] == "ami-1"


def test_a_copy_names_what_it_is_a_copy_of() -> None:
    note = find_note(COPY_AMI, made({"source_image_id": "ami-0", "name": "copy"}), MAKER)
    assert note is not None
    assert note.copy_of == "ami-0"
    assert note.build["source_ami"] == "ami-0"


def test_of_the_copies_of_a_build_only_those_are_told_that_the_catalogue_does_not_have() -> None:
    build = {"id": "x", "amis": {"a": "ami-1", "b": "ami-2"}, "snapshots": {"a": ["snap-1"], "b": ["snap-2"]}}
    result = {"build": build, "unrecorded": {"b": "ami-2"}, "source": {"ami_id": "ami-1"}, "catalogue": "sqlite:x"}
    note = find_note(COPY_BUILD, result, MAKER)
    assert note == Note(
        {"id": "x", "amis": {"b": "ami-2"}, "snapshots": {"b": ["snap-2"]}}, "sqlite:x", copy_of="ami-1"
    )


@pytest.mark.parametrize(
    ("action", "result"),
    [
        pytest.param(MAKE_AMI, {"changed": True, "msg": "Would have created a AMI"}, id="check mode"),
        pytest.param(MAKE_AMI, {**made(), "changed": False}, id="unchanged"),
        pytest.param(MAKE_AMI, made({"image_id": "ami-1"}), id="changes an AMI"),
        pytest.param(MAKE_AMI, {"failed": True, "msg": "no"}, id="failed"),
        pytest.param(PACKER_BUILD, {"failed": True, "msg": "no"}, id="failed before it began"),
        pytest.param(PACKER_BUILD, {"build": {"status": "building"}}, id="goes on"),
        pytest.param(PACKER_BUILD, {"build": "20261122"}, id="something else"),
        pytest.param(COPY_BUILD, {"build": {"id": "x"}, "unrecorded": {}}, id="copies that are recorded"),
        pytest.param(COPY_BUILD, {"failed": True, "msg": "no"}, id="copies that failed"),
    ],
)
def test_other_results_tell_nothing(action: str, result: Values) -> None:
    assert find_note(action, result, MAKER) is None


def note(number: int) -> Note:
    return Note({"id": f"2026112{number}"}, "sqlite:c", None)


def test_notes_are_delivered_in_order_and_once(tmp_path: pathlib.Path) -> None:
    spool, seen = Spool(tmp_path / "spool"), []
    for number in (2, 1, 3, 2):
        spool.put(note(number))
    assert spool.deliver(seen.append) == (3, [])
    assert seen == [note(1), note(2), note(3)]
    assert spool.deliver(seen.append) == (0, [])
    assert len(seen) == 3


def test_a_note_that_cannot_be_delivered_is_kept_and_the_others_go_on(tmp_path: pathlib.Path) -> None:
    spool, seen = Spool(tmp_path), []
    kept = [spool.put(note(number)) for number in (1, 2)]

    def send(sent: Note) -> None:
        if sent == note(1):
            raise SpoolError("not today")
        seen.append(sent)

    assert spool.deliver(send) == (1, [f"{kept[0]}: not today"])
    assert seen == [note(2)]
    assert list(tmp_path.iterdir()) == [kept[0]]


def test_while_one_delivers_another_leaves_it_alone(tmp_path: pathlib.Path) -> None:
    spool, answers = Spool(tmp_path), []
    spool.put(note(1))

    def send(sent: Note) -> None:
        pid = os.fork()
        if pid == 0:
            delivered, problems = Spool(tmp_path).deliver(lambda _: None)
            os._exit(0 if (delivered, problems) == (0, []) else 1)
        answers.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    assert spool.deliver(send) == (1, [])
    assert answers == [0]


def test_an_empty_spool_is_never_made(tmp_path: pathlib.Path) -> None:
    assert Spool(tmp_path / "spool").deliver(print) == (0, [])
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_or_not_at_all(tmp_path: pathlib.Path) -> None:
    write_whole(tmp_path / "file", "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "file", "new \udc80")
    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
