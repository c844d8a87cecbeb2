# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the table of a catalogue, and what is said about it."""

from __future__ import annotations

import datetime as dt
import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import (
    CatalogueError,
    dynamodb_calls,
    open_catalogue,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.dynamodb import DynamoCatalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from .conftest import MakeBuild
from .table_server import ACCESS_DENIED, THROTTLED, Fault, TableServer

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def table(dynamodb: TableServer) -> str:
    return dynamodb.new_table()


@pytest.fixture
def catalogue(dynamodb: TableServer, table: str) -> DynamoCatalogue:
    return dynamodb.open(table)


@pytest.fixture
def build(catalogue: DynamoCatalogue, make_build: MakeBuild) -> Build:
    return catalogue.finish(make_build(status="built", amis={"eu-west-1": "ami-1"}))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(dynamodb_calls, "_PAUSES", (0.01, 0.01, 0.01))


def test_a_table_that_is_not_there_says_how_it_is_made(dynamodb: TableServer) -> None:
    message = (
        r"Cannot read the catalogue dynamodb:none: there is no table none in eu-west-1\. Correct its name or region, "
        r"or make it with: ansible-playbook playbooks/catalogue\.yml -e verb=create"
    )
    with pytest.raises(CatalogueError, match=message):
        dynamodb.open("none")
    assert "none" not in dynamodb.client.list_tables()["TableNames"]


def test_a_table_that_goes_away_says_so(dynamodb: TableServer, table: str, build: Build) -> None:
    catalogue = dynamodb.open(table)
    dynamodb.client.delete_table(TableName=table)
    with pytest.raises(CatalogueError, match=f"Cannot read the catalogue .*: there is no table {table}"):
        catalogue.set_status(build.id, "verified", ["built"], None, None, NOW)
    with pytest.raises(CatalogueError, match=f"Cannot read the catalogue .*: there is no table {table}"):
        catalogue.newest("iis_dotnet")


@pytest.mark.parametrize(
    ("operation", "action", "question"),
    [
        pytest.param("GetItem", "read", lambda catalogue: catalogue.lease("image x"), id="get"),
        pytest.param("Query", "read", lambda catalogue: catalogue.images(), id="query"),
        pytest.param("BatchGetItem", "read", lambda catalogue: catalogue.builds(), id="batch"),
        pytest.param(
            "TransactWriteItems", "write to", lambda catalogue: catalogue.acquire_lease("x", "a", 1), id="put"
        ),
    ],
)
def test_a_permission_that_is_missing_is_named(
    dynamodb: TableServer, catalogue: DynamoCatalogue, build: Build, operation: str, action: str, question: t.Any
) -> None:
    dynamodb.faults.append(Fault(operation, ACCESS_DENIED))
    message = (
        rf"Cannot {action} the catalogue .*: AWS denies it \(.* dynamodb:\w+\)\. Allow what docs/iam/catalogue\.json"
    )
    with pytest.raises(CatalogueError, match=message):
        question(catalogue)
    dynamodb.faults.clear()
    assert catalogue.builds() == [build]


def test_a_call_that_is_throttled_is_repeated(
    dynamodb: TableServer, catalogue: DynamoCatalogue, make_build: MakeBuild, impatient: None
) -> None:
    dynamodb.faults += [Fault("GetItem", THROTTLED, times=1), Fault("TransactWriteItems", THROTTLED, times=1)]
    build = catalogue.finish(make_build(status="failed"))
    assert catalogue.get(build.id) == build
    assert [fault.times for fault in dynamodb.faults] == [0, 0]


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"])
def test_a_transaction_that_is_cancelled_is_repeated(
    dynamodb: TableServer, catalogue: DynamoCatalogue, make_build: MakeBuild, impatient: None, reason: str
) -> None:
    dynamodb.faults.append(Fault("TransactWriteItems", "TransactionCanceledException", 2, reason, steps=2))
    lease = catalogue.acquire_lease("image x", "ann", 60)
    assert catalogue.lease("image x") == lease
    assert dynamodb.faults[0].times == 0


def test_a_table_that_is_too_busy_for_long_says_so_and_writes_nothing(
    dynamodb: TableServer, catalogue: DynamoCatalogue, build: Build, impatient: None
) -> None:
    fault = Fault("TransactWriteItems", "TransactionCanceledException", 100, "ThrottlingError", steps=2)
    dynamodb.faults.append(fault)
    message = r"Cannot write to the catalogue .*: DynamoDB is too busy with table .* \(the lease on image x: AWS says"
    with pytest.raises(CatalogueError, match=message):
        catalogue.acquire_lease("image x", "ann", 60)
    dynamodb.faults[:] = [Fault("Query", THROTTLED)]
    with pytest.raises(
        CatalogueError, match=r"too busy with table .*ThroughputExceeded.* on-demand capacity takes more"
    ):
        catalogue.builds()
    dynamodb.faults.clear()
    assert catalogue.lease("image x") is None
    assert catalogue.builds() == [build]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"data": {"B": b"rubbish"}}, "cannot be read .* Somebody changed it by hand", id="rubbish"),
        pytest.param({"data": None}, r"cannot be read \(KeyError: 'data'\)", id="no data"),
        pytest.param({"data": {"S": "{}"}}, "cannot be read .* restore it from a backup", id="text"),
        pytest.param({"revision": {"S": "x"}}, "cannot be read", id="no revision"),
        pytest.param({"schema": {"N": "2"}}, "schema version 2, .* knows 1 at most. Update golden", id="newer"),
    ],
)
def test_an_item_that_was_changed_by_hand_is_named_and_left_alone(
    dynamodb: TableServer, table: str, build: Build, change: dict[str, t.Any], message: str
) -> None:
    catalogue = dynamodb.open(table)
    dynamodb.change_item(table, f"build#{build.id}", "record", **change)
    questions: list[t.Callable[[], t.Any]] = [
        lambda: catalogue.get(build.id),
        lambda: catalogue.newest("iis_dotnet"),
        lambda: catalogue.builds(),
        lambda: list(catalogue.dump()),
        lambda: catalogue.finish(build),
    ]
    for question in questions:
        with pytest.raises(
            CatalogueError, match=rf"Cannot use the catalogue dynamodb:{table}: .*{build.id}.*{message}"
        ):
            question()


