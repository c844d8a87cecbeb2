# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing builds back."""

from __future__ import annotations

import typing as t

import botocore.client
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import NOW, Works

from .conftest import Retiring

PARTNER = "210987654321"
PARTNERS = [{"name": "partner", "role_arn": f"arn:aws:iam::{PARTNER}:role/golden-audit"}]


@pytest.fixture(scope="module", autouse=True)
def somebody(works: Works) -> str:
    """An instance, so that the estate is not empty."""
    return works.start(works.stock_ami())


@pytest.fixture
def old(retiring: Retiring) -> Build:
    """A build that nothing needs, beside one that is in a channel."""
    new = retiring.make(1)
    retiring.catalogue.move_channel("web", "stable", new.id, "me", None, NOW, None)
    return retiring.make(100)


def share(retiring: Retiring, build: Build) -> None:
    retiring.ec2.modify_image_attribute(
        ImageId=build.amis[retiring.region], LaunchPermission={"Add": [{"UserId": PARTNER}]}
    )


def users(retiring: Retiring, build: Build) -> list[dict[str, str]]:
    ami = build.amis[retiring.region]
    return list(retiring.ec2.describe_image_attribute(ImageId=ami, Attribute="launchPermission")["LaunchPermissions"])


@pytest.mark.parametrize("steps", [1, 2], ids=["deprecated", "disabled"])
def test_a_build_is_brought_back_as_it_was(retiring: Retiring, old: Build, steps: int) -> None:
    if steps == 2:
        share(retiring, old)
    for _step in range(steps):
        assert not retiring(accounts=PARTNERS).get("failed")
    assert retiring.state(old) == ("available, deprecated" if steps == 1 else "disabled, deprecated")
    assert users(retiring, old) == []

    foretold = retiring(undo=old.id, check_mode=True)
    done = retiring(undo=old.id, reason="payroll needs it")
    assert foretold["steps"] == done["steps"]
    assert done["changed"]
    assert (retiring.status(old), retiring.state(old)) == ("verified", "available")
    assert users(retiring, old) == ([{"UserId": PARTNER}] if steps == 2 else [])
    assert retiring.catalogue.events(old.id)[-1].reason == "payroll needs it"

    result = retiring(accounts=PARTNERS)
    action, why = retiring.action(result, old)
    assert action == "keep"
    assert why.startswith("taken back on ")
    assert not retiring(undo=old.id)["changed"]


def test_what_is_gone_cannot_be_brought_back(retiring: Retiring, old: Build) -> None:
    for _step in range(3):
        retiring()
    assert retiring.state(old) == "gone"
    done = retiring(undo=old.id)
    assert done["failed"]
    assert "cannot be brought back: its AMI is deregistered" in done["msg"]
    ami = old.amis[retiring.region]
    assert f"restore-image-from-recycle-bin --region {retiring.region} --image-id {ami}" in done["msg"]


@pytest.mark.parametrize(
    ("status", "message"),
    [("revoked", "revoke.yml takes a revocation back"), ("failed", "it was never retired")],
)
def test_what_was_not_retired_is_not_brought_back(retiring: Retiring, status: str, message: str) -> None:
    build = retiring.make(100, status)
    assert message in retiring(undo=build.id)["msg"]


def test_an_ami_that_somebody_else_disabled_comes_back_unshared(retiring: Retiring, old: Build) -> None:
    share(retiring, old)
    retiring.ec2.disable_image(ImageId=old.amis[retiring.region])
    retiring.catalogue.set_status(old.id, "disabled", ("verified",), "me", None, NOW)
    assert retiring(undo=old.id)["changed"]
    assert (retiring.status(old), retiring.state(old)) == ("verified", "available")
    assert users(retiring, old) == []


class Killed(BaseException):
    """Stands for the end of the process: nothing in the code can catch it."""


def test_an_undoing_that_is_killed_after_any_call_is_repeated(
    retiring: Retiring, old: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(retiring, old)
    for _step in range(2):
        retiring(accounts=PARTNERS)
    real = botocore.client.BaseClient._make_api_call
    changed: list[str] = []

    def call(client: t.Any, operation: str, parameters: t.Any) -> t.Any:
        answer = real(client, operation, parameters)
        if not operation.startswith("Describe"):
            changed.append(operation)
            raise Killed
        return answer

    for _attempt in range(4):
        with monkeypatch.context() as patch:
            patch.setattr(botocore.client.BaseClient, "_make_api_call", call)
            try:
                retiring(undo=old.id)
            except Killed:
                assert retiring.status(old) == "disabled"
    assert changed == ["EnableImage", "ModifyImageAttribute", "DisableImageDeprecation"]
    assert (retiring.status(old), retiring.state(old)) == ("verified", "available")
    assert users(retiring, old) == [{"UserId": PARTNER}]
