# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fleet says of an instance, from what EC2 and the catalogue said. Nothing is called."""

from __future__ import annotations

import datetime as dt
import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.interface import ChannelMove
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fleet import (
    Fleet,
    Member,
    age_group,
    age_group_names,
    group_names,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fleet_places import Answer
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fleet_registry import Registry
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

NOW = dt.datetime(2026, 11, 22, 17, tzinfo=dt.UTC)
HERE, THERE = "eu-west-1", "us-east-1"


def build_id(number: int) -> str:
    return f"20261122T1600{number:02}Z-{number:06x}"


def build(number: int, image: str = "web", status: str = "built", **amis: str) -> Build:
    """Return a build with AMI ami-<number> here; a bigger number is newer."""
    return Build(
        id=build_id(number), image=image, status=status, started="2026-11-22T16:00:00Z",
        amis=amis or {HERE: f"ami-{number}"},
    )  # fmt: skip


def registry(*builds: Build, moves: t.Sequence[tuple[str, int]] = ()) -> Registry:
    """Return a registry; ``moves`` are channels and numbers of builds, oldest first."""
    made = [
        ChannelMove("web", channel, build_id(number), None, f"2026-11-22T17:00:{at:02}Z", None, None, at)
        for at, (channel, number) in enumerate(moves)
    ]
    return Registry(sorted(builds, key=lambda one: one.id, reverse=True), reversed(made))


def ami(name: str, created: str = "2026-11-20T00:00:00.000Z", **more: t.Any) -> dict[str, t.Any]:
    tags = [{"Key": key, "Value": value} for key, value in more.pop("tags", {}).items()]
    return {"ImageId": name, "State": "available", "CreationDate": created, "Tags": tags, **more}


def instance(of: str, name: str = "i-1", **tags: str) -> dict[str, t.Any]:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"InstanceId": name, "ImageId": of, "Platform": "windows", "Tags": listed}


def fleet(known: Registry, *answers: Answer) -> Fleet:
    return Fleet(answers, known, NOW, [30, 90])


def runs(known: Registry, of: str, region: str = HERE, **more: t.Any) -> Member:
    """Return the only host: an instance that runs from an AMI that exists."""
    (member,) = fleet(known, Answer("", region, [instance(of)], [ami(of, **more)])).instances()
    return member


@pytest.mark.parametrize(
    ("moves", "number", "newest", "stale"),
    [
        pytest.param([], 1, 3, True, id="no channel, older"),
        pytest.param([], 3, 3, False, id="no channel, newest"),
        pytest.param([("stable", 2)], 2, 2, False, id="in the channel, though a newer build is in none"),
        pytest.param([("stable", 1), ("stable", 2)], 1, 2, True, id="the channel moved on"),
        pytest.param([("stable", 1), ("candidate", 3)], 1, 1, False, id="another channel has a newer build"),
        pytest.param([("candidate", 1), ("candidate", 3), ("stable", 2)], 1, 3, True, id="it was in candidate only"),
        pytest.param(
            [("candidate", 1), ("stable", 1), ("candidate", 3), ("stable", 2)], 1, 2, True, id="it was stable last"
        ),
        pytest.param([("stable", 1), ("stable", 2), ("stable", 1)], 2, 1, True, id="the channel was moved back"),
        pytest.param([("stable", 2)], 1, 2, True, id="never in a channel, older"),
        pytest.param([("stable", 2)], 3, 3, False, id="never in a channel, newer"),
    ],
)
def test_an_instance_is_stale_when_its_channel_has_another_build(
    moves: list[tuple[str, int]], number: int, newest: int, stale: bool
) -> None:
    member = runs(registry(build(1), build(2), build(3), moves=moves), f"ami-{number}")
    assert ("stale" in member.groups, member.shared["golden_stale"]) == (stale, stale)
    assert member.shared["golden_newest_build"] == build_id(newest)
    assert member.shared["golden_newest_ami"] == f"ami-{newest}"


def test_a_channel_has_the_instances_of_its_build() -> None:
    known = registry(build(1), build(2), moves=[("stable", 1), ("candidate", 2), ("canary", 1)])
    member = runs(known, "ami-1")
    assert [group for group in member.groups if group.startswith("channel_")] == ["channel_canary", "channel_stable"]
    assert member.shared["golden_channels"] == ["canary", "stable"]
    assert {"channel_stable", "channel_candidate", "channel_canary"} < set(group_names(known, [30], False))


