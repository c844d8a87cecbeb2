# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of a playbook, docs/iam/<name>.json, against the calls that the lab saw.

A test of a verb runs its playbook in ``with watched(works) as seen:``, as often as it takes to see all that it can
call, and then ``check(Policy.of("promote"), seen, unseen={...})``.
"""

from __future__ import annotations

import contextlib
import json
import typing as t

from tests.e2e.conftest import ROOT

if t.TYPE_CHECKING:
    from tests.verbs.conftest import Works

# The limit of a managed policy, in characters without white space.
LIMIT = 6144


class Policy(t.NamedTuple):
    """A policy and its name."""

    name: str
    statements: list[dict[str, t.Any]]

    @classmethod
    def of(cls, name: str) -> Policy:
        """Read docs/iam/<name>.json."""
        path = ROOT / "docs" / "iam" / f"{name}.json"
        return cls(name, json.loads(path.read_text(encoding="utf-8"))["Statement"])

    def actions(self) -> set[str]:
        """Return all that it allows."""
        return {action for one in self.statements for action in listed(one["Action"])}

    def characters(self) -> int:
        """Return its length as IAM counts it."""
        whole = json.dumps({"Version": "2012-10-17", "Statement": self.statements})
        return len("".join(whole.split()))


def listed(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else [value]


@contextlib.contextmanager
def watched(works: Works) -> t.Iterator[set[str]]:
    """Hand over a set that holds, after the block, the IAM actions that the lab saw meanwhile."""
    before, seen = works.lab.calls(), set[str]()
    yield seen
    seen.update(works.lab.calls() - before)


def check(policy: Policy, seen: t.Collection[str], unseen: t.Collection[str] = ()) -> None:
    """Check that a policy allows all that was called, and nothing else but ``unseen``, which is never called here."""
    allowed = policy.actions()
    assert not [action for action in allowed if "*" in action], "every action is named in full"
    assert set(seen) <= allowed, f"docs/iam/{policy.name}.json must allow them"
    assert allowed - set(seen) == set(unseen), "what is not needed is not allowed"
    assert policy.characters() <= LIMIT
    anywhere = {
        action for one in policy.statements if "*" in listed(one["Resource"]) for action in listed(one["Action"])
    }
    assert {action.partition(":")[2][:3] for action in anywhere} <= {"Des", "Get", "Lis"}, "only reading, anywhere"
