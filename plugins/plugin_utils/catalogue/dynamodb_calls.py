# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to one DynamoDB table. They know nothing of builds.

botocore repeats what AWS throttled or did not answer. What AWS refused is a CatalogueError that says what to do; what
somebody else changed meanwhile is a `Conflict`, after which the caller looks again: see `Table.repeat`.
"""

from __future__ import annotations

import dataclasses
import email.utils
import random
import time
import typing as t

from ..ec2 import Aws, AwsError
from .dynamodb_items import Key, Value, Values
from .interface import CatalogueError

_THROTTLED = frozenset(
    {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException", "ThrottlingError"}
    | {"ProvisionedThroughputExceeded"}
)
_FAILED_CONDITION = ("ConditionalCheckFailed", "ConditionalCheckFailedException")
# Seconds to wait at most before each new attempt, when others write to the same items or AWS is too busy.
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0)
_PAGE = 1000
_BATCH = 100
# AWS's clock is told in whole seconds; less than this is no difference.
_TOLERANCE = 2.0

T = t.TypeVar("T")


class Conflict(Exception):  # noqa: N818 - the caller looks again
    """Somebody else changed what a write was based on, or AWS was too busy for it; nothing was written."""


class ServerClock:
    """AWS's time, as its answers tell it: controllers whose clocks differ must agree on when a lease expires."""

    def __init__(self, local: t.Callable[[], float] = time.time) -> None:
        self._local = local
        self._offset = 0.0

    def __call__(self) -> float:
        """Return the seconds since 1970."""
        return self._local() + self._offset

    def hear(self, response: t.Mapping[str, t.Any]) -> None:
        """Compare the local clock with an answer's."""
        date = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date:
            offset = email.utils.parsedate_to_datetime(date).timestamp() - self._local()
            self._offset = offset if abs(offset) > _TOLERANCE else 0.0


@dataclasses.dataclass(frozen=True)
class Step:
    """One item of a transaction: written with these values, deleted when they are None, or only looked at.

    ``condition`` is on the item as it is, with ``values`` for it; ``refused`` makes the error of a condition that does
    not hold from the item that is there. Without it that is a `Conflict`.
    """

    key: Key
    values: Values | None = None
    only_look: bool = False
    condition: str | None = None
    names: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    given: Values = dataclasses.field(default_factory=dict)
    refused: t.Callable[[Values], Exception] | None = None


