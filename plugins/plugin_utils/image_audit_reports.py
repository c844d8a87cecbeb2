# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit for programs: JSON, SARIF 2.1.0 and JUnit XML. Calls nothing.

SARIF: https://docs.oasis-open.org/sarif/sarif/v2.1.0/. JUnit has no standard; this is what Jenkins and GitLab read.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
import urllib.parse
import xml.etree.ElementTree as ET

from .image_audit import Audit, Finding, Thing
from .image_audit_rules import ERROR, NOTE, RULES, SEVERITIES

_NAME = "golden.windows_ami audit"
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# What XML 1.0 cannot hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_json(audit: Audit, version: str, fail_on: str) -> str:
    """Return everything, for scripts."""
    values = {
        "asked": _moment(audit),
        "version": version,
        "places": [place._asdict() for place in audit.places],
        "things": len(audit.things),
        "counts": audit.counts,
        "findings": [one.to_dict() for one in audit.findings],
        "fail_on": fail_on,
    }
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def to_sarif(audit: Audit, version: str, fail_on: str) -> str:
    """Return a SARIF log with one run, for code scanning."""
    complete = all(one.rule != "answer-missing" for one in audit.findings)
    run = {
        "tool": {"driver": {"name": _NAME, "semanticVersion": version, "rules": list(map(_rule, RULES))}},
        "invocations": [
            {"executionSuccessful": complete, "startTimeUtc": _moment(audit), "properties": {"failOn": fail_on}}
        ],
        "columnKind": "unicodeCodePoints",
        "results": list(map(_result, audit.findings)),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(rule_id: str) -> dict[str, t.Any]:
    rule = RULES[rule_id]
    return {
        "id": rule_id,
        "name": "".join(map(str.capitalize, rule_id.split("-"))),
        "shortDescription": {"text": rule.title},
        "help": {"text": rule.advice},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(one: Finding) -> dict[str, t.Any]:
    # Things in AWS have no file; the address stands for one, because readers such as GitHub's show nothing without.
    uri = "/".join(urllib.parse.quote(part, safe="") for part in ("aws", *one.place, one.kind, one.id))
    logical = {"name": one.name or one.id, "fullyQualifiedName": uri, "kind": "resource"}
    result: dict[str, t.Any] = {
        "ruleId": one.rule,
        "ruleIndex": list(RULES).index(one.rule),
        "level": one.severity,
        "message": {"text": f"{one.label} in {one.place}: {one.message}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}}, "logicalLocations": [logical]}],
        "partialFingerprints": {"thing/v1": _fingerprint(one)},
        "properties": {"ami": one.ami, "via": one.via, "days": one.days, "affected": list(one.affected)},
    }
    if one.accepted is not None:
        result["suppressions"] = [{"kind": "external", "justification": one.accepted}]
    return result


def _fingerprint(one: Finding) -> str:
    """Return what makes the same finding of another day the same: all but what is counted in days."""
    parts = (one.rule, *one.place, one.kind, one.id, one.ami or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def to_junit(audit: Audit, version: str, fail_on: str) -> str:
    """Return JUnit XML: a suite for each place, a test for each thing that may launch.

    What fails the audit is a failure, an answer that is missing is an error, and the rest is output of the test.
    """
    by_thing: dict[Thing, list[Finding]] = {thing: [] for thing in audit.things}
    for one in audit.findings:
        by_thing.setdefault(Thing(one.place, one.kind, one.id, one.name), []).append(one)
    limit = SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on in SEVERITIES else ()
    root = ET.Element("testsuites", name=_NAME)
    for place in dict.fromkeys(thing.place for thing in by_thing):
        cases = {thing: found for thing, found in by_thing.items() if thing.place == place}
        suite = ET.SubElement(root, "testsuite", name=_text(str(place)), timestamp=_moment(audit).removesuffix("Z"))
        for thing, found in cases.items():
            _case(suite, thing, found, limit)
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            suite.set(name, str(sum(1 for _one in suite.iter(tag))))
        suite.set("skipped", "0")
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    properties = ET.Element("properties")
    ET.SubElement(properties, "property", name="version", value=version)
    if len(root):
        root[0].insert(0, properties)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(suite: ET.Element, thing: Thing, found: t.Sequence[Finding], limit: t.Collection[str]) -> None:
    """Add a test; it has one failure, or error, at most, as readers want it."""
    name = thing.name if thing.name in ("", thing.id) else f"{thing.name} ({thing.id})"
    case = ET.SubElement(suite, "testcase", classname=_text(thing.kind), name=_text(name or thing.id), time="0")
    bad = [one for one in found if one.severity in limit and one.accepted is None]
    if bad:
        tag = "error" if bad[0].rule == "answer-missing" else "failure"
        element = ET.SubElement(case, tag, type=bad[0].rule, message=_text(bad[0].message))
        element.text = _text("\n".join(f"{_sentence(one)}\n{one.advice}" for one in bad))
    rest = [one for one in found if one not in bad]
    if rest:
        ET.SubElement(case, "system-out").text = _text("\n".join(map(_sentence, rest)))


def _sentence(one: Finding) -> str:
    accepted = f" (accepted: {one.accepted})" if one.accepted is not None else ""
    return f"{one.severity}: {one.message} [{one.rule}]{accepted}"


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _moment(audit: Audit) -> str:
    return f"{audit.asked:%Y-%m-%dT%H:%M:%SZ}"


FORMATS: dict[str, t.Callable[[Audit, str, str], str]] = {"json": to_json, "sarif": to_sarif, "junit": to_junit}

__all__ = ["ERROR", "FORMATS", "NOTE", "to_json", "to_junit", "to_sarif"]
