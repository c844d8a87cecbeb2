# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/iam/prove.json against what the playbook calls."""

from __future__ import annotations

import json

from tests.e2e.conftest import ROOT
from tests.e2e.test_iam import listed
from tests.verbs.conftest import Works


def test_the_policy_allows_what_a_proof_calls_and_no_more(works: Works) -> None:
    policy = json.loads((ROOT / "docs" / "iam" / "prove.json").read_text(encoding="utf-8"))
    build = works.make_build("octopus_tentacle", status="built")
    before = works.lab.calls()

    works.play("prove.yml", "-e", f"build={build.id}", "-e", "golden_proof_password_timeout=3")

    allowed = {action for one in policy["Statement"] for action in listed(one["Action"])}
    called = set(works.lab.calls() - before)
    assert called <= allowed
    assert allowed - called == {"ec2:CreateTags"}, "EC2 asks for it when something is made with tags"


def test_a_proof_needs_no_more_than_a_build() -> None:
    policies = {
        name: json.loads((ROOT / "docs" / "iam" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("build", "prove")
    }
    actions = {
        name: {action for one in policy["Statement"] for action in listed(one["Action"])}
        for name, policy in policies.items()
    }
    assert actions["prove"] <= actions["build"]
