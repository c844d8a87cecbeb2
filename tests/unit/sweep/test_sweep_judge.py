# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left over, and what is not."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, timestamp
from ansible_collections.golden.windows_ami.plugins.plugin_utils.sweep import Knowledge, Thing, Verdict, judge

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
ID = "20261120T120000Z-00000a"
YOUNG = "20261122T110000Z-00000b"
PASSING = ("instance", "volume", "key pair", "security group")
LASTING = ("image", "snapshot")


def build(status: str, build_id: str = ID, **values: t.Any) -> Build:
    return Build(id=build_id, image="web", status=status, started="2026-11-20T12:00:00Z", **values)


def thing(kind: str, build_id: str = ID, **values: t.Any) -> Thing:
    tags = {"golden:build": build_id, "Name": "golden builder of web"}
    return Thing(**{"kind": kind, "id": "x-1", "region": "eu-west-1", "tags": tags, **values})


def verdicts(things: t.Iterable[Thing], *builds: Build, leased: tuple[str, ...] = ()) -> list[Verdict]:
    return judge(things, Knowledge({one.id: one for one in builds}, leased), 24, NOW)


def verdict(one: Thing, *builds: Build, leased: tuple[str, ...] = ()) -> tuple[bool, str] | None:
    found = verdicts([one], *builds, leased=leased)
    return found[0][1:] if found else None


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("status", ["failed", "built", "verified", "deprecated", "deregistered", "revoked"])
def test_what_a_build_needs_only_while_it_runs_is_left_over_when_it_is_over(kind: str, status: str) -> None:
    assert verdict(thing(kind), build(status)) == (True, f"its build is {status}")


@pytest.mark.parametrize("kind", [*PASSING, *LASTING])
def test_a_build_that_holds_its_lease_is_left_alone(kind: str) -> None:
    assert verdict(thing(kind), build("building"), leased=("web",)) == (False, "it is being built")


@pytest.mark.parametrize("kind", [*PASSING, *LASTING])
def test_a_build_without_its_lease_was_interrupted(kind: str) -> None:
    assert verdict(thing(kind), build("building")) == (True, "its build is interrupted")


@pytest.mark.parametrize("kind", LASTING)
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("failed", (True, "its build is failed")),
        ("deregistered", (True, "its build is deregistered")),
        *[(status, None) for status in ("built", "verified", "deprecated", "disabled", "revoked")],
    ],
)
def test_amis_and_snapshots_of_builds_that_live_are_no_leftovers(kind: str, status: str, expected: t.Any) -> None:
    assert verdict(thing(kind), build(status)) == expected


@pytest.mark.parametrize(
    "values",
    [{"amis": {"eu-west-1": "x-1"}}, {"snapshots": {"eu-west-1": ["x-1"]}}],
    ids=["its AMI", "its snapshot"],
)
def test_what_a_living_build_has_is_its_own_whatever_its_tags_say(values: dict[str, t.Any]) -> None:
    living = build("verified", YOUNG, **values)
    assert verdict(thing("image"), build("failed"), living) is None


@pytest.mark.parametrize("kind", LASTING)
def test_the_ami_of_a_failed_build_waits_for_its_record(kind: str) -> None:
    fresh = thing(kind, YOUNG)
    assert verdict(fresh, build("failed", YOUNG)) == (False, "its build is failed, but it is younger than 24 hours")
    new = thing(kind, created=NOW - dt.timedelta(hours=1))
    assert verdict(new, build("failed")) == (False, "its build is failed, but it is younger than 24 hours")


@pytest.mark.parametrize("kind", PASSING)
def test_a_build_that_the_catalogue_does_not_know_is_over_after_a_day(kind: str) -> None:
    assert verdict(thing(kind)) == (True, "the catalogue does not know its build, and it is older than 24 hours")
    going_on = "the catalogue does not know its build, which may be going on elsewhere"
    assert verdict(thing(kind, YOUNG)) == (False, going_on)
    assert verdict(thing(kind, created=NOW - dt.timedelta(hours=1))) == (False, going_on)


@pytest.mark.parametrize("kind", LASTING)
def test_amis_of_builds_that_the_catalogue_does_not_know_are_never_removed(kind: str) -> None:
    assert verdict(thing(kind)) == (False, "the catalogue does not know its build: catalogue.yml -e verb=rebuild")


