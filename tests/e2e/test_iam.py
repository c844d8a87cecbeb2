# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/iam/build.json against what builds really call: nothing is missing, and nothing is there that is not needed."""

from __future__ import annotations

import ast
import json
import typing as t

import botocore
import botocore.session
import pytest

from .conftest import ROOT, Built, Lab

FOLDER = ROOT / "docs" / "iam"
POLICY = json.loads((FOLDER / "build.json").read_text(encoding="utf-8"))
# The limit of a managed policy, in characters without white space.
LIMIT = 6144

# In the policy, and not called by a build that goes well in the lab. docs/iam/README.md says when they are.
NOT_SEEN = {
    "ec2:DeleteSnapshot",  # of an AMI that was not finished
    "ec2:DeleteVolume",  # of an instance that could not be terminated with it
    "ec2:DeregisterImage",  # what was not finished
    "ec2:GetConsoleOutput",  # of an instance that never answered
    "ec2:DescribeRegions",  # Packer checks the region's name, but not at an endpoint of its own
}


# Needed with a KMS key of one's own only: see docs/iam/README.md.
OPTIONAL = {"kms:DescribeKey", "kms:Decrypt"}
# What AWS calls a call, but in the plugins is a method of an RSA key.
OF_KEYS = {"decrypt"}
SERVICES = {"ec2": "ec2", "kms": "kms", "service-quotas": "servicequotas", "ssm": "ssm", "sts": "sts"}


def listed(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else [value]


def allowed() -> set[str]:
    """Return the actions that the policy allows."""
    return {action for statement in POLICY["Statement"] for action in listed(statement["Action"])}


def allowed_anywhere() -> set[str]:
    """Return the actions that the policies of all playbooks allow."""
    policies = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return {action for policy in policies for one in policy["Statement"] for action in listed(one["Action"])}


def test_the_policy_names_every_action_in_full() -> None:
    assert {statement["Effect"] for statement in POLICY["Statement"]} == {"Allow"}
    assert not [action for action in allowed() if "*" in action]


def operations() -> dict[str, set[str]]:
    """Return IAM's actions by boto3's name for the call: describe_images -> {ec2:DescribeImages}."""
    session = botocore.session.get_session()
    names: dict[str, set[str]] = {}
    for service, prefix in SERVICES.items():
        for operation in session.get_service_model(service).operation_names:
            names.setdefault(botocore.xform_name(operation), set()).add(f"{prefix}:{operation}")
    return names


def calls_in_source() -> t.Iterator[tuple[str, set[str]]]:
    """Yield what the plugins call, failures and clean-up included, as place and the actions that it can mean."""
    known = operations()
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = (
                node.attr if isinstance(node, ast.Attribute) else node.value if isinstance(node, ast.Constant) else None
            )
            if isinstance(name, str) and name in known and name not in OF_KEYS:
                yield f"{path.name}:{node.lineno} {name}", known[name]


def test_every_action_is_one_of_its_service() -> None:
    assert allowed() <= set().union(*operations().values())


def test_every_call_in_the_source_is_allowed() -> None:
    calls = list(calls_in_source())
    assert len(calls) > 20
    assert not [place for place, actions in calls if not actions & (allowed_anywhere() | OPTIONAL)]


def test_only_what_reads_is_allowed_on_everything() -> None:
    for statement in POLICY["Statement"]:
        if "*" in listed(statement["Resource"]):
            verbs = {action.partition(":")[2][:3] for action in listed(statement["Action"])}
            assert verbs <= {"Des", "Get"}, statement["Sid"]


def test_no_builder_starts_and_none_is_touched_without_its_tag() -> None:
    conditions = {
        action: [
            statement.get("Condition", {}).get("Null", {})
            for statement in POLICY["Statement"]
            if action in listed(statement["Action"])
            and any(":instance/" in name for name in listed(statement["Resource"]))
        ]
        for action in ("ec2:RunInstances", "ec2:TerminateInstances", "ec2:GetPasswordData", "ec2:CreateImage")
    }
    must_be_there = {name: [{f"aws:{name}Tag/golden:build": "false"}] for name in ("Request", "Resource")}
    assert conditions.pop("ec2:RunInstances") == must_be_there["Request"]
    assert all(found == must_be_there["Resource"] for found in conditions.values())


def test_the_policy_fits_into_a_managed_policy() -> None:
    assert len("".join(json.dumps(POLICY).split())) <= LIMIT


def test_a_build_calls_nothing_that_the_policy_does_not_allow(built: Built) -> None:
    assert built.calls["ec2:RunInstances"] >= 2
    assert set(built.calls) <= allowed()


def test_the_policy_allows_nothing_that_no_build_calls(built: Built) -> None:
    assert allowed() - set(built.calls) == NOT_SEEN


@pytest.mark.parametrize(
    "command",
    [
        ("ansible-inventory", "--graph"),
        (
            "ansible", "localhost", "-m", "ansible.builtin.debug",
            "-a", "msg={{ lookup('golden.windows_ami.ami', 'iis_dotnet') }}",
        ),
    ],
    ids=["inventory", "lookup"],
)  # fmt: skip
def test_listing_needs_no_more_than_building(lab: Lab, built: Built, command: tuple[str, ...]) -> None:
    before = lab.calls()
    finished = lab.run(*command)
    assert finished.status == 0, finished.output
    assert set(lab.calls() - before) <= allowed()


def test_the_page_explains_every_statement_and_what_is_not_seen() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    names = {statement["Sid"] for statement in POLICY["Statement"]} | NOT_SEEN
    assert not [name for name in sorted(names) if f"`{name}`" not in page]
