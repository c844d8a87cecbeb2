# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of what a play has changed where."""

from __future__ import annotations

from ansible_collections.golden.windows_ami.plugins.plugin_utils.server_changes import Changes


def lines(changes: Changes, *lost: str) -> list[list[str]]:
    """Return the cells of each line, and the sentence as it is."""
    *rows, _, sentence = changes.lines(lost)
    return [line.split() for line in rows[1:]] + [[sentence]]


def test_each_role_of_each_server_says_what_it_changed() -> None:
    changes = Changes()
    changes.expect(["a", "b"])
    for server in ("a", "b"):
        changes.ran(server, None)
        changes.ran(server, "firewall")
    changes.changed("b", "firewall", "Rules", "Web")
    changes.changed("b", "firewall", "Rules", "Metrics")
    changes.changed("b", "firewall", "Profiles")
    assert lines(changes) == [
        ["a", "firewall", "unchanged"],
        ["b", "firewall", "changed", "Rules", "(Web,", "Metrics)"],
        ["Profiles"],
        ["1 of 2 changed."],
    ]


def test_check_mode_says_what_would_change() -> None:
    changes = Changes(predicted=True)
    changes.expect(["a"])
    changes.changed("a", "proxy", "Set")
    assert lines(changes) == [["a", "proxy", "would", "change", "Set"], ["1 of 1 would change."]]


def test_a_failure_comes_last_with_its_first_line_and_what_was_changed_before_stays() -> None:
    changes = Changes()
    changes.expect(["a", "b"])
    changes.changed("a", "proxy", "Set")
    changes.ran("a", "firewall")
    changes.failed("a", "firewall", "Guard", "\nIt would cut.\nMore.")
    assert lines(changes, "a") == [
        ["a", "proxy", "changed", "Set"],
        ["firewall", "failed", "Guard:", "It", "would", "cut."],
        ["b", "-", "not", "begun", "an", "earlier", "server", "failed"],
        ["1 of 2 changed, 1 failed, 1 not begun. Other servers of the failed batch may lack roles, too."],
    ]


def test_a_rescued_failure_is_none() -> None:
    changes = Changes()
    changes.expect(["a"])
    changes.failed("a", "firewall", "Look", "not there")
    changes.ran("a", "firewall")
    assert lines(changes) == [["a", "firewall", "unchanged"], ["0 of 1 changed."]]


def test_a_server_without_roles_is_not_passed_over() -> None:
    changes = Changes()
    changes.expect(["a"])
    changes.ran("a", None)
    assert lines(changes)[0][:4] == ["a", "-", "no", "role"]


def test_columns_are_aligned() -> None:
    changes = Changes()
    changes.expect(["a-long-name", "b"])
    changes.changed("a-long-name", "octopus_tentacle", "One")
    changes.changed("b", "proxy", "Two")
    heading, *rows = changes.lines([])[:3]
    assert {row.index(what) for row, what in zip(rows, ("One", "Two"), strict=True)} == {heading.index("WHAT")}
