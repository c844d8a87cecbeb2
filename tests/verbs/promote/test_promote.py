# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/promote.yml as its users run it: forward, repeated, back; and what reads channels after it."""

from __future__ import annotations

import json
import typing as t

import pytest

from tests.verbs.conftest import Works

from .support import PARAMETER, copy_to, parameter, protected, setting


@pytest.fixture(scope="module")
def promoted(works: Works) -> dict[str, t.Any]:
    """Return two builds: the older was stable, the newer is."""
    older, newer = works.make_build(age_days=10), works.make_build(age_days=1)
    told = {
        "check": works.play("promote.yml", "-e", f"build={older.id}", "-e", "channel=stable", "--check", "--diff"),
        "before": parameter(works),
        "first": works.play(
            "promote.yml", "-e", f"build={older.id}", "-e", "channel=stable", "-e", "reason='the first'"
        ),
        "second": works.play("promote.yml", "-e", "image=iis_dotnet", "-e", "channel=stable"),
    }
    return {"older": older, "newer": newer, **told}


def test_check_says_what_would_be_and_does_nothing(works: Works, promoted: dict[str, t.Any]) -> None:
    told, ami = promoted["check"], promoted["older"].amis[works.region]
    assert told.status == 0, told.output
    assert promoted["before"] is None
    assert f"+eu-west-1 {PARAMETER}: {ami}" in told.output
    assert f"+eu-west-1 {ami} protected: yes" in told.output
    assert "would change" in told.output


def test_a_channel_is_moved_published_and_protected(works: Works, promoted: dict[str, t.Any]) -> None:
    older, newer = promoted["older"], promoted["newer"]
    assert promoted["first"].status == promoted["second"].status == 0, promoted["second"].output
    history = works.catalogue.channel_history("iis_dotnet", "stable")
    assert [(move.build_id, move.reason) for move in history] == [(newer.id, None), (older.id, "the first")]
    assert all(move.author for move in history)
    assert parameter(works) == newer.amis[works.region]
    assert protected(works, newer)
    assert not protected(works, older)


def test_what_launches_by_the_parameter_gets_the_ami(works: Works, promoted: dict[str, t.Any]) -> None:
    instance = works.start(f"resolve:ssm:{PARAMETER}")
    found = works.lab.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert found["ImageId"] == promoted["newer"].amis[works.region]


def test_again_nothing_is_done(works: Works, promoted: dict[str, t.Any]) -> None:
    before = works.lab.calls()
    told = works.play("promote.yml", "-e", "image=iis_dotnet", "-e", "channel=stable")
    assert told.status == 0, told.output
    assert "already there" in told.output
    assert "changed=0" in told.output
    assert {
        action for action in works.lab.calls() - before if not action.partition(":")[2].startswith(("Des", "Get"))
    } == set()


def test_lookup_and_fleet_follow_the_channel_and_one_word_goes_back(works: Works, promoted: dict[str, t.Any]) -> None:
    older, newer = (promoted[name].amis[works.region] for name in ("older", "newer"))
    running = {ami: works.start(ami) for ami in (older, newer)}

    groups = fleet(works)
    assert lookup(works) == newer
    assert running[newer] in groups["channel_stable"]
    assert running[newer] not in groups["stale"]
    assert running[older] in groups["stale"]
    assert running[older] not in groups["channel_stable"]

    told = works.play("promote.yml", "-e", "image=iis_dotnet", "-e", "channel=stable", "-e", "rollback=true")
    assert told.status == 0, told.output
    groups = fleet(works)
    assert lookup(works) == older == parameter(works)
    assert running[older] in groups["channel_stable"]
    assert running[older] not in groups["stale"]
    assert running[newer] in groups["stale"]
    assert protected(works, promoted["older"])
    assert not protected(works, promoted["newer"])

    again = works.play("promote.yml", "-e", "image=iis_dotnet", "-e", "channel=stable", "-e", "rollback=true")
    assert again.status == 0
    assert "changed=0" in again.output
    assert "went back to" in again.output
    assert len(works.catalogue.channel_history("iis_dotnet", "stable")) == 3


def test_several_images_go_together_to_every_region_of_each_build(works: Works) -> None:
    base, web = works.make_build("base"), works.make_build("web")
    web = copy_to(works, web, "us-east-1")
    told = works.play("promote.yml", "-e", "image=base,web", "-e", "channel=candidate")
    assert told.status == 0, told.output
    assert parameter(works, "/golden/ami/base/candidate") == base.amis[works.region]
    assert parameter(works, "/golden/ami/web/candidate") == web.amis[works.region]
    assert parameter(works, "/golden/ami/web/candidate", "us-east-1") == web.amis["us-east-1"]
    assert parameter(works, "/golden/ami/base/candidate", "us-east-1") is None


def test_it_is_said_what_is_missing_and_nothing_is_done(works: Works) -> None:
    build = works.make_build("picky")
    policy = setting(
        "golden_channels", {"candidate": {}, "stable": {"after": "candidate", "hours": 24, "approvers": ["alice"]}}
    )
    told = works.play("promote.yml", "-e", f"build={build.id}", "-e", "channel=stable", *policy)
    assert told.status != 0
    assert "was never there: promote it there first, -e channel=candidate" in told.output
    assert works.catalogue.channel("picky", "stable") is None

    told = works.play("promote.yml", "-e", f"build={build.id}", "-e", "channel=stable", "-e", "approver=alice", *policy)
    assert told.status == 0, told.output
    assert works.catalogue.channel_history("picky", "stable")[0].reason == "approved by alice"


def test_the_channels_page_shows_the_history(works: Works, promoted: dict[str, t.Any]) -> None:
    told = works.play("catalogue.yml", "-e", "verb=channels", "-e", "image=iis_dotnet", "-e", "channel=stable")
    assert told.status == 0, told.output
    assert "the first" in told.output
    assert promoted["older"].id in told.output


def fleet(works: Works) -> dict[str, set[str]]:
    """Return the instances in each group of the inventory, by instance id."""
    # Ansible marks what came from AWS as not to be taken for a template.
    told = works.lab.run("ansible-inventory", "--list", "--flush-cache").output
    listed = json.loads(told, object_hook=lambda found: found.get("__ansible_unsafe", found))
    names = listed["_meta"]["hostvars"]
    return {
        group: {
            names[host]["golden_instance"]["id"]
            for host in found.get("hosts", ())
            if "golden_instance" in names.get(host, {})
        }
        for group, found in listed.items()
        if group != "_meta"
    }


def lookup(works: Works) -> str:
    """Return what the lookup says of the channel."""
    asked = "msg={{ lookup('golden.windows_ami.ami', 'iis_dotnet', channel='stable') }}"
    told = works.lab.run("ansible", "localhost", "-m", "ansible.builtin.debug", "-a", asked)
    return next(line.split()[-1].strip('"') for line in told.output.splitlines() if "ami-" in line)
