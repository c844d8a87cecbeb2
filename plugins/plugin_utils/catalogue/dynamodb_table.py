# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the DynamoDB table of a catalogue. Nothing else in this project makes or changes a table."""

from __future__ import annotations

import typing as t

from ..ec2 import Aws, AwsError
from . import dynamodb_items as items
from .dynamodb_leases import TTL_ATTRIBUTE
from .interface import CatalogueError

_KEYS = {"pk": "HASH", "sk": "RANGE"}


def create(aws: Aws, table: str) -> bool:
    """Make a table for a catalogue, or finish one that an earlier attempt began; return whether anything changed.

    It has on-demand billing, point-in-time recovery, and TTL for leases. Raises CatalogueError, also for a table of
    that name that is no catalogue.
    """
    try:
        with aws.explained(f"make the table {table} for a catalogue"):
            return _create(aws.client("dynamodb"), table)
    except AwsError as exc:
        raise CatalogueError(str(exc)) from exc


def is_complete(aws: Aws, table: str) -> bool:
    """Say whether a table is there with all that `create` gives it. Raises CatalogueError."""
    try:
        with aws.explained(f"look at the table {table}"):
            client = aws.client("dynamodb")
            backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
            lifetime = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    except AwsError as exc:
        if exc.code in ("ResourceNotFoundException", "TableNotFoundException"):
            return False
        raise CatalogueError(str(exc)) from exc
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    return recovery == "ENABLED" and lifetime["TimeToLiveStatus"] in ("ENABLED", "ENABLING")


def _create(client: t.Any, table: str) -> bool:
    changed = _make(client, table)
    backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    if backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] != "ENABLED":
        client.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        changed = True
    if client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"] not in (
        "ENABLED",
        "ENABLING",
    ):
        client.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
        )
        changed = True
    return _mark(client, table) or changed


def _make(client: t.Any, table: str) -> bool:
    """Make the table itself; say whether there was none."""
    try:
        found = client.describe_table(TableName=table)["Table"]
    except client.exceptions.ResourceNotFoundException:
        found = None
    if found is None:
        client.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in _KEYS],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in _KEYS.items()],
        )
    elif {key["AttributeName"]: key["KeyType"] for key in found["KeySchema"]} != _KEYS:
        raise CatalogueError(f"There is a table {table}, and it is not a catalogue: its keys differ. Name another one")
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 2, "MaxAttempts": 60})
    return found is None


def _mark(client: t.Any, table: str) -> bool:
    """Write the item that says that the table is a catalogue; say whether there was none."""
    pk, sk = items.CATALOGUE_KEY
    marker = {"pk": {"S": pk}, "sk": {"S": sk}, "version": {"N": str(items.SCHEMA)}}
    try:
        client.put_item(TableName=table, Item=marker, ConditionExpression="attribute_not_exists(pk)")
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True
