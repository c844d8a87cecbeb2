# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS throttles, fails, refuses, and changes its mind: what a promotion makes of it, and the next one after it."""

from __future__ import annotations

import collections.abc as c
import functools
import itertools
import urllib.parse

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_choice import REPAIRED, ROLLED_BACK, Request
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_plan import Publishing
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_run import DONE, FAILED, NOT_DONE
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promotion import PromotionError
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import REVOKED, VERIFIED, Build

from tests.verbs.conftest import NOW, Works

from .bench import Fuse, promote
from .states import THERE, begin_at, check_done, check_safe, unshare
from .support import PARAMETER, client, parameter, protected

Builds = tuple[Build, Build]


@pytest.fixture
def start(works: Works, builds: Builds) -> c.Iterator[Request]:
    """Begin at the older build, and return the request for the newer; no fault outlives the test."""
    older, newer = builds
    begin_at(works, older)
    unshare(works, newer)
    yield Request("stable", build=newer.id)
    fault(works, clear="true")


@pytest.fixture(scope="module")
def calls(works: Works, builds: Builds) -> list[str]:
    """Return every call to AWS that a whole promotion makes, each once."""
    older, newer = builds
    begin_at(works, older)
    unshare(works, newer)
    fuse = Fuse(armed=True)
    promote(works, Request("stable", build=newer.id), fuse)
    assert len(fuse.calls) > 20
    return sorted({*fuse.calls} - {"move_channel"})


def fault(works: Works, **order: str) -> None:
    works.lab.get(f"/lab/fault?{urllib.parse.urlencode(order)}")


@pytest.mark.parametrize("kind", ["throttle", "internal", "drop"])
def test_what_passes_is_sat_out(works: Works, builds: Builds, calls: list[str], start: Request, kind: str) -> None:
    for name in calls:
        fault(works, action=name, kind=kind, times="1", applied="true" if kind == "drop" else "false")
    (result,) = promote(works, start)
    assert result.failures == []
    check_done(works, builds[1], left=builds[0])


def test_every_call_may_be_denied_and_the_next_run_finishes(
    works: Works, builds: Builds, calls: list[str], start: Request
) -> None:
    for name, (there, back) in zip(calls, itertools.cycle([builds, builds[::-1]]), strict=False):
        said = fail_for_good(works, there, back, name, "denied")
        assert f":{name} is missing" in said, (name, said)


def test_what_does_not_pass_is_said_and_the_next_run_finishes(works: Works, builds: Builds, start: Request) -> None:
    assert "Rate exceeded" in fail_for_good(works, *builds, "GetParameters", "throttle")


def fail_for_good(works: Works, left: Build, end: Build, name: str, kind: str) -> str:
    """Promote while a call fails in one region, check that it is said and safe, promote again; return what was said."""
    request = Request("stable", build=end.id)
    unshare(works, end)
    fault(works, action=name, region=THERE, kind=kind, times="forever")
    said = attempt(works, request)
    fault(works, clear="true")
    assert THERE in said, (name, said)
    check_safe(works, [left, end])
    assert attempt(works, request) == ""
    check_done(works, end, left)
    return said


def attempt(works: Works, request: Request) -> str:
    """Return what a promotion said against it, "" when all went well."""
    try:
        return "\n".join(line for result in promote(works, request) for line in result.failures)
    except PromotionError as exc:
        return str(exc)


def test_a_closed_region_keeps_everything_as_it_is(works: Works, builds: Builds, start: Request) -> None:
    fault(works, action="*", region=THERE, kind="denied", times="forever")
    with pytest.raises(PromotionError, match=f"in {THERE}: the permission ec2:DescribeImages is missing"):
        promote(works, start)
    assert parameter(works) == builds[0].amis[works.region]

    # In an emergency one goes on without it, and repairs it later.
    (result,) = promote(works, start._replace(leave_regions=True))
    assert not result.failures
    assert [one.step.region for one in result.outcomes] == [works.region]
    assert "Left as it is: Cannot look for the AMIs" in result.promotion.notes[0]
    fault(works, clear="true")
    assert parameter(works, PARAMETER, THERE) == builds[0].amis[THERE]
    assert attempt(works, start) == ""
    check_done(works, builds[1], left=builds[0])


