# SPDX-License-Identifier: GPL-3.0-or-later
"""What one catalogue dumps, every other one can load: nothing is dropped on the way, and nothing comes twice."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import ANY, Catalogue, CatalogueError
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.sqlite import SqliteCatalogue

from .conftest import MakeBuild
from .table_server import TableServer

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
Entries = list[dict[str, t.Any]]


@pytest.fixture(params=["to sqlite", "to dynamodb"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Catalogue:
    """Return a catalogue that is new."""
    if request.param == "to sqlite":
        return SqliteCatalogue(tmp_path / "elsewhere.sqlite")
    dynamodb: TableServer = request.getfixturevalue("dynamodb")
    return dynamodb.open(dynamodb.new_table())


def lines(catalogue: Catalogue) -> Entries:
    """Return what a catalogue dumps, by way of JSON Lines."""
    return [json.loads(json.dumps(entry)) for entry in catalogue.dump()]


def fill(catalogue: Catalogue, make_build: MakeBuild) -> None:
    """Record something of everything."""
    catalogue.start(make_build("x"))
    for number in range(3):
        build = catalogue.finish(make_build(status="built", amis={"eu-west-1": f"ami-{number}"}, fingerprint="f"))
        catalogue.set_status(build.id, "verified", ["built"], "ann", "it boots", NOW)
        catalogue.move_channel("iis_dotnet", "stable", build.id, "ann", None, NOW, ANY)
    catalogue.set_status(build.id, "deprecated", ["verified"], None, None, NOW)
    catalogue.set_status(build.id, "verified", ["deprecated"], "ann", "it boots", NOW)
    catalogue.finish(make_build("x", status="failed", error="no"))


def test_what_is_dumped_and_loaded_elsewhere_is_the_same(
    catalogue: Catalogue, elsewhere: Catalogue, make_build: MakeBuild
) -> None:
    fill(catalogue, make_build)
    dumped = lines(catalogue)
    counts = elsewhere.load(dumped)
    assert counts == {"build": 5, "event": 10, "channel": 3}
    assert lines(elsewhere) == dumped
    assert elsewhere.builds() == catalogue.builds()
    assert elsewhere.channels() == catalogue.channels()
    assert elsewhere.newest("iis_dotnet", "eu-west-1") == catalogue.newest("iis_dotnet", "eu-west-1")
    assert elsewhere.by_ami("ami-1") == catalogue.by_ami("ami-1")
    assert elsewhere.images() == ["iis_dotnet", "x"]
    assert elsewhere.load(dumped) == {"build": 0, "event": 0, "channel": 0}
    assert lines(elsewhere) == dumped


def test_loading_again_brings_only_what_is_new(
    catalogue: Catalogue, elsewhere: Catalogue, make_build: MakeBuild
) -> None:
    fill(catalogue, make_build)
    elsewhere.load(lines(catalogue))
    build = catalogue.finish(make_build(status="built"))
    catalogue.move_channel("iis_dotnet", "candidate", build.id, None, None, NOW, None)
    assert elsewhere.load(lines(catalogue)) == {"build": 1, "event": 1, "channel": 1}
    assert lines(elsewhere) == lines(catalogue)


def test_what_happened_on_both_sides_is_kept(catalogue: Catalogue, elsewhere: Catalogue, make_build: MakeBuild) -> None:
    build = catalogue.finish(make_build(status="built", amis={"eu-west-1": "ami-1"}))
    elsewhere.load(lines(catalogue))
    elsewhere.set_status(build.id, "verified", ["built"], "bob", None, NOW)
    catalogue.add_amis(build.id, {"us-east-1": "ami-2"})
    catalogue.set_status(build.id, "deprecated", ["built"], "ann", None, NOW)
    for _ in range(2):
        elsewhere.load(lines(catalogue))
    kept = elsewhere.get(build.id)
    assert kept is not None
    assert (kept.status, kept.amis) == ("deprecated", {"eu-west-1": "ami-1", "us-east-1": "ami-2"})
    assert [event.status for event in elsewhere.events(build.id)] == ["built", "verified", "deprecated"]


def test_different_stories_of_a_channel_are_refused(
    catalogue: Catalogue, elsewhere: Catalogue, make_build: MakeBuild
) -> None:
    one, two = (catalogue.finish(make_build(status="verified")) for _ in range(2))
    elsewhere.load(lines(catalogue))
    elsewhere.move_channel("iis_dotnet", "stable", one.id, "ann", None, NOW, None)
    catalogue.move_channel("iis_dotnet", "stable", two.id, "ann", None, NOW, None)
    message = f"Channel stable of iis_dotnet cannot be taken in: its move 1 is to build {two.id} there .* {one.id} here"
    with pytest.raises(CatalogueError, match=message):
        elsewhere.load(lines(catalogue))
    assert [move.build_id for move in elsewhere.channels()] == [one.id]


def test_moves_may_come_in_any_order(catalogue: Catalogue, elsewhere: Catalogue, make_build: MakeBuild) -> None:
    fill(catalogue, make_build)
    dumped = lines(catalogue)
    moves = [entry for entry in dumped if entry["kind"] == "channel"]
    elsewhere.load([entry for entry in dumped if entry["kind"] != "channel"] + moves[::-1])
    assert lines(elsewhere) == dumped
    assert elsewhere.channels() == catalogue.channels()


BUILD_ID = "20261122T160000Z-000000"
EVENT = {"kind": "event", "schema": 1, "build_id": BUILD_ID, "number": 1, "at": "2026-11-22T16:00:00Z"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        pytest.param({"kind": "build", "schema": 2}, "schema version 2, .* knows 1 at most. Update golden", id="newer"),
        pytest.param({"kind": "lease", "schema": 1}, "unknown kind 'lease'. Known: build, event, channel", id="kind"),
        pytest.param({"id": BUILD_ID}, "has no schema version, so it is no entry of a catalogue", id="no schema"),
        pytest.param({"kind": "build", "schema": 1, "image": "x"}, "lacks id, started", id="no id"),
        pytest.param({"kind": "build", "schema": 1, "colour": 1}, "unknown keys: colour", id="unknown key"),
        pytest.param(EVENT, "status is None, not a text", id="event without status"),
        pytest.param({**EVENT, "number": "1"}, "number is '1', not a positive whole number", id="number"),
        pytest.param({**EVENT, "status": "built", "by": "x"}, "unknown keys by", id="unknown key of an event"),
        pytest.param({**EVENT, "status": "built"}, f"There is no build {BUILD_ID}", id="event of no build"),
        pytest.param(
            {**EVENT, "kind": "channel", "image": "x", "channel": "stable"}, f"no build {BUILD_ID}", id="move to none"
        ),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(catalogue: Catalogue, entry: dict[str, t.Any], message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        catalogue.load([entry])
    assert lines(catalogue) == []


def test_an_entry_that_claims_anothers_ami_is_refused(catalogue: Catalogue, make_build: MakeBuild) -> None:
    owner = catalogue.finish(make_build(status="built", amis={"eu-west-1": "ami-1"}))
    thief = dataclasses.replace(make_build(), status="built", amis={"eu-west-1": "ami-1"})
    with pytest.raises(CatalogueError, match=f"it claims AMI ami-1, which build {owner.id} has already"):
        catalogue.load([{"kind": "build", "schema": 1, **thief.to_dict()}])
    assert catalogue.builds() == [owner]
