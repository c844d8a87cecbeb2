# SPDX-License-Identifier: GPL-3.0-or-later
"""What people and programs are told of an audit."""

from __future__ import annotations

import json
import typing as t
import xml.etree.ElementTree as ET

import jsonschema
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import AmiState, Gap
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit import Acceptance, Audit
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit_lines import faults, lines
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit_reports import to_json, to_junit, to_sarif
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit_rules import RULES

from .estates import HERE, group, instance, judged, ours

TEXT = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}


def strict(required: t.Iterable[str] = (), **properties: t.Any) -> dict[str, t.Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def listed(items: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"type": "array", "items": items}


# What section 3 of SARIF 2.1.0 says of the objects that a report has; properties that it does not know are refused.
LEVEL = {"enum": ["none", "note", "warning", "error"]}
UTC = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
RULE = strict(
    ["id"],
    id={"type": "string"}, name={"type": "string"}, shortDescription=TEXT, help=TEXT,
    defaultConfiguration=strict(level=LEVEL),
)  # fmt: skip
LOCATION = strict(
    physicalLocation=strict(artifactLocation=strict(uri={"type": "string", "pattern": r"^[\w./%~-]+$"})),
    logicalLocations=listed(
        strict(name={"type": "string"}, fullyQualifiedName={"type": "string"}, kind={"type": "string"})
    ),
)
RESULT = strict(
    ["message"],
    ruleId={"enum": list(RULES)}, ruleIndex={"type": "integer", "minimum": 0}, level=LEVEL, message=TEXT,
    locations=listed(LOCATION), properties={"type": "object"},
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
    suppressions=listed(
        strict(["kind"], kind={"enum": ["inSource", "external"]}, justification={"type": "string"})
    ),
)  # fmt: skip
DRIVER = strict(["name"], name={"type": "string"}, semanticVersion={"type": "string"}, rules=listed(RULE))
RUN = strict(
    ["tool"],
    tool=strict(["driver"], driver=DRIVER),
    invocations=listed(
        strict(
            ["executionSuccessful"],
            executionSuccessful={"type": "boolean"}, startTimeUtc=UTC, properties={"type": "object"},
        )
    ),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=listed(RESULT),
)  # fmt: skip
SARIF = strict(
    ["version", "runs"], **{"$schema": {"type": "string"}, "version": {"const": "2.1.0"}, "runs": listed(RUN)}
)


@pytest.fixture
def found() -> Audit:
    """Return an audit with something of everything."""
    uses = [group(), group("ami-2", via="override m5.xlarge"), instance(1, "ami-3"), instance(2, "ami-3")]
    amis = [AmiState("ami-1", HERE), ours("ami-2", owner="9"), ours("ami-3", name="a<b&\x01\u00e9", days_ago=50)]
    gaps = [Gap(HERE, "spot fleets", "Cannot list spot fleets: the permission is missing.")]
    return judged(uses, amis, gaps=gaps, accepted=[Acceptance("not-ours", "web", "ticket 1")])


def test_the_sarif_log_is_one(found: Audit) -> None:
    log = json.loads(to_sarif(found, "1.2.3", "error"))
    jsonschema.validate(log, SARIF)
    run = log["runs"][0]
    assert [result["ruleId"] for result in run["results"]] == ["answer-missing", "ami-gone", "updates-old", "not-ours"]
    assert all(run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert [len(one.get("suppressions", [])) for one in run["results"]] == [0, 0, 0, 1]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_a_sarif_result_is_recognised_another_day() -> None:
    def fingerprint(days_ago: int) -> str:
        log = json.loads(to_sarif(judged([group()], [ours(days_ago=days_ago)]), "1.2.3", "error"))
        return str(log["runs"][0]["results"][0]["partialFingerprints"])

    assert fingerprint(50) == fingerprint(51)


def test_json_has_every_finding(found: Audit) -> None:
    values = json.loads(to_json(found, "1.2.3", "warning"))
    assert values["counts"] == {"error": 2, "warning": 0, "note": 1}
    assert values["places"] == [{"account": "123456789012", "region": "eu-west-1"}]
    gone = values["findings"][1]
    assert {key: gone[key] for key in ("rule", "severity", "region", "kind", "id", "ami", "via")} == {
        "rule": "ami-gone", "severity": "error", "region": "eu-west-1", "kind": "autoscaling_group", "id": "web",
        "ami": "ami-1", "via": "launch template web version 1",
    }  # fmt: skip
    assert values["findings"][2]["affected"] == ["i-1", "i-2"]
    assert values["findings"][3]["accepted"] == "ticket 1"


def test_junit_has_a_test_for_each_thing(found: Audit) -> None:
    root = ET.fromstring(to_junit(found, "1.2.3", "error"))
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "3", "failures": "1", "errors": "1",
    }  # fmt: skip
    cases = {(case.get("classname"), case.get("name")): case for case in root.iter("testcase")}
    web = cases["autoscaling_group", "web"]
    failure = web.find("failure")
    assert failure is not None
    assert failure.get("type") == "ami-gone"
    assert "rollout.yml" in str(failure.text)
    assert "accepted: ticket 1" in str(web.findtext("system-out"))
    assert "a<b&\ufffd\u00e9" in str(cases["instance", "server 1 and 1 more (ami-3)"].findtext("system-out"))
    assert cases["question", "spot fleets"].find("error") is not None


@pytest.mark.parametrize(("fail_on", "failures"), [("error", 1), ("warning", 2), ("never", 0)])
def test_junit_fails_where_the_audit_does(fail_on: str, failures: int) -> None:
    uses = [group(), group("ami-2")._replace(id="db", name="db")]
    audit = judged(uses, [AmiState("ami-1", HERE), ours("ami-2", owner="9")])
    assert ET.fromstring(to_junit(audit, "1", fail_on)).get("failures") == str(failures)


def test_an_audit_without_findings_has_reports_too() -> None:
    audit = judged([group()], [ours()])
    assert json.loads(to_sarif(audit, "1", "error"))["runs"][0]["results"] == []
    assert ET.fromstring(to_junit(audit, "1", "error")).get("tests") == "1"
    assert json.loads(to_json(audit, "1", "error"))["findings"] == []
    assert lines(audit) == [
        "1 thing that may launch in 1 region of 1 account, 2026-11-22 12:00 UTC: 0 errors, 0 warnings, 0 notes"
    ]


def test_people_see_the_worst_first_and_what_to_do(found: Audit) -> None:
    shown = lines(found)
    assert shown[0].split() == ["SEVERITY", "WHERE", "WHAT", "RULE", "AMI"]
    assert [line.split()[0] for line in shown[1:7:2]] == ["error", "error", "note"]
    assert shown[shown.index("What to do:") + 2].strip().startswith("ami-gone")
    assert "Accepted: 123456789012 eu-west-1 autoscaling group web not-ours: ticket 1" in shown
    assert shown[-1].endswith("2 errors, 0 warnings, 1 note")
    assert faults(found, ["error"])[1].startswith("error: 123456789012 eu-west-1 autoscaling group web: AMI ami-1 does")


def test_many_notes_are_for_programs() -> None:
    uses = [group(f"ami-{n}")._replace(id=f"g{n}", name=f"g{n}") for n in range(30)]
    shown = lines(judged(uses, [ours(f"ami-{n}", days_ago=50) for n in range(30)]))
    assert "… and 10 more: -e json=FILE has all" in shown
    assert shown[-1].endswith("30 notes")
