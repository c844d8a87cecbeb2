# SPDX-License-Identifier: GPL-3.0-or-later
"""One Chromium for a file of tests, and reports written for it."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report.page import render
from playwright.sync_api import Browser

from tests.unit.report import samples
from tests.verbs.report.chromium import running_chromium


@pytest.fixture(scope="module")
def browser() -> t.Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """Return files with reports, by what is in them."""
    directory = tmp_path_factory.mktemp("reports")
    contents = {
        "fleet": samples.fleet(),
        "large": samples.fleet(2000),
        "hostile": samples.hostile(),
        "empty": samples.facts(),
    }
    paths = {name: directory / f"{name}.html" for name in contents}
    for name, facts in contents.items():
        paths[name].write_text(render(facts, "Golden Windows AMIs"), encoding="utf-8")
    return paths
