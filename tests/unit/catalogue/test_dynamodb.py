# SPDX-License-Identifier: GPL-3.0-or-later
"""What only DynamoDB has: a table that must be made, other people's clocks, TTL, limits, and prices by the item."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import threading
import time

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import (
    CatalogueError,
    LeaseHeld,
    dynamodb_builds,
    dynamodb_calls,
    dynamodb_table,
    lease_name,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.dynamodb_calls import ServerClock
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws

from .conftest import Clock, MakeBuild
from .table_server import TableServer

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def test_a_table_is_made_with_all_that_a_catalogue_needs(dynamodb: TableServer) -> None:
    client, aws = dynamodb.client, Aws(dynamodb.settings)
    assert dynamodb_table.create(aws, "made") is True
    assert dynamodb_table.create(aws, "made") is False
    table = client.describe_table(TableName="made")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    backups = client.describe_continuous_backups(TableName="made")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    ttl = client.describe_time_to_live(TableName="made")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    assert dynamodb.open("made").builds() == []


def test_making_a_table_that_was_half_made_ends_it(dynamodb: TableServer) -> None:
    dynamodb.client.create_table(
        TableName="half",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    with pytest.raises(CatalogueError, match=r"table half in eu-west-1 is not a catalogue.* -e verb=create"):
        dynamodb.open("half")
    assert dynamodb_table.create(Aws(dynamodb.settings), "half") is True
    assert dynamodb.open("half").builds() == []


def test_the_table_of_another_program_is_left_alone(dynamodb: TableServer) -> None:
    dynamodb.client.create_table(
        TableName="songs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "title", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "title", "KeyType": "HASH"}],
    )
    with pytest.raises(CatalogueError, match="There is a table songs, and it is not a catalogue: its keys differ"):
        dynamodb_table.create(Aws(dynamodb.settings), "songs")
    with pytest.raises(CatalogueError, match="Cannot read the catalogue dynamodb:songs"):
        dynamodb.open("songs")
    assert dynamodb.client.scan(TableName="songs")["Items"] == []


def test_controllers_agree_on_the_time_that_aws_tells(dynamodb: TableServer) -> None:
    table = dynamodb.new_table()
    ann = dynamodb.open(table, clock=ServerClock())
    ahead = dynamodb.open(table, clock=ServerClock(lambda: time.time() + 240))
    behind = dynamodb.open(table, clock=ServerClock(lambda: time.time() - 240))
    lease = ann.acquire_lease("image x", "ann", 60)
    with pytest.raises(LeaseHeld):
        ahead.acquire_lease("image x", "bob", 60)
    ann.release(lease)
    renewed = behind.acquire_lease("image x", "eve", 60)
    assert abs(renewed.expires.timestamp() - time.time() - 60) < 30
    assert ann.lease("image x") == renewed


def test_a_token_never_comes_again_even_when_ttl_removed_the_lease(
    dynamodb: TableServer, clock: Clock, make_build: MakeBuild
) -> None:
    table = dynamodb.new_table()
    catalogue = dynamodb.open(table, clock=clock)
    name = lease_name("iis_dotnet")
    lost = catalogue.acquire_lease(name, "ann", 60)
    item = dynamodb.client.get_item(TableName=table, Key={"pk": {"S": f"lease#{name}"}, "sk": {"S": "lease"}})["Item"]
    assert int(item["ttl"]["N"]) > clock.now + 60
    dynamodb.client.delete_item(TableName=table, Key={"pk": {"S": f"lease#{name}"}, "sk": {"S": "lease"}})
    assert catalogue.lease(name) is None
    assert catalogue.renew(lost, 60).token == lost.token
    clock.now += 90
    assert catalogue.acquire_lease(name, "bob", 60).token == lost.token + 1
    with pytest.raises(CatalogueError, match="ann no longer holds the lease"):
        catalogue.start(make_build(), lost)


def test_a_record_that_does_not_fit_is_refused_before_anything_is_written(
    dynamodb: TableServer, make_build: MakeBuild
) -> None:
    catalogue = dynamodb.open(dynamodb.new_table())
    noise = random.Random(1).randbytes(500_000).hex()
    build = make_build(status="built", amis={"eu-west-1": "ami-1"}, contents={"noise": noise})
    message = (
        rf"Build {build.id} .* does not fit into DynamoDB: .* The largest part is contents \(1000 KB\); nothing was"
    )
    with pytest.raises(CatalogueError, match=message):
        catalogue.finish(build)
    assert catalogue.builds() == []
    assert catalogue.by_ami("ami-1") is None
    assert catalogue.finish(dataclasses.replace(build, contents={})).contents == {}


@pytest.mark.parametrize("before", [5, 20])
def test_a_question_reads_what_it_returns_however_many_builds_there_are(
    dynamodb: TableServer, make_build: MakeBuild, before: int
) -> None:
    catalogue = dynamodb.open(dynamodb.new_table())
    for number in range(before):
        amis = {"eu-west-1": f"ami-{number}"}
        build = make_build(status=("failed", "built")[number < 3], amis=amis, fingerprint=f"f{number}")
        catalogue.finish(build)
    for question, items in (
        (lambda: catalogue.newest("iis_dotnet"), 2),
        (lambda: catalogue.newest("iis_dotnet", "eu-west-1"), 2),
        (lambda: catalogue.newest("iis_dotnet", "us-east-1"), 0),
        (lambda: catalogue.builds("iis_dotnet", limit=2), 4),
        (lambda: catalogue.builds(limit=2, before=build.id), 4),
        (lambda: catalogue.builds("iis_dotnet", ["built"], limit=2), 4),
        (lambda: catalogue.by_fingerprint("iis_dotnet", "f1"), 2),
        (lambda: catalogue.by_ami("ami-1"), 1),
        (lambda: catalogue.reap(NOW), 0),
    ):
        dynamodb.items_read = 0
        dynamodb.calls.clear()
        question()
        assert dynamodb.items_read == items
        assert dynamodb.calls.total() <= 3


def test_a_long_list_comes_in_pages(
    dynamodb: TableServer, make_build: MakeBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb_builds, "_CHUNK", 5)
    monkeypatch.setattr(dynamodb_calls, "_PAGE", 4)
    monkeypatch.setattr(dynamodb_calls, "_BATCH", 3)
    catalogue = dynamodb.open(dynamodb.new_table())
    builds = [catalogue.finish(make_build(status="failed", error=f"{number}")) for number in range(13)]
    assert catalogue.builds() == builds[::-1]
    assert len(list(catalogue.dump())) == 2 * 13


def test_writers_of_one_build_do_not_undo_each_other(dynamodb: TableServer, make_build: MakeBuild) -> None:
    table = dynamodb.new_table()
    build = dynamodb.open(table).finish(make_build(status="built", amis={"eu-west-1": "ami-0"}))
    regions = {f"region-{number}": f"ami-{number}" for number in range(1, 7)}
    threads = [
        threading.Thread(target=lambda region=region, ami=ami: dynamodb.open(table).add_amis(build.id, {region: ami}))
        for region, ami in regions.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = dynamodb.open(table).get(build.id)
    assert kept is not None
    assert kept.amis == {**build.amis, **regions}
