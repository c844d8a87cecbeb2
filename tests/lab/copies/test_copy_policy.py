# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/iam/copy.json against what copying really calls, in both directions."""

from __future__ import annotations

import collections
import json
import typing as t

from tests.lab.ec2.support import ROOT

from .conftest import FURTHER, PARTNER, THERE, Workplace

FOLDER = ROOT / "docs" / "iam"
POLICY = json.loads((FOLDER / "copy.json").read_text(encoding="utf-8"))
# Allowed by the statement that lets a copy be tagged as it is made; and only of a copy that failed.
NOT_SEEN = {"ec2:CreateTags", "ec2:DeregisterImage"}


def listed(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else [value]


def allowed() -> set[str]:
    return {action for statement in POLICY["Statement"] for action in listed(statement["Action"])}


def test_copying_calls_what_the_policy_allows_and_nothing_else(place: Workplace, keys: dict[str, str]) -> None:
    build = place.build()
    before = collections.Counter(place.lab.control("status")["api_calls"])
    result = place.copy(build, [{"region": THERE, "kms_key_id": keys[THERE], "accounts": [PARTNER]}, FURTHER])
    assert not result.get("failed"), result
    place.copy(build, [{"region": THERE, "kms_key_id": keys[THERE], "accounts": [PARTNER]}, FURTHER])
    called = collections.Counter(place.lab.control("status")["api_calls"]) - before
    assert allowed() - set(called) == NOT_SEEN
    assert set(called) <= allowed()


def test_nothing_is_changed_that_has_not_the_tag() -> None:
    for statement in POLICY["Statement"]:
        if "*" in listed(statement["Resource"]):
            assert {action.partition(":")[2][:3] for action in statement["Action"]} == {"Des"}
        if {"ec2:DeregisterImage", "ec2:ModifyImageAttribute"} & set(listed(statement["Action"])):
            assert statement["Condition"] == {"Null": {"aws:ResourceTag/golden:build": "false"}}


def test_the_page_explains_every_statement() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert not [one["Sid"] for one in POLICY["Statement"] if f"`{one['Sid']}`" not in page]
