# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.windows import paths
from lab.windows.errors import WindowsError
from lab.windows.files import Files


@pytest.fixture
def files() -> Files:
    made = Files(lambda: 1000.0)
    made.add_drive("C")
    return made


@pytest.mark.parametrize(
    ("given_path", "expected"),
    [
        ("c:/Windows//System32/", "C:\\Windows\\System32"),
        ("C:\\a\\.\\b\\..\\c", "C:\\a\\c"),
        ("\\\\?\\C:\\a", "C:\\a"),
        ("sub\\x", "C:\\Users\\sub\\x"),
        ("\\x", "C:\\x"),
        ("C:\\name. ", "C:\\name"),
        ("C:", "C:\\"),
    ],
)
def test_a_path_has_one_form(given_path: str, expected: str) -> None:
    assert paths.normalise(given_path, "C:\\Users") == expected


@pytest.mark.parametrize("path", ["", "C:\\a|b", "C:\\a\\b:c", "\\\\server\\share", "C:\\a*"])
def test_a_path_that_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(WindowsError):
        paths.normalise(path)


def test_case_does_not_matter_and_is_kept(files: Files) -> None:
    files.write("C:\\Temp\\One.txt", b"1", parents=True)
    assert files.read("c:/TEMP/one.TXT") == b"1"
    assert [node.name for node in files.list("C:\\temp")] == ["One.txt"]


def test_a_file_needs_its_directory(files: Files) -> None:
    with pytest.raises(WindowsError, match="cannot find the path") as caught:
        files.write("C:\\none\\a", b"")
    assert caught.value.code == 3


def test_a_read_only_file_is_not_written_nor_deleted(files: Files) -> None:
    files.write("C:\\a", b"1").attributes.add("ReadOnly")
    for change in (lambda: files.write("C:\\a", b"2"), lambda: files.delete("C:\\a")):
        with pytest.raises(WindowsError, match="Access is denied"):
            change()
    assert files.read("C:\\a") == b"1"


def test_a_full_directory_goes_only_recursively(files: Files) -> None:
    files.write("C:\\d\\e\\f", b"1", parents=True)
    with pytest.raises(WindowsError, match="not empty"):
        files.delete("C:\\d")
    files.delete("C:\\d", recursive=True)
    assert not files.exists("C:\\d\\e\\f")


def test_a_tree_is_copied_and_moved(files: Files) -> None:
    files.write("C:\\d\\e\\f", b"1", parents=True)
    files.copy("C:\\d", "C:\\g")
    files.move("C:\\d", "C:\\h")
    assert files.read("C:\\g\\e\\f") == files.read("C:\\h\\e\\f") == b"1"
    assert not files.exists("C:\\d")


def test_patterns_match_in_every_part(files: Files) -> None:
    for path in ("C:\\p\\a1\\x.log", "C:\\p\\a2\\y.log", "C:\\p\\b\\x.log"):
        files.write(path, b"", parents=True)
    assert [node.path for node in files.glob("C:\\p\\A*\\*.log")] == ["C:\\p\\a1\\x.log", "C:\\p\\a2\\y.log"]
    assert files.glob("C:\\none\\*") == []


def test_text_is_read_by_its_mark(files: Files) -> None:
    files.write("C:\\a", "é".encode("utf-16"))
    files.write("C:\\b", "é".encode("utf-8-sig"))
    assert files.read_text("C:\\a") == files.read_text("C:\\b") == "é"


def test_a_link_is_followed_neither_in_a_walk_nor_in_a_removal(files: Files) -> None:
    files.write("C:\\target\\a", b"1", parents=True)
    files.mkdir("C:\\d")
    files.link("C:\\d\\link", "C:\\target")
    assert [node.name for node in files.walk("C:\\d")] == ["link"]
    files.delete("C:\\d", recursive=True)
    assert files.exists("C:\\target\\a")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('"C:\\Program Files\\a.exe" /x "y z"', ["C:\\Program Files\\a.exe", "/x", "y z"]),
        ('a "b\\\\" c', ["a", "b\\", "c"]),
        ('a "say \\"hi\\"" ""', ["a", 'say "hi"', ""]),
        ("a\\b c\\", ["a\\b", "c\\"]),
    ],
)
def test_a_command_line_splits_as_in_c(line: str, words: list[str]) -> None:
    assert paths.split_command(line) == words


@given(st.lists(st.text(st.sampled_from('ab "\\'), max_size=8), min_size=1, max_size=4))
def test_what_is_quoted_comes_back(words: list[str]) -> None:
    import subprocess

    assert paths.split_command(subprocess.list2cmdline(words)) == words
