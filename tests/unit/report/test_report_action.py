# SPDX-License-Identifier: GPL-3.0-or-later
"""The action, as far as it needs no AWS: bad input, and AWS that does not answer at all."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.action.report import ActionModule
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report import charts

from tests.unit.actions import run_action
from tests.unit.report.samples import build


def run(directory: pathlib.Path, **options: t.Any) -> dict[str, t.Any]:
    """Run the action with a catalogue that has one build, and a configuration of AWS that has no profile."""
    config = directory / "config"
    config.touch()
    open_catalogue(f"sqlite:{directory}/catalogue.sqlite").finish(build(1))
    given = {
        "path": str(directory / "report.html"),
        "catalogue": f"sqlite:{directory}/catalogue.sqlite",
        "aws": {"config_file": str(config), "profile": "nobody", "region": "eu-west-1"},
        **options,
    }
    return run_action(ActionModule, given, {}, directory)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"builds": 0}, "builds is 0, and must be at least 1"),
        ({"path": "/proc/nowhere/report.html"}, "Cannot write /proc/nowhere/report.html"),
        ({"accounts": [{"role_arn": "x"}]}, "every account needs a name"),
        ({"accept": [{"rule": "x", "thing": "*", "reason": "y"}]}, "there is no rule x"),
        ({"accept": [{"rool": "x"}]}, "rool"),
        ({"stock_days": -1}, "numbers of days, 0 or more"),
        ({"catalogue": "nonsense:x"}, "nonsense"),
    ],
    ids=[
        "no builds",
        "no directory",
        "account without a name",
        "unknown rule",
        "unknown key",
        "negative",
        "unknown catalogue",
    ],
)
def test_bad_input_is_refused(tmp_path: pathlib.Path, options: dict[str, t.Any], message: str) -> None:
    result = run(tmp_path, **options)

    assert result["failed"]
    assert message in result["msg"]
    assert not (tmp_path / "report.html").exists()


def test_without_aws_there_is_a_page_of_what_the_catalogue_knows(tmp_path: pathlib.Path) -> None:
    result = run(tmp_path)

    assert result["changed"]
    assert (result["builds"], result["findings"]["error"]) == (1, 1)
    assert "There is no profile nobody" in result["missing"][0]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "This report is not complete." in page
    assert build(1).id in page
    assert result["bytes"] == len(page.encode())


def test_a_library_that_is_not_there_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "PYGAL_IMPORT_ERROR", ImportError("No module named 'pygal'"))

    result = run(tmp_path)

    assert result["failed"]
    assert "has no pygal, which draws the charts (No module named 'pygal'). Install it" in result["msg"]


def test_what_is_accepted_does_not_count(tmp_path: pathlib.Path) -> None:
    result = run(tmp_path, accept=[{"rule": "answer-missing", "thing": "*", "reason": "There is no AWS here"}])

    assert result["findings"]["error"] == 0
    assert "accepted: There is no AWS here" in (tmp_path / "report.html").read_text(encoding="utf-8")