def test_a_build_that_was_deleted_by_hand_is_missed(dynamodb: TableServer, table: str, build: Build) -> None:
    dynamodb.client.delete_item(TableName=table, Key={"pk": {"S": f"build#{build.id}"}, "sk": {"S": "record"}})
    catalogue = dynamodb.open(table)
    for question in (catalogue.builds, lambda: catalogue.by_ami("ami-1"), lambda: catalogue.newest("iis_dotnet")):
        with pytest.raises(CatalogueError, match=rf"it lists build {build.id}, but has no item build#{build.id}"):
            question()


@pytest.mark.parametrize(
    ("pk", "sk", "question", "message"),
    [
        ("ami#ami-2", "ami", lambda catalogue: catalogue.by_ami("ami-2"), "item of an AMI names no build"),
        ("lease#x", "lease", lambda catalogue: catalogue.lease("x"), "the lease on x cannot be read: .*: delete the"),
        ("channels", "x#stable", lambda catalogue: catalogue.channels(), "an item of a channel cannot be read"),
    ],
)
def test_other_items_that_were_made_by_hand_are_named(
    dynamodb: TableServer, table: str, pk: str, sk: str, question: t.Any, message: str
) -> None:
    dynamodb.change_item(table, pk, sk, colour={"S": "blue"})
    with pytest.raises(CatalogueError, match=message):
        question(dynamodb.open(table))


def test_a_newer_table_is_refused(dynamodb: TableServer, table: str) -> None:
    dynamodb.change_item(table, "catalogue", "schema", version={"N": "7"})
    message = r"Cannot read the catalogue .*: it has schema version 7, and this version of .* knows 1 at most\. Update"
    with pytest.raises(CatalogueError, match=message):
        dynamodb.open(table)


def test_a_region_that_does_not_answer_says_so(dynamodb: TableServer, tmp_path: pathlib.Path) -> None:
    text = dynamodb.config_file.read_text()
    port = text.partition("127.0.0.1:")[2].partition("\n")[0]
    (tmp_path / "config").write_text(text.replace(port, "9"))
    with pytest.raises(
        CatalogueError, match=r"Cannot read the catalogue .* nothing answers at http://127\.0\.0\.1:9\."
    ):
        open_catalogue(f"dynamodb:golden?config_file={tmp_path / 'config'}")
