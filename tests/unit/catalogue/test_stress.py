# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is lost, nothing is there twice, and no two hold a lease, whoever is killed. The measures do more of it."""

from __future__ import annotations

import pathlib

from .stress import Plan, examine, run
from .table_server import TableServer


def test_a_file_bears_many_processes_that_are_killed(tmp_path: pathlib.Path) -> None:
    url = f"sqlite:{tmp_path / 'catalogue.sqlite'}"
    finding = run(Plan(url, tmp_path / "journal", recorders=6, builds=30, fighters=4, seconds_between_kills=0.2))
    assert finding.problems == []
    assert finding.kills > 1
    assert finding.recorded > 6 * 25
    assert finding.leases >= 1


def test_a_table_bears_many_processes_that_are_killed(tmp_path: pathlib.Path, dynamodb: TableServer) -> None:
    url = dynamodb.url(dynamodb.new_table())
    finding = run(Plan(url, tmp_path / "journal", recorders=3, builds=4, fighters=3, seconds_between_kills=0.8))
    assert finding.problems == []
    assert finding.recorded >= 3
    assert finding.leases >= 1


def test_the_journal_shows_what_it_is_there_to_show(tmp_path: pathlib.Path) -> None:
    plan = Plan(f"sqlite:{tmp_path / 'catalogue.sqlite'}", tmp_path / "journal", recorders=1, builds=1)
    plan.journal.write_text(
        "100.0 enter 1 160.0\n101.0 enter 2 102.0\n103.0 enter 3 163.0\n104.0 enter 3 164.0\n105.0 made 3\n"
    )
    assert [problem.partition(" ")[0] for problem in examine(plan, 0, 0.0).problems] == [
        "recorder", "nobody", "build", "a", "token", "token", "made",
    ]  # fmt: skip
