# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a build: its shape, its way to JSON and back, and which of two to keep."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils import records
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, RecordError, RoleRun

from .conftest import MakeBuild

FULL = {
    "status": "built",
    "finished": "2026-11-22T16:50:00Z",
    "seconds": 61.5,
    "amis": {"eu-west-1": "ami-1"},
    "snapshots": {"eu-west-1": ["snap-1", "snap-2"]},
    "source_ami": "ami-0",
    "source_ami_name": "Windows_Server-2022-English-Full-Base-2026.11.11",
    "parent_build": "20261121T164500Z-000001",
    "fingerprint": "abc123",
    "inputs": {"role:iis_dotnet": "1234"},
    "commit": "0a4944f",
    "dirty": True,
    "author": "ann",
    "controller": "laptop",
    "versions": {"packer": "1.6.6"},
    "roles": (RoleRun("golden.windows_ami.iis_dotnet", 12.5, 9, 4),),
    "contents": {"iis_dotnet": {"features": ["Web-Server"]}},
    "ami_name": "iis_dotnet-20261122",
    "error": None,
    "log": ".golden/logs/1.log",
}


def test_a_record_survives_json_with_every_field(make_build: MakeBuild) -> None:
    build = make_build(**FULL)
    values = json.loads(json.dumps(build.to_dict()))
    assert Build.from_dict(values) == build
    assert set(values) == {field.name for field in dataclasses.fields(Build)}
    assert values["roles"] == [
        {"name": "golden.windows_ami.iis_dotnet", "seconds": 12.5, "tasks": 9, "changed": 4},
    ]


def test_what_to_dict_returns_does_not_change_the_record(make_build: MakeBuild) -> None:
    build = make_build(**FULL)
    values = build.to_dict()
    values["amis"]["us-east-1"] = "ami-2"
    values["snapshots"]["eu-west-1"].append("snap-3")
    assert build.amis == {"eu-west-1": "ami-1"}
    assert build.snapshots == {"eu-west-1": ["snap-1", "snap-2"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"colour": "blue"}, r"unknown keys: colour\. Known: id, image", id="unknown key"),
        pytest.param({"image": ""}, "lacks image", id="no image"),
        pytest.param({"id": "42"}, "'42' is not a build id such as", id="bad id"),
        pytest.param({"status": "done"}, "unknown status 'done', known: building, built", id="unknown status"),
        pytest.param({"amis": "ami-1"}, "amis is str, not dict", id="wrong type"),
        pytest.param({"log": 3}, "log is int, not str or null", id="wrong type of what may be null"),
        pytest.param({"roles": [{"name": "proxy"}]}, "a role has name, seconds, tasks and changed", id="bad role"),
    ],
)
def test_a_bad_record_is_refused_with_the_reason(
    make_build: MakeBuild, change: dict[str, object], message: str
) -> None:
    with pytest.raises(RecordError, match=message):
        Build.from_dict({**make_build().to_dict(), **change})


@pytest.mark.parametrize(
    ("stored", "new", "kept"),
    [
        pytest.param("building", "failed", "failed", id="a build ends"),
        pytest.param("failed", "failed", "failed", id="the same again"),
        pytest.param("built", "verified", "verified", id="life goes on"),
        pytest.param("verified", "built", "verified", id="late news do not undo"),
        pytest.param("verified", "failed", "failed", id="a verification may fail later"),
        pytest.param("deregistered", "built", "deregistered", id="what is gone stays gone"),
    ],
)
def test_the_record_further_in_its_life_is_kept(make_build: MakeBuild, stored: str, new: str, kept: str) -> None:
    build = make_build()
    old = dataclasses.replace(build, status=stored, log="stored")
    assert records.later(old, dataclasses.replace(build, status=new, log="new")).status == kept


def test_an_interrupted_build_that_made_an_ami_after_all_is_built(make_build: MakeBuild) -> None:
    interrupted = make_build(status="failed", error="Interrupted")
    built = dataclasses.replace(interrupted, status="built", error=None, amis={"eu-west-1": "ami-1"})
    assert records.later(interrupted, built) == built
    assert records.later(built, interrupted) == built


def test_no_ami_is_lost_when_two_records_meet(make_build: MakeBuild) -> None:
    here = make_build(status="built", amis={"eu-west-1": "ami-1"}, snapshots={"eu-west-1": ["snap-1"]})
    there = dataclasses.replace(here, amis={"us-east-1": "ami-2"}, snapshots={})
    kept = records.later(here, there)
    assert kept.amis == {"eu-west-1": "ami-1", "us-east-1": "ami-2"}
    assert kept.snapshots == {"eu-west-1": ["snap-1"]}


def test_build_ids_sort_by_time_and_differ_within_a_second() -> None:
    now = dt.datetime(2026, 11, 22, 17, 45, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    first, second = records.new_build_id(now), records.new_build_id(now + dt.timedelta(seconds=1))
    assert first < second
    assert first.startswith("20261122T164500Z-")
    assert len({records.new_build_id(now) for _ in range(50)}) == 50


def test_a_timestamp_is_utc_and_can_be_read_again() -> None:
    now = dt.datetime(2026, 11, 22, 17, 45, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert records.timestamp(now) == "2026-11-22T16:45:00Z"
    assert records.parse_timestamp("2026-11-22T16:45:00Z") == now