def test_a_region_that_takes_no_parameter_is_told_from_the_one_that_does(
    works: Works, builds: Builds, start: Request
) -> None:
    older, newer = builds
    fault(works, action="PutParameter", region=THERE, kind="denied", times="forever")
    (result,) = promote(works, start)
    assert {one.step.region: one.status for one in result.outcomes} == {works.region: DONE, THERE: FAILED}
    assert parameter(works) == newer.amis[works.region]
    assert parameter(works, PARAMETER, THERE) == older.amis[THERE]
    # There it is still published, so that it still must not go away.
    assert protected(works, older, THERE)
    assert not protected(works, older)


def test_an_ami_that_cannot_be_protected_leaves_the_channel_where_it_was(
    works: Works, builds: Builds, start: Request
) -> None:
    older, newer = builds
    fault(works, action="EnableImageDeregistrationProtection", region=THERE, kind="denied", times="forever")
    (result,) = promote(works, start)
    assert result.move is None
    assert {one.step.region: one.status for one in result.outcomes} == {works.region: NOT_DONE, THERE: FAILED}
    assert f"was not moved to {newer.id}, it still points at {older.id}" in "\n".join(result.failures)
    assert parameter(works) == older.amis[works.region]


def test_a_value_that_aws_does_not_accept_is_not_taken_for_published(
    works: Works, builds: Builds, start: Request
) -> None:
    older, newer = builds
    ec2, private = client(works, "ec2", THERE), Publishing("/golden/ami")
    # It could still be used when it was looked at.
    disable = functools.partial(ec2.disable_image, ImageId=newer.amis[THERE])
    (result,) = promote(works, start, publishing=private, limit=1, meanwhile=disable)
    ec2.enable_image(ImageId=newer.amis[THERE])
    expected = f"AWS has not accepted {newer.amis[THERE]} as value of {PARAMETER} in {THERE} within 1 s: it is still"
    unfinished, said = result.failures
    assert unfinished.endswith(
        "when this is corrected: promote.yml -e image=iis_dotnet -e channel=stable -e repair=true"
    )
    assert said.startswith(expected)
    assert protected(works, older, THERE)
    assert attempt(works, start) == ""
    check_done(works, newer, left=older)


def test_of_two_who_promote_at_once_one_is_told(works: Works, builds: Builds, start: Request) -> None:
    older, third = builds[0], works.make_build()
    move = ("iis_dotnet", "stable", third.id, "somebody else", None, NOW, older.id)
    (result,) = promote(works, start, meanwhile=functools.partial(works.catalogue.move_channel, *move))
    assert f"points at build {third.id}" in str(result.error)
    assert result.move is None
    assert parameter(works) == older.amis[works.region]


def test_who_is_overtaken_while_publishing_is_told_how_to_repair(works: Works, builds: Builds, start: Request) -> None:
    older, newer = builds

    class Overtaken(Fuse):
        def count(self, name: str) -> None:
            super().count(name)
            if self.calls.count("PutParameter") == 1 and name == "PutParameter":
                works.catalogue.move_channel("iis_dotnet", "stable", older.id, "somebody else", None, NOW, newer.id)

    (result,) = promote(works, start, Overtaken())
    assert f"was moved to {older.id} while this run published {newer.id}" in str(result.error)
    assert "-e repair=true" in str(result.error)
    assert attempt(works, Request("stable", state=REPAIRED, images=("iis_dotnet",))) == ""
    check_done(works, older, left=newer)


def test_a_revoked_build_is_refused_and_passed_over_on_the_way_back(
    works: Works, builds: Builds, start: Request
) -> None:
    older, newer = builds
    assert attempt(works, start) == ""
    third = works.make_build()
    works.catalogue.set_status(newer.id, REVOKED, [VERIFIED], "anna", "CVE-2026-1", NOW)
    try:
        assert "is revoked, since" in attempt(works, start)
        assert "by anna: CVE-2026-1. Only a verified build may be promoted" in attempt(works, start)
        promote(works, Request("stable", build=third.id, leave_regions=True))
        (result,) = promote(works, Request("stable", state=ROLLED_BACK, images=("iis_dotnet",)))
        assert result.promotion.wanted.build.id == older.id
        assert not result.failures
    finally:
        works.catalogue.set_status(newer.id, VERIFIED, [REVOKED], "anna", "mistaken", NOW)
