# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests repeat exactly, see every change that matters, and none that does not."""

from __future__ import annotations

import datetime as dt
import pathlib
import typing as t

import pytest
from ansible.template import trust_as_template
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fingerprint import (
    FingerprintError,
    changed_inputs,
    digest_playbook,
    digest_tree,
    digest_value,
    fingerprint,
    plain,
    public_value,
    read_playbook,
)
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def role(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return a small role."""
    for name, text in {
        "tasks/main.yml": "[]",
        "defaults/main.yml": "a: 1",
        "README.md": "x",
        "files/a.txt": "x",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@given(JSON)
def test_the_order_of_keys_does_not_matter(value: t.Any) -> None:
    def turned(item: t.Any) -> t.Any:
        if isinstance(item, dict):
            return {key: turned(item[key]) for key in reversed(item)}
        return [turned(part) for part in item] if isinstance(item, list) else item

    assert digest_value(value) == digest_value(turned(value))


@pytest.mark.parametrize(
    ("one", "other"), [(1, "1"), (1, True), (None, ""), ([], {}), ([1, 2], [2, 1]), ({"a": 1}, {"a": None})]
)
def test_other_values_have_other_digests(one: t.Any, other: t.Any) -> None:
    assert digest_value(one) != digest_value(other)


def test_ansible_s_tags_do_not_matter() -> None:
    tagged = trust_as_template("text")
    assert digest_value({"a": [tagged]}) == digest_value({"a": ["text"]})
    assert type(plain([tagged])[0]) is str


def test_yaml_dates_are_values() -> None:
    assert plain({"day": dt.date(2026, 11, 22)}) == {"day": "2026-11-22"}


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(FingerprintError, match="not a set"):
        plain({"a": {1, 2}})


def test_a_role_has_the_same_digest_wherever_it_is(
    role: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("copy")
    for path in sorted(role.rglob("*"), reverse=True):
        if path.is_file():
            target = copy / path.relative_to(role)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    assert digest_tree(copy) == digest_tree(role)


@pytest.mark.parametrize("name", ["README.md", "README", ".hidden", "tasks/main.yml~", "molecule/x.yml", "tests/t.yml"])
def test_files_that_reach_no_machine_do_not_matter(role: pathlib.Path, name: str) -> None:
    before = digest_tree(role)
    (role / name).parent.mkdir(exist_ok=True)
    (role / name).write_text("new")
    assert digest_tree(role) == before


@pytest.mark.parametrize("name", ["tasks/main.yml", "files/a.txt", "templates/new.j2"])
def test_a_changed_file_matters(role: pathlib.Path, name: str) -> None:
    before = digest_tree(role)
    (role / name).parent.mkdir(exist_ok=True)
    (role / name).write_text("new")
    assert digest_tree(role) != before


def test_a_renamed_file_matters(role: pathlib.Path) -> None:
    before = digest_tree(role)
    (role / "files/a.txt").rename(role / "files/b.txt")
    assert digest_tree(role) != before


def test_a_missing_directory_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FingerprintError, match="gone is part of the image but is not a directory"):
        digest_tree(tmp_path / "gone")


def test_a_playbook_is_followed_through_its_includes(tmp_path: pathlib.Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks/a.yml").write_text("- ansible.builtin.import_tasks: b.yml\n- debug: {msg: !unsafe x}\n")
    (tmp_path / "tasks/b.yml").write_text("- include_tasks: a.yml\n")
    (tmp_path / "main.yml").write_text(
        "- hosts: all\n"
        "  roles: [one, {role: two}]\n"
        "  tasks:\n"
        "    - block:\n"
        "        - ansible.builtin.include_tasks: {file: tasks/a.yml}\n"
        "    - ansible.builtin.include_role: {name: n.c.seal}\n"
        "    - ansible.builtin.include_role: {name: '{{ item }}'}\n"
    )
    playbook = read_playbook(tmp_path / "main.yml")
    assert [path.name for path in playbook.files] == ["main.yml", "a.yml", "b.yml"]
    assert playbook.roles == ("one", "two", "n.c.seal")
    before = digest_playbook(playbook, tmp_path)
    (tmp_path / "tasks/b.yml").write_text("[]")
    assert digest_playbook(playbook, tmp_path) != before


@pytest.mark.parametrize(
    ("content", "message"), [(None, "Cannot read .*gone.yml"), ("a: [", "gone.yml is not valid YAML")]
)
def test_a_playbook_that_cannot_be_read_is_named(tmp_path: pathlib.Path, content: str | None, message: str) -> None:
    (tmp_path / "main.yml").write_text("- include_tasks: gone.yml")
    if content is not None:
        (tmp_path / "gone.yml").write_text(content)
    with pytest.raises(FingerprintError, match=message):
        read_playbook(tmp_path / "main.yml")


def test_secret_parts_of_a_variable_are_left_out() -> None:
    options = {"options": {"name": {}, "key": {"no_log": True}, "more": {"options": {"pin": {"no_log": True}}}}}
    value = [{"name": "a", "key": "s", "more": {"pin": 1, "x": 2}}]
    assert public_value(value, options) == [{"name": "a", "more": {"x": 2}}]


def test_changed_inputs_are_those_that_differ_appeared_or_went() -> None:
    assert changed_inputs({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"}) == ("b", "c", "d")


def test_the_fingerprint_is_over_names_and_values() -> None:
    one = fingerprint({"a": "1", "b": "2"})
    assert one == fingerprint({"b": "2", "a": "1"})
    assert len({one, fingerprint({"a": "2", "b": "1"}), fingerprint({"a": "1"})}) == 3
    assert len(one) == 64
