# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference pages are those of the documentation."""

from __future__ import annotations

import pathlib
import re

import pytest

from scripts.reference import DIRECTORY, main, pages
from scripts.reference_markup import MarkupError, Renderer, code
from scripts.reference_page import Subject

LINK = re.compile(r"\]\(([^)#:]+\.md)\)")


def none(kind: str, name: str) -> None:
    """Find no page."""


def test_every_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, "".join(capsys.readouterr())


def test_a_page_that_is_out_of_date_missing_or_left_over_is_found(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "reference"
    assert main(["--directory", str(directory)]) == 0
    written = sorted(path.name for path in directory.iterdir())
    capsys.readouterr()
    (directory / "lookup_ami.md").write_text("old")
    (directory / "role_firewall.md").unlink()
    (directory / "module_gone.md").write_text("left")
    assert main(["--check", "--directory", str(directory)]) == 1
    assert "Out of date: lookup_ami.md, module_gone.md, role_firewall.md" in capsys.readouterr().out
    assert main(["--directory", str(directory)]) == 0
    assert main(["--check", "--directory", str(directory)]) == 0
    assert sorted(path.name for path in directory.iterdir()) == written


def test_links_lead_to_pages_and_the_index_to_all(documented: list[Subject]) -> None:
    written = pages(documented)
    for name, text in written.items():
        assert [link for link in LINK.findall(text) if link not in written] == [], name
    assert set(LINK.findall(written["README.md"])) == set(written) - {"README.md"}


def test_nothing_of_this_machine_is_in_a_page(documented: list[Subject]) -> None:
    for name, text in pages(documented).items():
        assert str(pathlib.Path.home()) not in text, name
        assert str(DIRECTORY.parents[1]) not in text, name


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("V(a) and O(b=c) and RV(d)", "`a` and `b=c` and `d`"),
        ("O(a.b.c#module:region)", "`region` of `a.b.c`"),
        ("V(WMI (old\\)) E(HOME)", "`WMI (old)` `HOME`"),
        ("M(a.b.c) and P(a.b.known#lookup)", "`a.b.c` and [`a.b.known`](page.md)"),
        ("L(there, https://example.com/a) or U(https://example.com)", "[there](https://example.com/a) or <https://example.com>"),
        ("B(no) I(yes)\nand on", "*no* *yes* and on"),
    ],
)  # fmt: skip
def test_markup_becomes_markdown(text: str, wanted: str) -> None:
    renderer = Renderer("a.b.x", "module", lambda kind, name: "page.md" if name == "a.b.known" else None)
    assert renderer.paragraphs(text) == [wanted]


@pytest.mark.parametrize("text", ["M(short)", "P(a.b.c)", "O(unclosed", "V(a) E("])
def test_markup_that_ansible_would_not_understand_is_refused(text: str) -> None:
    with pytest.raises(MarkupError, match=r"module a\.b\.x"):
        Renderer("a.b.x", "module", none).paragraphs(text)


def test_a_paragraph_that_yaml_takes_for_a_dictionary_is_refused() -> None:
    with pytest.raises(MarkupError, match="not a text, quote it"):
        Renderer("a.b.x", "module", none).paragraphs([{"Either": "or"}])  # type: ignore[list-item]


def test_code_may_have_backquotes() -> None:
    assert code("a`b") == "`` a`b ``"


def test_a_page_says_what_the_documentation_says() -> None:
    documentation = {
        "doc": {
            "short_description": "Do it",
            "description": ["First.", "With a | in it."],
            "options": {
                "rules": {
                    "description": "Rules.",
                    "type": "list",
                    "elements": "dict",
                    "suboptions": {"name": {"description": "Its name.", "type": "str", "required": True}},
                },
                "state": {
                    "description": "V(absent) removes it.",
                    "type": "str",
                    "choices": ["present", "absent"],
                    "default": "present",
                    "env": [{"name": "STATE"}],
                    "ini": [{"section": "it", "key": "state"}],
                },
            },
            "seealso": [{"module": "a.b.other"}],
        },
        "examples": "- a.b.c:\n",
        "return": {
            "it": {"description": "It.", "type": "dict", "returned": "always", "contains": {"id": {"type": "str"}}}
        },
    }
    text = pages([Subject("module", "a.b.c", documentation)])["module_c.md"]
    lines = text.splitlines()
    assert lines[0] == "# a.b.c (module)"
    assert "- With a | in it." in lines
    assert "| `rules` | list of dict |  | Rules. |" in lines
    assert "Each item of `rules`:" in lines
    assert "| `name` | str | required | Its name. |" in lines
    assert (
        "| `state` | str | `present` | `absent` removes it. One of `present`, `absent`. Environment: `STATE`. "
        "In `ansible.cfg`: `state` in `[it]`. |" in lines
    )
    assert "- `a.b.other`" in lines
    assert "| `it.id` | str |  |  |" in lines
