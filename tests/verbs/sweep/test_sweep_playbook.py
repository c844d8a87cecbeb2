# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/sweep.yml as its users run it, and docs/iam/sweep.json against what it calls."""

from __future__ import annotations

import dataclasses
import pathlib

from tests.verbs.conftest import Works
from tests.verbs.iam import Policy, check, watched

from .conftest import Sweeping


def test_the_playbook_removes_what_it_has_foretold_and_calls_what_its_policy_allows(
    works: Works, tmp_path: pathlib.Path
) -> None:
    sweeping = Sweeping(works, tmp_path)
    build = sweeping.build("failed")
    left = {**sweeping.litter(f"golden-{build.id}", {"golden:build": build.id}), **sweeping.ami(build, {})}
    works.catalogue.finish(dataclasses.replace(build))
    with watched(works) as seen:
        foretold = works.play("sweep.yml", "--check")
        assert foretold.status == 0, foretold.output
        assert foretold.output.count("would remove") == len(left)
        assert sweeping.there(left) == {*left}

        done = works.play("sweep.yml")
        assert done.status == 0, done.output
        assert done.output.count(" removed ") == len(left)
        assert sweeping.there(left) == set()
        assert "changed=0" in works.play("sweep.yml").output
    check(Policy.of("sweep"), seen, unseen={"ec2:DescribeRegions"})  # with golden_regions: [all]
    assert works.play("sweep.yml", "-e", "hours=0").status != 0
