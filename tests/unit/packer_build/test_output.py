# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read out of Packer's output."""

from __future__ import annotations

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.packer_output import (
    Line,
    Mask,
    Row,
    Story,
    from_log,
    lines_of,
    parse_row,
    to_log,
)

SAY = "1795367319,,ui,say,"
MESSAGE = "1795367319,,ui,message,"
ERROR = "1795367319,,ui,error,"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(
            f"{SAY}==> amazon-ebs.windows: Creating temporary keypair: golden-1",
            [Line("Creating temporary keypair: golden-1")],
            id="the prefix goes",
        ),
        pytest.param(
            f"{MESSAGE}    amazon-ebs.windows:     changed: false", [Line("    changed: false")], id="indentation stays"
        ),
        pytest.param(
            f"{MESSAGE}    amazon-ebs.windows: ok=1%!(PACKER_COMMA) failed=0", [Line("ok=1, failed=0")], id="commas"
        ),
        pytest.param(
            rf"{MESSAGE}    amazon-ebs.windows: path: C:\new\regedit",
            [Line(r"path: C:\new\regedit")],
            id="Windows paths",
        ),
        pytest.param(
            rf"{MESSAGE}    amazon-ebs.windows: It is normal\n    amazon-ebs.windows: to wait.",
            [Line("It is normal"), Line("to wait.")],
            id="real line breaks",
        ),
        pytest.param(
            rf"{ERROR}==> amazon-ebs.windows: Error querying AMI\n==> amazon-ebs.windows: caused by: nobody",
            [Line("Error querying AMI", True), Line("caused by: nobody", True)],
            id="an error of two lines",
        ),
        pytest.param(
            f"{ERROR}--> amazon-ebs.windows: Timeout waiting for WinRM.",
            [Line("Timeout waiting for WinRM.", True, True)],
            id="the summary repeats",
        ),
        pytest.param(
            rf"{ERROR}\n==> Some builds didn't complete successfully and had errors:",
            [Line("Some builds didn't complete successfully and had errors:", True, True)],
            id="so does its heading",
        ),
        pytest.param("panic: runtime error", [Line("panic: runtime error")], id="a crash is no row"),
        pytest.param("1795367319,,error-count,1", [], id="a count is not for people"),
    ],
)
def test_a_row_becomes_lines_for_people(text: str, lines: list[Line]) -> None:
    assert lines_of(parse_row(text)) == lines


def test_a_row_has_target_type_and_data() -> None:
    row = parse_row("1795367319,amazon-ebs.windows,artifact,0,id,eu-west-1:ami-1%!(PACKER_COMMA)us-east-1:ami-2\n")
    assert row == Row("amazon-ebs.windows", "artifact", ("0", "id", "eu-west-1:ami-1,us-east-1:ami-2"))


def story_of(*texts: str) -> Story:
    story = Story()
    for text in texts:
        story.hear(parse_row(text))
    return story


@pytest.mark.parametrize(
    ("texts", "explanation"),
    [
        pytest.param(
            ["1,amazon-ebs.windows,error,Error launching source instance: InstanceLimitExceeded"],
            "Error launching source instance: InstanceLimitExceeded",
            id="Packer's own error",
        ),
        pytest.param(
            [
                f"{MESSAGE}    amazon-ebs.windows: [ERROR]: the playbook: nowhere.yml could not be found",
                "1,amazon-ebs.windows,error,Error executing Ansible: Non-zero exit status: exit status 1",
            ],
            "the playbook: nowhere.yml could not be found "
            "(Error executing Ansible: Non-zero exit status: exit status 1)",
            id="Ansible's error says more than its exit status",
        ),
        pytest.param([f"{ERROR}Error: Invalid value"], "Error: Invalid value", id="a template that is not valid"),
        pytest.param([f"{SAY}==> amazon-ebs.windows: hello"], None, id="nothing was said"),
    ],
)
def test_the_reason_of_a_failure(texts: list[str], explanation: str | None) -> None:
    assert story_of(*texts).explain() == explanation


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("Timeout waiting for WinRM.", "TCP 5986 never answered"),
        ("Timeout waiting for password.", "never gave an Administrator password"),
        ("ResourceNotReady: exceeded wait attempts", "sysprep did not shut Windows down"),
    ],
)
def test_errors_that_say_too_little_get_a_hint(error: str, hint: str) -> None:
    explanation = story_of(f"1,amazon-ebs.windows,error,{error}").explain() or ""
    assert explanation.startswith(error.rstrip("."))
    assert hint in explanation


def test_the_story_remembers_what_only_the_output_tells() -> None:
    story = story_of(
        f"{SAY}==> amazon-ebs.windows: Creating temporary security group for this instance: packer_6b03",
        f"{MESSAGE}    amazon-ebs.windows: Instance ID: i-64dd5072bca4544e4",
    )
    assert story.facts == {"security_group": "packer_6b03", "instance": "i-64dd5072bca4544e4"}


def test_secrets_are_masked_longest_first_and_line_by_line() -> None:
    mask = Mask(["tiger", "tiger-lily", "first line\nsecond line", "abc", ""])
    assert mask("tiger-lily tiger abc second line") == "******** ******** abc ********"


def test_without_secrets_nothing_is_masked() -> None:
    assert Mask([])("anything") == "anything"


@pytest.mark.parametrize("line", [Line("a"), Line("a", error=True), Line("a", repeat=True), Line("")])
def test_the_log_gives_back_what_was_written(line: Line) -> None:
    assert from_log(to_log("2026-11-22T16:45:00Z", line).rstrip("\n")) == line


def test_what_a_crash_wrote_into_the_log_is_an_error() -> None:
    assert from_log("Traceback (most recent call last):") == Line("Traceback (most recent call last):", error=True)
