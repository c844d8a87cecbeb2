# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit makes of what it has found."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml
from ansible_collections.golden.windows_ami.plugins.action import audit_summary as action
from ansible_collections.golden.windows_ami.plugins.modules import audit_summary as module
from ansible_collections.golden.windows_ami.plugins.plugin_utils.audit import (
    STATUSES,
    AuditError,
    is_bad,
    report,
    rows,
    sentence,
)

from tests.unit.actions import run_action


def outcome(status: str, message: str = "") -> dict[str, str]:
    return {"status": status, "message": message}


@pytest.mark.parametrize(
    ("statuses", "bad"),
    [
        (["clean"], False),
        (["clean", "not checked"], False),
        (["clean", "drift"], True),
        (["clean", "error"], True),
        (["clean", "unreachable"], True),
        (["not checked"], True),
        ([], True),
    ],
    ids=str,
)
def test_an_audit_is_good_only_when_something_was_looked_at_and_nothing_differs(statuses: list[str], bad: bool) -> None:
    found = {"a": {f"role_{index}": outcome(status) for index, status in enumerate(statuses)}}
    assert is_bad(rows(["a"], found)) is bad
    assert report(rows(["a"], found))["clean"] is not bad


def test_a_server_that_was_lost_on_the_way_is_unreachable() -> None:
    [lost, missing] = rows(["a", "b"], {"a": None})
    assert (lost.server, lost.role, lost.status) == ("a", "connection", "unreachable")
    assert (missing.server, missing.status) == ("b", "unreachable")


def test_the_sentence_names_servers_and_counts_each_once() -> None:
    found = {
        "a": {"proxy": outcome("clean"), "firewall": outcome("clean")},
        "b": {"proxy": outcome("drift"), "firewall": outcome("drift")},
        "c": {"proxy": outcome("not checked")},
    }
    assert sentence(rows("abc", found)) == "1 of 3 servers without drift; drift: b; not checked: c."


def test_a_message_is_one_line_in_the_table() -> None:
    assert rows(["a"], {"a": {"proxy": outcome("drift", "two\n  lines")}})[0].message == "two lines"


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(AuditError, match="a, proxy: status 'fine' is none of clean, drift"):
        rows(["a"], {"a": {"proxy": outcome("fine")}})


def run(path: pathlib.Path, **options: t.Any) -> dict[str, t.Any]:
    return run_action(action.ActionModule, options, {}, path)


def test_the_action_fails_and_still_writes_the_report(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "audit.json"
    found = {"a": {"golden.windows_ami.proxy": outcome("drift", "WinHTTP differs.")}}
    result = run(tmp_path, servers=["a"], found=found, report=str(file))
    assert result["failed"]
    assert result["msg"] == "0 of 1 servers without drift; drift: a."
    assert json.loads(file.read_text()) == {"clean": False, "servers": found} == result["audit"]


def test_the_action_says_when_it_cannot_write_the_report(tmp_path: pathlib.Path) -> None:
    found = {"a": {"proxy": outcome("clean")}}
    result = run(tmp_path, servers=["a"], found=found, report=str(tmp_path / "missing" / "audit.json"))
    assert result["failed"]
    assert "No such file or directory" in result["msg"]


def test_the_documentation_has_the_options_and_the_statuses() -> None:
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    keys = ("type", "elements", "required")
    assert {
        name: {key: option[key] for key in keys if key in option} for name, option in documented.items()
    } == action.ARGUMENTS
    assert all(f"V({status})" in str(documented["found"]["description"]) for status in STATUSES)
