# SPDX-License-Identifier: GPL-3.0-or-later
"""A revocation while AWS does not do as it is told."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import Works
from tests.verbs.promote.bench import Fuse
from tests.verbs.promote.support import client, parameter

from .bench import restore, revoke
from .test_revoke_crashes import THERE, Line, begin, check_done, line, places, stable, states, status

__all__ = ["line"]


@pytest.fixture
def faults(works: Works) -> t.Iterator[t.Callable[[str], object]]:
    yield lambda query: works.lab.get(f"/lab/fault?{query}")
    works.lab.get("/lab/fault?clear=true")


Faults = t.Callable[[str], object]


def finish(works: Works, line: Line) -> None:
    """The fault is over, and somebody runs it again."""
    works.lab.get("/lab/fault?clear=true")
    assert not revoke(works, line.base).failures
    check_done(works, line)


def test_where_the_parameter_cannot_be_set_the_ami_stays_enabled(works: Works, line: Line, faults: Faults) -> None:
    begin(works, line)
    faults(f"service=ssm&action=PutParameter&region={THERE}&kind=denied&times=forever")
    done = revoke(works, line.base)
    assert any("ssm:PutParameter" in failure for failure in done.failures)
    assert status(works, line.bad) == "revoked"
    assert stable(works) == line.good.id
    assert states(works, line.bad) == ["disabled", "available"], "who starts by the parameter there still can"
    assert parameter(works, region=THERE) == line.bad.amis[THERE]

    again = revoke(works, line.base)
    assert again.failures, "not forgotten, although the channel has moved"
    assert states(works, line.bad) == ["disabled", "available"]
    finish(works, line)


def test_a_region_that_does_not_answer_is_no_reason_to_pass_a_build_over(
    works: Works, line: Line, faults: Faults
) -> None:
    begin(works, line)
    faults(f"service=ec2&action=DescribeImages&region={THERE}&kind=denied&times=forever")
    done = revoke(works, line.base)
    assert any("ec2:DescribeImages" in failure for failure in done.failures)
    assert stable(works) == line.bad.id
    assert states_at_home(works, line.bad) == "available", "the channel still points at it, and has somewhere to go"
    finish(works, line)


def test_where_an_ami_cannot_be_disabled_the_others_are(works: Works, line: Line, faults: Faults) -> None:
    begin(works, line)
    faults(f"service=ec2&action=DisableImage&region={THERE}&kind=denied&times=forever")
    done = revoke(works, line.base)
    assert [one.status for one in done.amis] == ["disabled", "disabled", "FAILED"]
    finish(works, line)


@pytest.mark.parametrize("kind", ["throttle", "internal"])
def test_a_call_that_fails_once_is_made_again(works: Works, line: Line, faults: Faults, kind: str) -> None:
    begin(works, line)
    whole = Fuse()
    faults(f"action=*&kind={kind}&times=1")
    for after in (4, 9, 13):
        faults(f"action=*&kind={kind}&times=1&after={after}")
    assert not revoke(works, line.base, whole).failures
    check_done(works, line)
    assert places(whole.calls)
    restore(works, line.base)


def test_without_disabling_the_amis_stay_as_they_are(works: Works, line: Line) -> None:
    begin(works, line)
    done = revoke(works, line.base, disable=False)
    assert {one.status for one in done.amis} == {"left enabled"}
    assert states(works, line.bad) == ["available", "available"]
    assert (status(works, line.bad), stable(works)) == ("revoked", line.good.id)
    assert not revoke(works, line.base, disable=False).changes
    finish(works, line)


def test_a_channel_without_a_good_build_stays_and_its_ami_is_disabled(works: Works, line: Line) -> None:
    begin(works, line)
    for build in (line.good, line.base):
        revoke(works, build)
    assert stable(works) == line.bad.id
    assert status(works, line.good) == "revoked"
    done = revoke(works, line.base)
    [channel] = done.channels
    assert (channel.target, channel.fall.falls) == (None, True)
    assert dict(channel.passed) == {line.good.id: "revoked"}
    assert states(works, line.bad) == ["disabled", "disabled"]
    restore(works, line.good)


def states_at_home(works: Works, build: Build) -> str:
    found = client(works, "ec2").describe_images(
        ImageIds=[build.amis[works.region]], IncludeDeprecated=True, IncludeDisabled=True
    )
    return str(found["Images"][0]["State"])
