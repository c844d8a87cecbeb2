# SPDX-License-Identifier: GPL-3.0-or-later
"""What bringing a build back comes to."""

from __future__ import annotations

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import CatalogueError, Event
from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire_ec2 import Image
from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire_undo import decide

from .support import ago, build

REGION = "eu-west-1"
PARTNER = {"UserId": "210987654321"}


def events(*statuses: str) -> list[Event]:
    return [Event("x", ago(9), status) for status in statuses]


@pytest.mark.parametrize(
    ("status", "image", "before", "shared", "steps", "after"),
    [
        (
            "deprecated", Image("ami-1", "available", ago(1)), ["built", "verified", "deprecated"], {},
            ["take back the deprecation of ami-1 in eu-west-1", "call the build verified again"], "verified",
        ),
        (
            "disabled", Image("ami-1", "disabled", ago(1)), ["built", "deprecated", "disabled"], {REGION: [PARTNER]},
            [
                "enable ami-1 in eu-west-1", "share ami-1 in eu-west-1 with 210987654321",
                "take back the deprecation of ami-1 in eu-west-1", "call the build built again",
            ],
            "built",
        ),
        (
            "deregistered", Image("ami-1", "available"), ["verified", "disabled", "deregistered"], {REGION: []},
            ["call the build verified again"], "verified",
        ),
        ("verified", Image("ami-1", "available"), ["verified"], {REGION: [PARTNER]}, [], "verified"),
        (
            "verified", Image("ami-1", "available", ago(0)), ["verified"], {},
            ["take back the deprecation of ami-1 in eu-west-1"], "verified",
        ),
    ],
    ids=["deprecated", "disabled", "fetched from the Recycle Bin", "not retired", "cut off"],
)  # fmt: skip
def test_a_build_is_brought_back(status, image, before, shared, steps, after) -> None:  # type: ignore[no-untyped-def]
    undoing = decide(build(100, status), {REGION: image}, events(*before), shared)
    assert (list(undoing.steps), undoing.status) == (steps, after)
    assert undoing.warnings == ()


def test_what_cannot_be_restored_is_said() -> None:
    images = {REGION: Image("ami-1", "disabled"), "us-east-1": Image("ami-2", "gone")}
    undoing = decide(build(100, "disabled"), images, events("verified"), {})
    assert undoing.warnings == (
        "ami-2 in us-east-1 is gone",
        "nobody wrote down who ami-1 in eu-west-1 was shared with: share it yourself",
    )


@pytest.mark.parametrize("status", ["building", "failed", "revoked"])
def test_only_retired_builds_are_brought_back(status: str) -> None:
    with pytest.raises(CatalogueError, match=f"is {status}: "):
        decide(build(100, status), {REGION: Image("ami-1", "disabled")}, [], {})


def test_a_build_without_amis_is_too_late() -> None:
    gone = build(100, "deregistered", snapshots={REGION: ["snap-1"]})
    with pytest.raises(
        CatalogueError, match="restore-snapshot-from-recycle-bin --region eu-west-1 --snapshot-id snap-1"
    ):
        decide(gone, {REGION: Image("ami-1", "gone")}, [], {})