@pytest.mark.parametrize("tag", ["golden:proof", "golden:molecule"])
@pytest.mark.parametrize(
    ("ttl", "expected"),
    [
        (timestamp(NOW - dt.timedelta(minutes=1)), (True, "{} r1 had time until 2026-11-22T11:59:00Z")),
        (timestamp(NOW + dt.timedelta(minutes=1)), (False, "{} r1 may need it until 2026-11-22T12:01:00Z")),
        ("soon", (False, "its tag golden:ttl is 'soon', which is no time: a person has to look")),
        (None, (False, "its tag golden:ttl is '', which is no time: a person has to look")),
        ("2026-11-22T11:59:00", (False, None)),
    ],
    ids=["over", "not yet", "unreadable", "missing", "without a zone"],
)
def test_proofs_and_molecule_runs_have_a_time_to_live(tag: str, ttl: str | None, expected: tuple[bool, str]) -> None:
    tags = {tag: "r1", "golden:build": ID, **({"golden:ttl": ttl} if ttl else {})}
    removed, why = verdict(thing("instance", tags=tags), build("verified")) or (None, "")
    assert removed is expected[0]
    if expected[1]:
        assert why == expected[1].format(tag.removeprefix("golden:"))


def test_an_ami_is_never_removed_because_of_a_time_in_its_tags() -> None:
    tags = {"golden:build": ID, "golden:ttl": timestamp(NOW - dt.timedelta(days=1)), "golden:proof": "r1"}
    assert verdict(thing("image", tags=tags), build("verified")) is None


@pytest.mark.parametrize(
    ("name", "is_found"),
    [
        (f"golden-web-{ID}", True), (f"golden-{ID}", True), (f"golden-my-web-{ID}", True),
        ("golden-web", False), (f"web-{ID}", False), (f"golden-web-{ID}-old", False),
    ],
)  # fmt: skip
def test_what_was_not_tagged_yet_is_known_by_its_name(name: str, is_found: bool) -> None:
    assert (verdict(thing("image", tags={}, name=name), build("failed")) is not None) is is_found


def test_what_has_none_of_our_tags_is_nobodys_business() -> None:
    assert verdict(thing("instance", tags={"Name": "mine"})) is None
    assert verdict(thing("instance", "preflight")) is None


def test_a_server_on_which_somebody_wrote_its_build_is_no_builder() -> None:
    server = thing("instance", tags={"Name": "payroll", "golden:build": ID})
    removed, why = verdict(server, build("verified")) or (None, "")
    assert (removed, why) == (False, "it has the tag golden:build, but not the name of anything that a build makes")


@pytest.mark.parametrize(
    ("tag", "owner"),
    [
        ("aws:autoscaling:groupName", "Auto Scaling Group"), ("aws:ec2:fleet-id", "EC2 fleet"),
        ("aws:ec2spot:fleet-request-id", "spot fleet"), ("aws:cloudformation:stack-name", "CloudFormation stack"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "more", [{}, {"golden:proof": "r1", "golden:ttl": "2020-01-01T00:00:00Z"}], ids=["build", "ttl"]
)
def test_what_somebody_else_manages_is_left_to_them(tag: str, owner: str, more: dict[str, str]) -> None:
    tags = {"golden:build": ID, "Name": "golden builder of web", tag: "web", **more}
    assert verdict(thing("instance", tags=tags), build("failed")) == (False, f"it belongs to the {owner} web")


def test_a_snapshot_goes_with_its_ami_only() -> None:
    image = thing("image", id="ami-1")
    mine = thing("snapshot", id="snap-1", needed_by=("ami-1",), tags={}, build=ID)
    shared = thing("snapshot", id="snap-2", needed_by=("ami-1", "ami-9"))
    found = {one.thing.id: (one.remove, one.why) for one in verdicts([image, mine, shared], build("failed"))}
    assert found["ami-1"] == (True, "its build is failed")
    assert found["snap-1"] == (True, "it goes with ami-1")
    assert found["snap-2"] == (False, "its build is failed, but ami-1, ami-9 needs it")
