# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/iam/catalogue.json against the calls in the source."""

from __future__ import annotations

import ast
import json
import pathlib

import botocore
import botocore.session
from ansible_collections.golden.windows_ami.plugins.plugin_utils import catalogue

ROOT = pathlib.Path(__file__).parents[3]
POLICY = json.loads((ROOT / "docs" / "iam" / "catalogue.json").read_text(encoding="utf-8"))
# What a transaction is made of in dynamodb_calls.py, as IAM knows it.
TRANSACTION = {"PutItem", "DeleteItem", "ConditionCheckItem"}


def called() -> set[str]:
    """Return the actions of the calls to DynamoDB in the source."""
    names = {
        botocore.xform_name(operation): operation
        for operation in botocore.session.get_session().get_service_model("dynamodb").operation_names
    }
    found = set()
    for path in pathlib.Path(catalogue.__file__ or "").parent.glob("dynamodb*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute | ast.Constant):
                found.add(names.get(node.attr if isinstance(node, ast.Attribute) else str(node.value), ""))
    assert "TransactWriteItems" in found
    return {f"dynamodb:{name}" for name in (found - {"", "TransactWriteItems"}) | TRANSACTION}


def test_the_policy_allows_what_is_called_and_no_more() -> None:
    allowed = {action for statement in POLICY["Statement"] for action in statement["Action"]}
    assert allowed == called()


def test_the_policy_is_about_the_table_only_and_explained() -> None:
    assert {statement["Resource"] for statement in POLICY["Statement"]} == {"arn:aws:dynamodb:*:*:table/golden"}
    page = (ROOT / "docs" / "iam" / "README.md").read_text(encoding="utf-8")
    assert not [statement["Sid"] for statement in POLICY["Statement"] if f"`{statement['Sid']}`" not in page]
