# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module returns every documented value at least once, of the documented type."""

from __future__ import annotations

import re
import typing as t

import pytest

from tests.lab.contract import returned_accounts, returned_files, returned_programs, returned_settings, returned_tasks
from tests.lab.contract.documents import names, returned, source
from tests.lab.contract.returned import CASES, Findings, paths
from tests.lab.contract.returned_not import CANNOT, ONLY_DOCUMENTED, OTHER_TYPE, SOMETIMES, Reasons
from tests.lab.modules.calls import make_guest

FILES = (returned_accounts, returned_files, returned_programs, returned_settings, returned_tasks)


@pytest.fixture(scope="module")
def findings() -> t.Callable[[str], Findings]:
    """Run a module's case once, and give what was found."""
    found: dict[str, Findings] = {}

    def of(name: str) -> Findings:
        if name not in found:
            findings = Findings()
            for result in CASES[name](make_guest()):
                findings.look(returned(name), result)
                assert isinstance(result["changed"], bool)
            found[name] = findings
        return found[name]

    return of


def _covered(name: str, path: str, *tables: Reasons) -> bool:
    known = [entry for table in tables for entry in table.get(name, ())]
    return any(path == entry or path.startswith(f"{entry}.") for entry in known)


def test_every_module_of_the_lab_has_a_case() -> None:
    assert sorted(CASES) == names()


@pytest.mark.parametrize("name", names())
def test_every_documented_value_is_returned_at_least_once(findings: t.Callable[[str], Findings], name: str) -> None:
    missing = set(paths(returned(name))) - findings(name).seen
    assert {path for path in missing if not _covered(name, path, ONLY_DOCUMENTED, CANNOT)} == set()


@pytest.mark.parametrize("name", names())
def test_what_has_no_condition_is_always_returned(findings: t.Callable[[str], Findings], name: str) -> None:
    lacking = findings(name).lacking
    assert {path for path in lacking if not _covered(name, path, ONLY_DOCUMENTED, CANNOT, SOMETIMES)} == set()


@pytest.mark.parametrize("name", names())
def test_values_have_the_documented_type(findings: t.Callable[[str], Findings], name: str) -> None:
    wrong = findings(name).wrong
    assert {path: text for path, text in wrong.items() if not _covered(name, path, OTHER_TYPE)} == {}


ENTRIES = [
    (name, path, table) for table in (ONLY_DOCUMENTED, CANNOT, OTHER_TYPE) for name in table for path in table[name]
]


@pytest.mark.parametrize(("name", "path", "table"), ENTRIES, ids=[f"{name}:{path}" for name, path, _ in ENTRIES])
def test_an_exception_is_still_one(findings: t.Callable[[str], Findings], name: str, path: str, table: Reasons) -> None:
    assert path in set(paths(returned(name)))
    if table is OTHER_TYPE:
        assert path in findings(name).wrong
        return
    assert path not in findings(name).seen
    if table is ONLY_DOCUMENTED:
        key = re.escape(path.rpartition(".")[2])
        assert not re.search(rf"(?i)\.{key}\s*\+?=|^\s*{key}\s*=", source(name), re.MULTILINE)
