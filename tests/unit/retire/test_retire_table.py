# SPDX-License-Identifier: GPL-3.0-or-later
"""How a plan, and what became of it, are shown."""

from __future__ import annotations

from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire import Step
from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire_run import Outcome
from ansible_collections.golden.windows_ami.plugins.plugin_utils.retire_table import lines

from .support import amis, build


def test_every_ami_has_a_line_and_a_reason() -> None:
    old = build(100, amis={"eu-west-1": "ami-1", "us-east-1": "ami-2"})
    kept, half = Step(old, "keep", ("one", "two", "three", "four")), {"eu-west-1": "disabled", "us-east-1": "gone"}
    going = Step(old, "disable", ("old",), half)
    (stranger,) = amis([build(1, amis={"eu-west-1": "ami-9"})], tags={"golden:image": "sql", "golden:build": "b-9"})

    shown = lines([Outcome(kept), Outcome(going)], [stranger], foretold=True)
    assert [line.split()[2:4] for line in shown[1:5]] == [["ami-1", "eu-west-1"], ["ami-2", "us-east-1"]] * 2
    assert shown[1].endswith("keep           one; two; and 2 more")
    assert "would disable  old" in shown[3]
    assert "verified, gone" in shown[4]
    assert shown[5].startswith("sql    b-9")
    assert shown[5].endswith("no build of the catalogue has it: catalogue.yml -e verb=rebuild")
    assert shown[-1] == "Builds: 1 keep, 1 not in the catalogue, 1 would disable"

    done = [Outcome(going, done=True), Outcome(going, error="denied\nmore"), Outcome(going)]
    words = [line.partition("verified")[2] for line in lines(done, [], foretold=False) if "ami-1" in line]
    assert [" ".join(word.split()) for word in words] == [
        "disabled old", "disable: failed denied", "disable: not done old",
    ]  # fmt: skip


def test_an_empty_catalogue_has_no_amis() -> None:
    assert lines([], [], foretold=True) == ["No AMIs."]
