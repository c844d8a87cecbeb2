# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for any text and any value."""

from __future__ import annotations

import base64
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.execution import execute
from tests.lab.powershell.guests import run, running

MACHINE = running()
QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e"
# PowerShell takes typographic quotes for plain ones, and a script has no control characters.
TEXT = st.text(st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters=QUOTES), max_size=40)
LEAF = st.none() | st.booleans() | st.integers(-(2**31), 2**31) | TEXT
JSON = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3)
        | st.dictionaries(st.from_regex(r"k[a-z]{1,5}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=6,
)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@settings(max_examples=60, deadline=None)
@given(TEXT)
def test_quoted_text_is_itself(text: str) -> None:
    assert run(f"'<' + {quoted(text)} + '>'", MACHINE).out == f"<{text}>\n"


@settings(max_examples=60, deadline=None)
@given(TEXT)
def test_text_inside_double_quotes_is_itself_when_escaped(text: str) -> None:
    escaped = text.replace("`", "``").replace('"', '`"').replace("$", "`$")
    assert run(f'"<{escaped}>"', MACHINE).out == f"<{text}>\n"


@settings(max_examples=60, deadline=None)
@given(TEXT)
def test_a_variable_in_text_is_not_expanded_again(text: str) -> None:
    assert run(f'$v = {quoted(text)}; "<$v>"', MACHINE).out == f"<{text}>\n"


@settings(max_examples=40, deadline=None)
@given(TEXT)
def test_an_encoded_command_arrives_as_it_was_written(text: str) -> None:
    script = f"[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes({quoted(text)}))"
    encoded = base64.b64encode(script.encode("utf-16-le")).decode()
    done = execute(MACHINE, f"PowerShell -NoProfile -EncodedCommand {encoded}", b"", "Administrator")
    assert base64.b64decode(done.stdout).decode() == text


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_json_survives_the_way_in_and_out(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    done = run(f"ConvertTo-Json -Compress -Depth 9 -InputObject ({quoted(text)} | ConvertFrom-Json)", MACHINE)
    assert json.loads(done.out) == value


@settings(max_examples=40, deadline=None)
@given(st.lists(st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True), min_size=1, max_size=5))
def test_splitting_undoes_joining(words: list[str]) -> None:
    items = ", ".join(quoted(word) for word in words)
    assert run(f"(@({items}) -join ',') -split ','", MACHINE).lines == words
