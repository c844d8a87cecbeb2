# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the bench that only compute, and that it finds its measures."""

from __future__ import annotations

import pathlib

from tests.bench.measures import measures
from tests.bench.measures.shell_tasks import SHELLS, tasks_of
from tests.bench.table import Row, table

TASKS = """
- name: One
  ansible.windows.win_shell: dir
- name: Several
  block:
    - name: Two
      ansible.windows.win_stat: {path: x}
    - name: Deeper
      block:
        - name: Three
          win_command: whoami
  rescue:
    - name: Four
      ansible.builtin.debug:
"""


def test_every_file_in_measures_is_a_measure_in_order() -> None:
    folder = pathlib.Path(__file__).parents[1] / "bench" / "measures"
    assert set(measures()) == {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert next(iter(measures())) == "lab"


def test_a_table_has_the_images_side_by_side_and_marks_what_is_over() -> None:
    lines = table(
        [
            Row("quick", "s", 3.5, {"one": 1, "two": 2.5}, goal=5),
            Row("slow", "s", 200, goal=150),
            Row("  part", "", None, {"two": 12345}),
        ]
    ).splitlines()
    assert [line.split() for line in lines] == [
        ["MEASURE", "GOAL", "one", "two"],
        ["quick", "<=", "5", "s", "3.5", "s", "1", "s", "2.5", "s"],
        ["slow", "<=", "150", "s", "200", "s", "(over)"],
        ["part", "12,345"],
    ]
    # Figures stand under the end of their heading.
    assert lines[0].index("two") + 3 == len(lines[1]) == len(lines[3])


def test_tasks_are_counted_in_blocks_too(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "main.yml"
    path.write_text(TASKS)
    tasks = list(tasks_of(path))
    assert [task["name"] for task in tasks] == ["One", "Two", "Three", "Four"]
    assert [task["name"] for task in tasks if SHELLS & {key.rpartition(".")[2] for key in task}] == ["One", "Three"]


def test_a_file_without_tasks_has_none(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "main.yml"
    path.write_text("---\n")
    assert list(tasks_of(path)) == []