def test_a_channel_that_points_at_nothing_usable_there_makes_nothing_stale() -> None:
    known = registry(build(1), build(2, **{THERE: "ami-far"}), moves=[("stable", 1), ("stable", 2)])
    assert "stale" not in runs(known, "ami-1").groups
    revoked = registry(build(1), build(2, status="revoked"), moves=[("stable", 1), ("stable", 2)])
    assert "stale" not in runs(revoked, "ami-1").groups


@pytest.mark.parametrize(
    ("status", "groups"),
    [
        ("verified", set()),
        ("deprecated", {"deprecated", "stale"}),
        ("revoked", {"revoked", "stale"}),
    ],
)
def test_a_status_that_is_no_longer_good_is_a_group(status: str, groups: set[str]) -> None:
    member = runs(registry(build(1), build(2, status=status)), "ami-2")
    assert {"deprecated", "revoked", "stale"} & set(member.groups) == groups
    assert member.shared["golden_status"] == status


def test_an_ami_that_ec2_calls_deprecated_is_deprecated_from_then_on() -> None:
    known = registry(build(1))
    assert "deprecated" in runs(known, "ami-1", DeprecationTime="2026-11-22T16:59:00.000Z").groups
    assert "deprecated" not in runs(known, "ami-1", DeprecationTime="2026-11-22T17:01:00.000Z").groups


@pytest.mark.parametrize(
    ("days", "group"),
    [
        (0, "age_0_30"), (29, "age_0_30"), (30, "age_30_90"), (89, "age_30_90"), (90, "age_90_or_more"),
        (4000, "age_90_or_more"), (None, "age_unknown"),
    ],
)  # fmt: skip
def test_ages_have_groups(days: int | None, group: str) -> None:
    assert age_group(days, [30, 90]) == group
    assert group in age_group_names([30, 90])


def test_the_age_is_that_of_the_ami_and_the_catalogue_knows_it_when_the_ami_is_gone() -> None:
    known = registry(build(1))
    old = runs(known, "ami-1", created="2026-08-01T00:00:00.000Z")
    assert (old.shared["golden_ami_age_days"], "age_90_or_more" in old.groups) == (113, True)
    gone = next(fleet(known, Answer("", HERE, [instance("ami-1")], [])).instances())
    assert (gone.shared["golden_ami_age_days"], "age_0_30" in gone.groups) == (0, True)
    unknown = next(fleet(known, Answer("", HERE, [instance("ami-x")], [])).instances())
    assert (unknown.shared["golden_ami_age_days"], "age_unknown" in unknown.groups) == (None, True)
    odd = runs(known, "ami-x", created="yesterday")
    assert "age_unknown" in odd.groups


def test_an_instance_is_in_the_group_of_its_auto_scaling_group() -> None:
    started = instance("ami-1", **{"aws:autoscaling:groupName": "web servers"})
    (member,) = fleet(registry(), Answer("", HERE, [started], [ami("ami-1")])).instances()
    assert "asg_web servers" in member.groups
    assert member.variables["golden_instance"]["autoscaling_group"] == "web servers"


@pytest.mark.parametrize(
    ("tags", "image", "complaint"),
    [
        pytest.param({"golden:image": "web", "golden:build": build_id(9)}, "web", "", id="good"),
        pytest.param({"golden:build": build_id(9)}, None, "", id="no image"),
        pytest.param({"golden:image": ""}, None, "its tag golden:image is '', which names no image", id="empty"),
        pytest.param({"golden:image": "a\nb"}, None, "which names no image", id="line break"),
        pytest.param(
            {"golden:image": "web", "golden:build": "latest"},
            "web",
            "'latest' is not a build id such as",
            id="no build",
        ),
        pytest.param(
            {"golden:image": "db", "golden:build": build_id(1)},
            "db",
            f"its tags say build {build_id(1)} of db, but that is a build of web",
            id="another image",
        ),
        pytest.param(
            {"golden:image": "web", "golden:build": build_id(1)},
            "web",
            f"its tags say build {build_id(1)}, but the AMI of that build there is ami-1",
            id="an AMI that the catalogue knows better",
        ),
    ],
)
def test_tags_written_by_hand_are_believed_only_when_they_make_sense(
    tags: dict[str, str], image: str | None, complaint: str
) -> None:
    found = fleet(registry(build(1)), Answer("", HERE, [instance("ami-x")], [ami("ami-x", tags=tags)]))
    (member,) = found.instances()
    assert member.shared["golden_image"] == image
    assert ("unmanaged" in member.groups) == (image is None)
    assert len(found.complaints) == bool(complaint)
    assert all(one.startswith(f"AMI ami-x in {HERE}: ") and complaint in one for one in found.complaints)
    assert member.shared["golden_build"] == (build_id(9) if not complaint and image else None)


