# SPDX-License-Identifier: GPL-3.0-or-later
"""A revocation, and taking it back, that is killed after each single call, and then run again."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_choice import Request
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.revoke import MEMORY

from tests.verbs.conftest import Works
from tests.verbs.promote.bench import PARTNER, Crash, Fuse, promote
from tests.verbs.promote.support import client, copy_to, describe, parameter, protected

from .bench import restore, revoke

THERE = "us-east-1"
REGIONS = ("eu-west-1", THERE)


class Line(t.NamedTuple):
    """The build to fall back to, a bad parent, and the bad build that was made from it."""

    good: Build
    base: Build
    bad: Build


@pytest.fixture(scope="module")
def line(works: Works) -> Line:
    key = client(works, "kms", THERE).create_key()["KeyMetadata"]["Arn"]
    good = copy_to(works, works.make_build(age_days=3), THERE, key)
    base = works.make_build("octopus_tentacle", age_days=2)
    bad = copy_to(works, works.make_build(age_days=1, parent_build=base.id), THERE, key)
    return Line(good, base, bad)


def begin(works: Works, line: Line) -> None:
    """Nothing is revoked, and the channel points at the build that will be."""
    restore(works, line.base)
    for build in (line.good, line.bad):
        for result in promote(works, Request("stable", build=build.id)):
            assert not result.failures


def states(works: Works, build: Build) -> list[str]:
    return [describe(works, build, region)["State"] for region in build.amis]


def partners(works: Works, build: Build, region: str) -> list[str]:
    answer = client(works, "ec2", region).describe_image_attribute(
        ImageId=build.amis[region], Attribute="launchPermission"
    )
    return [one["UserId"] for one in answer["LaunchPermissions"]]


def status(works: Works, build: Build) -> str:
    found = works.catalogue.get(build.id)
    assert found
    return found.status


def stable(works: Works) -> str:
    move = works.catalogue.channel("iis_dotnet", "stable")
    assert move
    return move.build_id


def check_safe(works: Works, line: Line) -> None:
    """What is published can be launched, at every moment; what the channel points at is protected."""
    for region in REGIONS:
        published = parameter(works, region=region)
        [now] = [build for build in (line.good, line.bad) if build.amis[region] == published]
        assert describe(works, now, region)["State"] == "available"
        if stable(works) == line.good.id:
            assert protected(works, line.good, region)


def check_done(works: Works, line: Line) -> None:
    assert [status(works, one) for one in line] == ["verified", "revoked", "revoked"]
    assert stable(works) == line.good.id
    for region in REGIONS:
        assert parameter(works, region=region) == line.good.amis[region]
        assert partners(works, line.good, region) == [PARTNER]
        assert not protected(works, line.bad, region)
    assert states(works, line.bad) == ["disabled", "disabled"]
    assert states(works, line.base) == ["disabled"]
    found = works.catalogue.get(line.bad.id)
    assert found
    assert set(found.contents[MEMORY]["launch_permissions"]) == set(REGIONS)
    assert found.contents[MEMORY]["was"] == "verified"


def changes(calls: t.Sequence[str]) -> list[str]:
    return [name for name in calls if not name.startswith(("Get", "Des"))]


def places(calls: t.Sequence[str]) -> list[int]:
    """Return after which calls to end a run: after a look nothing is different from before it."""
    return [number for number, name in enumerate(calls, 1) if changes([name])]


def test_a_revocation_that_is_killed_anywhere_is_finished_by_the_next(works: Works, line: Line) -> None:
    begin(works, line)
    whole = Fuse()
    revoke(works, line.base, whole)
    check_done(works, line)
    done = changes(whole.calls)
    assert done[:4] == ["finish", "set_status"] * 2, "the catalogue says it before anything else happens"
    assert done.index("DisableImage") > max(done.index("move_channel"), done.index("PutParameter"))

    for number in places(whole.calls):
        begin(works, line)
        with pytest.raises(Crash):
            revoke(works, line.base, Fuse(number))
        check_safe(works, line)
        assert not revoke(works, line.base).failures, whole.calls[:number]
        check_done(works, line)
    assert not revoke(works, line.base).changes


def test_taking_it_back_may_be_killed_anywhere(works: Works, line: Line) -> None:
    begin(works, line)
    revoke(works, line.base)
    whole = Fuse()
    restore(works, line.base, whole)

    for number in places(whole.calls):
        begin(works, line)
        revoke(works, line.base)
        with pytest.raises(Crash):
            restore(works, line.base, Fuse(number))
        restore(works, line.base)
        assert [status(works, one) for one in line] == ["verified"] * 3
        assert states(works, line.bad) == ["available", "available"]
        assert [partners(works, line.bad, region) for region in REGIONS] == [[PARTNER]] * 2
        assert stable(works) == line.good.id, "where the channel points is for people to say"
