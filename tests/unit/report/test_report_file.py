# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a file and as text: when it changes, who may read it, and colours that everybody can see."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html.parser
import json
import os
import pathlib
import re

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import Gap
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report import page as page_module
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report.file import FileError, write_page
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report.model import Facts
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report.page import digest_in, render, same

from tests.unit.report.samples import HERE, build, facts, fleet, hostile, move

TITLE = "Golden Windows AMIs"


class Elements(html.parser.HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    @classmethod
    def of(cls, page: str) -> list[tuple[str, dict[str, str]]]:
        parser = cls()
        parser.feed(page)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def later(found: Facts, **more: int) -> Facts:
    """Return the same facts, asked for later."""
    return dataclasses.replace(
        found, estate=dataclasses.replace(found.estate, asked=found.estate.asked + dt.timedelta(**more))
    )


def test_a_page_differs_by_more_than_its_moment_or_is_the_same() -> None:
    found = fleet()

    assert render(found, TITLE) != render(later(found, minutes=5), TITLE)
    assert same(render(found, TITLE), render(later(found, minutes=5), TITLE))
    assert not same(render(found, TITLE), render(later(found, days=1), TITLE)), "everything is a day older"
    assert not same(render(found, TITLE), render(fleet(13), TITLE))


def test_a_file_is_written_once_and_for_everybody(tmp_path: pathlib.Path) -> None:
    path, found = tmp_path / "report.html", fleet()
    previous = os.umask(0o077)
    try:
        first = write_page(path, render(found, TITLE), keep=False)
    finally:
        os.umask(previous)
    content = path.read_bytes()
    second = write_page(path, render(later(found, minutes=5), TITLE), keep=False)

    assert (first.changed, second.changed) == (True, False)
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_that_somebody_took_away_come_back(tmp_path: pathlib.Path) -> None:
    path, page = tmp_path / "report.html", render(fleet(), TITLE)
    write_page(path, page, keep=False)
    path.chmod(0o600)

    assert write_page(path, page, keep=False).changed
    assert path.stat().st_mode & 0o777 == 0o644


def test_check_mode_says_what_would_change_and_writes_nothing(tmp_path: pathlib.Path) -> None:
    path, one = tmp_path / "report.html", build(1)
    write_page(path, render(facts([one]), TITLE), keep=False)
    content = path.read_bytes()

    written = write_page(path, render(facts([one], [move(one)]), TITLE), keep=True)

    assert written.changed
    assert path.read_bytes() == content
    assert json.loads(written.before)["channels"] == {}
    assert json.loads(written.after)["channels"] == {"octopus_tentacle stable": one.id}


def test_a_file_of_somebody_elses_has_no_digest(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(b"\xff<p>Hello")

    written = write_page(path, render(facts(), TITLE), keep=False)

    assert (written.changed, written.before) == (True, "")


def test_a_directory_that_is_not_there_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileError, match=r"Cannot write .*nowhere/report.html: No such file or directory"):
        write_page(tmp_path / "nowhere" / "report.html", "", keep=False)


def test_missing_answers_stand_before_everything_else() -> None:
    page = render(facts(gaps=[Gap(HERE, "instances", "UnauthorizedOperation")]), TITLE)

    assert (
        page.index("This report is not complete") < page.index("UnauthorizedOperation") < page.index("Audit findings")
    )
    assert "This report is not complete" not in render(facts(), TITLE)


def test_hostile_text_is_in_the_page_as_text_only() -> None:
    page = render(hostile(), "<script>window.stolen = 1</script>")

    elements = Elements.of(page)

    assert [dict(attributes) for tag, attributes in elements if tag == "script"] == [
        {"type": "application/json", "id": "digest"}, {}
    ]  # fmt: skip
    assert {tag for tag, _attributes in elements} & {
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
    } == set()
    names = {name for _tag, attributes in elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("style", "src", "srcset")]
    assert all(attributes["href"].startswith("#") for _tag, attributes in elements if "href" in attributes)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]", page)
    assert json.loads(digest_in(page))["builds"]


def _palettes() -> dict[str, dict[str, str]]:
    css = (pathlib.Path(page_module.__file__).parent / "page.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    return {
        name: dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
        for name, block in zip(("light", "dark"), blocks, strict=True)
    }


def _contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_text_and_of_drawings_can_be_told_from_what_is_behind_them(scheme: str) -> None:
    palette = _palettes()[scheme]

    for name in ("ink", "quiet", "link", "error", "warning", "good", "note"):
        for behind in ("paper", "raised"):
            assert _contrast(palette[name], palette[behind]) >= 4.5, (name, behind)
    for number in range(8):
        assert _contrast(palette[f"c{number}"], palette["paper"]) >= 3, number
