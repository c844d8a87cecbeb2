# SPDX-License-Identifier: GPL-3.0-or-later
"""The CloudFormation examples: sound, and in step with the script that they call."""

from __future__ import annotations

import pathlib
import re

import cfnlint
import pytest

ROOT = pathlib.Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "docs" / "examples" / "cloudformation").glob("*.yml"))
SCRIPT = ROOT / "roles" / "octopus_tentacle" / "files" / "register-tentacle.ps1"


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_cfn_lint_finds_nothing(path: pathlib.Path) -> None:
    assert [str(match) for match in cfnlint.api.lint_file(path)] == []


def test_cfn_lint_would_find_something(tmp_path: pathlib.Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text(EXAMPLES[0].read_text().replace("LaunchTemplateId:", "LaunchTemplateIds:"))
    assert any("LaunchTemplateIds" in str(match) for match in cfnlint.api.lint_file(broken))


def test_user_data_gives_the_script_parameters_that_it_has() -> None:
    text = (ROOT / "docs" / "examples" / "cloudformation" / "tentacle-asg.yml").read_text()
    given = set(re.findall(r"^ +(\w+) = '\$\{", text, re.MULTILINE))
    block = SCRIPT.read_text().partition("param(")[2].partition("\n)")[0]
    mandatory = set(re.findall(r"\[Parameter\(Mandatory\)\].* \$(\w+)", block))
    assert mandatory
    assert mandatory <= given <= set(re.findall(r"\$(\w+)", block))


def test_the_script_lies_where_user_data_calls_it() -> None:
    variables = (ROOT / "roles" / "octopus_tentacle" / "vars" / "main.yml").read_text()
    path = re.search(r"^__octopus_tentacle_script: (.+)$", variables, re.MULTILINE)
    assert path is not None
    assert f"& '{path[1]}'" in EXAMPLES[0].read_text()
