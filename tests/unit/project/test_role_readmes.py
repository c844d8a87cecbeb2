# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables in the roles' READMEs are those of their argument specifications."""

from __future__ import annotations

import pathlib
import shutil

import pytest

from scripts.role_readmes import BEGIN, END, PROJECT, ReadmeError, main, markdown, updated

SPECIFICATION = """
argument_specs:
  main:
    options:
      web_rules:
        description: [First., "With a | in it."]
        type: list
        elements: dict
        default: []
        options:
          name: {description: Its name., type: str, required: true}
          state: {description: V(absent) removes it., type: str, choices: [present, absent]}
      web_key: {description: A key., type: str, no_log: true}
      web_path: {description: A path., type: path, default: 'C:\\Web'}
  verify:
    options:
      web_not_this: {description: No., type: str}
"""


def test_every_readme_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_a_readme_that_is_out_of_date_is_found_and_written(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    role = tmp_path / "proxy"
    shutil.copytree(PROJECT / "roles" / "proxy", role)
    specification = role / "meta" / "argument_specs.yml"
    specification.write_text(specification.read_text().replace("proxy_url:", "proxy_address:"))
    before = (role / "README.md").read_text()
    assert main(["--check", str(role)]) == 1
    assert "README.md of proxy" in capsys.readouterr().out
    assert (role / "README.md").read_text() == before
    assert main([str(role)]) == 0
    assert "`proxy_address`" in (role / "README.md").read_text()
    assert main(["--check", str(role)]) == 0


def test_the_table_says_what_the_specification_says() -> None:
    lines = updated(f"# Web\n\n{BEGIN}\nold\n{END}\n\nMore.\n", SPECIFICATION).splitlines()
    assert lines == [
        "# Web",
        "",
        BEGIN,
        "",
        "| Variable | Type | Default | |",
        "|---|---|---|---|",
        "| `web_rules` | list of dict | `[]` | First. With a \\| in it. |",
        "| `web_key` | str |  | A key. Secret: never shown. |",
        "| `web_path` | path | `C:\\Web` | A path. |",
        "",
        "Each item of `web_rules`:",
        "",
        "| Key | Type | Default | |",
        "|---|---|---|---|",
        "| `name` | str | required | Its name. |",
        "| `state` | str |  | `absent` removes it. One of `present`, `absent`. |",
        "",
        END,
        "",
        "More.",
    ]


@pytest.mark.parametrize("readme", ["# Web", f"{END}\n{BEGIN}", f"{BEGIN}\n{BEGIN}\n{END}"])
def test_a_readme_without_a_place_for_the_table_is_refused(readme: str) -> None:
    with pytest.raises(ReadmeError, match="must have these two lines once"):
        updated(readme, SPECIFICATION)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("V(a) and O(b=c)", "`a` and `b=c`"),
        ("C(Windows Management Instrumentation (WMI\\))", "`Windows Management Instrumentation (WMI)`"),
        ("M(ansible.windows.win_ping) and P(a.b.c#role)", "`ansible.windows.win_ping` and `a.b.c`"),
        ("L(there, https://example.com/a) or U(https://example.com)", "[there](https://example.com/a) or <https://example.com>"),
        ("B(no) I(yes)", "*no* *yes*"),
        ("TCP (10933)", "TCP (10933)"),
    ],
)  # fmt: skip
def test_documentation_markup_becomes_markdown(text: str, wanted: str) -> None:
    assert markdown(text) == wanted