def test_none_of_two_amis_that_claim_one_build_by_their_tags_is_believed() -> None:
    tags = {"golden:image": "web", "golden:build": build_id(9)}
    both = [ami("ami-a", tags=tags), ami("ami-b", tags=tags)]
    found = fleet(registry(), Answer("", HERE, [instance("ami-a"), instance("ami-b", "i-2")], both))
    assert [member.shared["golden_build"] for member in found.instances()] == [None, None]
    assert [member.shared["golden_image"] for member in found.instances()] == ["web", "web"]
    assert found.complaints == [
        f"The AMIs ami-a and ami-b in {HERE} both claim by their tags to be build {build_id(9)}"
    ]


def test_a_copy_that_only_its_tags_know_is_the_same_build() -> None:
    tags = {"golden:image": "web", "golden:build": build_id(1)}
    found = fleet(registry(build(1)), Answer("", THERE, [instance("ami-copy")], [ami("ami-copy", tags=tags)]))
    assert next(found.instances()).shared["golden_build"] == build_id(1)
    assert not found.complaints


def test_an_ami_shared_from_another_account_is_known_by_the_tags_that_its_own_account_sees() -> None:
    tags = {"golden:image": "web", "golden:build": build_id(9)}
    owner = Answer("builds", HERE, [], [ami("ami-s", tags=tags)])
    user = Answer("production", HERE, [instance("ami-s")], [ami("ami-s")])
    (member,) = fleet(registry(), owner, user).instances()
    assert {"image_web", "account_production"} < set(member.groups)
    assert "orphaned" not in member.groups


def test_an_ami_that_is_not_shared_any_more_is_gone_for_that_account_only() -> None:
    known = registry(build(1))
    owner = Answer("builds", HERE, [instance("ami-1")], [ami("ami-1")])
    user = Answer("production", HERE, [instance("ami-1", "i-2")], [])
    first, second = fleet(known, owner, user).instances()
    assert ("orphaned" in first.groups, "orphaned" in second.groups) == (False, True)
    assert first.shared != second.shared


def test_an_account_that_may_not_list_amis_has_no_orphans_that_nobody_knows_of() -> None:
    (member,) = fleet(registry(build(1)), Answer("", HERE, [instance("ami-1")], None)).instances()
    assert "orphaned" not in member.groups
    assert member.shared["golden_orphaned"] is None


def test_an_ami_that_two_accounts_see_is_listed_once() -> None:
    known = registry(build(1))
    found = fleet(known, Answer("a", HERE, [], [ami("ami-1")]), Answer("b", HERE, [], [ami("ami-1")]))
    assert [member.name for member in found.amis()] == ["ami-1"]


def test_of_a_large_catalogue_only_what_is_needed_is_read(tmp_path: pathlib.Path) -> None:
    catalogue = open_catalogue("sqlite:catalogue.sqlite", tmp_path)
    for number in range(1, 4):
        catalogue.finish(build(number))
    for number in range(10, 20):
        catalogue.finish(build(number, "other"))
    catalogue.move_channel("web", "stable", build_id(2), None, None, NOW, None)
    known = Registry.read(catalogue, newest=5)
    assert known.images == ["other", "web"]
    assert known.amis(HERE) == [f"ami-{number}" for number in range(15, 20)]

    known.learn(catalogue, {(HERE, "ami-1"), (HERE, "ami-x")})
    member = runs(known, "ami-1")
    assert {"image_web", "stale"} < set(member.groups)
    assert member.shared["golden_newest_build"] == build_id(2)
    newest = known.newest("web", HERE)
    assert newest is not None
    assert newest.id == build_id(3)
    assert len(known.amis(HERE)) == 8