class Table:
    """A table with a partition key ``pk`` and a sort key ``sk``, both texts. All reads are consistent."""

    def __init__(self, aws: Aws, table: str, url: str, heard: t.Callable[[t.Mapping[str, t.Any]], None]) -> None:
        """``heard`` is told every answer."""
        self._aws = aws
        self._table = table
        self._url = url
        self._heard = heard

    def get(self, key: Key) -> Values | None:
        """Return the values of an item, None when there is none."""
        answer = self._call("read", "get_item", TableName=self._table, Key=_key(key), ConsistentRead=True)
        return _values(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: t.Sequence[Key]) -> dict[Key, Values]:
        """Return the values of those items that are there."""
        found: dict[Key, Values] = {}
        for start in range(0, len(keys), _BATCH):
            wanted = [_key(key) for key in keys[start : start + _BATCH]]
            for pause in (*_PAUSES, None):
                request = {self._table: {"Keys": wanted, "ConsistentRead": True}}
                answer = self._call("read", "batch_get_item", RequestItems=request)
                for item in answer["Responses"].get(self._table, ()):
                    found[item["pk"]["S"], item["sk"]["S"]] = _values(item)
                wanted = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not wanted:
                    break
                if pause is None:
                    raise self._too_busy("read", "it left keys unprocessed")
                time.sleep(random.uniform(0, pause))  # noqa: S311 - no secret
        return found

    def query(
        self,
        partition: str,
        newest_first: bool = True,
        limit: int | None = None,
        before: str | None = None,
        prefix: str | None = None,
    ) -> t.Iterator[tuple[str, Values]]:
        """Yield sort keys and values in order, asking for more pages as they are needed.

        ``limit`` is how many the caller will take at most, ``before`` a sort key that all must be below.
        """
        condition, given = "pk = :pk", {":pk": {"S": partition}}
        if before is not None:
            condition, given = f"{condition} AND sk < :sk", {**given, ":sk": {"S": before}}
        elif prefix is not None:
            condition, given = f"{condition} AND begins_with(sk, :sk)", {**given, ":sk": {"S": prefix}}
        request: dict[str, t.Any] = {
            "TableName": self._table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": given,
            "ScanIndexForward": not newest_first,
            "ConsistentRead": True,
            "Limit": min(limit or _PAGE, _PAGE),
        }
        while True:
            answer = self._call("read", "query", **request)
            for item in answer["Items"]:
                yield item["sk"]["S"], _values(item)
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def write(self, steps: t.Sequence[Step]) -> None:
        """Do all steps or none. Raises Conflict, or what the step whose condition failed says."""
        request = [self._item(step) for step in steps]
        try:
            self._call("write to", "transact_write_items", TransactItems=request)
        except AwsError as exc:
            raise self._refused(exc, steps) from exc

    def repeat(self, attempt: t.Callable[[], T], what: str) -> T:
        """Return what an attempt returns, made anew after each `Conflict`; ``what`` goes on after "write to ...:"."""
        reason = ""
        for pause in (*_PAUSES, None):
            try:
                return attempt()
            except Conflict as exc:
                reason = str(exc)
                if pause is not None:
                    time.sleep(random.uniform(0, pause))  # noqa: S311 - no secret
        raise self._too_busy("write to", f"{what}: {reason}")

    def _item(self, step: Step) -> dict[str, t.Any]:
        request: dict[str, t.Any] = {"TableName": self._table}
        if step.condition:
            request["ConditionExpression"] = step.condition
            if step.refused:
                request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if step.names:
            request["ExpressionAttributeNames"] = dict(step.names)
        if step.given:
            request["ExpressionAttributeValues"] = _attributes(step.given)
        if step.only_look:
            return {"ConditionCheck": {**request, "Key": _key(step.key)}}
        if step.values is None:
            return {"Delete": {**request, "Key": _key(step.key)}}
        return {"Put": {**request, "Item": {**_key(step.key), **_attributes(step.values)}}}

    def _refused(self, exc: AwsError, steps: t.Sequence[Step]) -> Exception:
        """Return the error to raise for a transaction that AWS did not do."""
        cause = t.cast("t.Any", exc.__cause__)
        reasons = cause.response.get("CancellationReasons", []) if exc.code == "TransactionCanceledException" else []
        if not reasons and exc.code != "TransactionInProgressException":
            return self._explain("write to", exc)
        codes = {str(reason.get("Code")) for reason in reasons} - {"None"}
        for step, reason in zip(steps, reasons, strict=True):
            if reason.get("Code") in _FAILED_CONDITION and step.refused:
                return step.refused(_values(reason.get("Item", {})))
        if codes <= {*_FAILED_CONDITION, *_THROTTLED, "TransactionConflict"}:
            return Conflict(f"AWS says {', '.join(sorted(codes)) or exc.code}")
        messages = {str(reason.get("Message")) for reason in reasons if reason.get("Message")}
        return CatalogueError(f"{self._explain('write to', exc)} {'. '.join(sorted(messages))}")

    def _call(self, attempt: str, operation: str, **request: t.Any) -> t.Any:
        """Make a call. Raises CatalogueError; for a write AwsError, which is looked into."""
        try:
            client = self._aws.client("dynamodb")
            with self._aws.explained(f"{attempt} the catalogue {self._url}"):
                answer = getattr(client, operation)(**request)
        except AwsError as exc:
            if attempt != "read":
                raise
            raise self._explain(attempt, exc) from exc
        self._heard(answer)
        return answer

    def _explain(self, attempt: str, exc: AwsError) -> CatalogueError:
        cause = exc.__cause__
        said = str(getattr(cause, "response", {}).get("Error", {}).get("Message", "")) if cause else ""
        start = f"Cannot {attempt} the catalogue {self._url}"
        if exc.code == "ResourceNotFoundException":
            return CatalogueError(
                f"{start}: there is no table {self._table} in {self._aws.region}. Correct its name or region, or make "
                "it with: ansible-playbook playbooks/catalogue.yml -e verb=create"
            )
        if exc.denied:
            return CatalogueError(f"{start}: AWS denies it ({said}). Allow what docs/iam/catalogue.json lists")
        if exc.code in _THROTTLED:
            return self._too_busy(attempt, f"{exc.code}: {said}")
        if exc.code == "ValidationException" and "key" in said.lower() and "schema" in said.lower():
            return CatalogueError(f"{start}: table {self._table} is not a catalogue ({said}). Name another table")
        return CatalogueError(str(exc))

    def _too_busy(self, attempt: str, said: str) -> CatalogueError:
        return CatalogueError(
            f"Cannot {attempt} the catalogue {self._url}: DynamoDB is too busy with table {self._table} ({said}). Run "
            "again later; a table with on-demand capacity takes more"
        )


def _key(key: Key) -> dict[str, t.Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _attributes(values: Values) -> dict[str, t.Any]:
    return {key: _attribute(value) for key, value in values.items()}


def _attribute(value: Value) -> dict[str, t.Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    return {"B": value} if isinstance(value, bytes) else {"N": repr(value)}


def _values(item: t.Mapping[str, t.Any]) -> Values:
    """Return an item's values but its keys. A type that no item here has stays as AWS writes it, to be refused."""
    found: dict[str, t.Any] = {}
    for key, attribute in item.items():
        ((kind, value),) = attribute.items()
        if key not in ("pk", "sk"):
            found[key] = _number(value) if kind == "N" else value
    return found


def _number(text: str) -> int | float:
    value = float(text)
    return int(text) if text.lstrip("-").isdigit() else value
