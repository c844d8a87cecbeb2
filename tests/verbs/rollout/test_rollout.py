# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of real guests move to the channel's AMI, and come back when it does not work."""

from __future__ import annotations

from tests.verbs.rollout.conftest import Site


def outcome(result: dict[str, object], name: str) -> dict[str, object]:
    return next(one for one in result["groups"] if one["group"] == name)  # type: ignore[attr-defined]


def test_a_group_moves_to_a_version_with_a_number_and_its_instances_follow(site: Site) -> None:
    template = site.groups.template(site.old)
    name = site.groups.make(template, version="$Latest", capacity=2)

    foretold = site.roll_out(name, check_mode=True)
    assert foretold["changed"]
    assert outcome(foretold, name)["status"] == "would roll"
    assert site.versions(template) == {1: site.old}, "check mode changes nothing"

    done = site.roll_out(name)
    assert not done.get("msg"), done
    assert outcome(done, name)["status"] == "rolled out"
    assert site.versions(template) == {1: site.old, 2: site.new}
    assert site.groups.images(name) == [site.new, site.new]
    assert site.groups.look(name)["LaunchTemplate"]["Version"] == "2"
    preferences = site.groups.refresh_row(name)["Preferences"]
    assert (preferences["AutoRollback"], preferences["SkipMatching"]) == (True, True)

    again = site.roll_out(name)
    assert not again["changed"]
    assert outcome(again, name)["status"] == "up to date"
    assert len(site.refreshes(name)) == 1
