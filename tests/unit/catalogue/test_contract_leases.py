# SPDX-License-Identifier: GPL-3.0-or-later
"""Every catalogue lets one holder work at a time, and refuses one who came back too late."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import (
    Catalogue,
    LeaseHeld,
    LeaseLost,
    lease_name,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from .conftest import Clock, MakeBuild, Open


def test_a_lease_keeps_others_out_until_it_expires(catalogue: Catalogue, clock: Clock) -> None:
    lease = catalogue.acquire_lease("image x", "ann@laptop", 60)
    assert catalogue.lease("image x") == lease
    with pytest.raises(LeaseHeld, match=r"image x is in use by ann@laptop, until 2027-01-15T08:01:00Z") as held:
        catalogue.acquire_lease("image x", "bob@desk", 60)
    assert held.value.lease == lease
    assert catalogue.acquire_lease("image y", "bob@desk", 60).token == 1

    clock.now += 60
    assert catalogue.lease("image x") is None
    assert catalogue.acquire_lease("image x", "bob@desk", 60).token == lease.token + 1


def test_a_released_lease_is_free_at_once_and_its_token_grows(catalogue: Catalogue) -> None:
    first = catalogue.acquire_lease("image x", "ann", 60)
    catalogue.release(first)
    catalogue.release(first)
    second = catalogue.acquire_lease("image x", "bob", 60)
    assert second.token > first.token
    catalogue.release(first)
    assert catalogue.lease("image x") == second


def test_a_lease_is_renewed_even_after_a_nap_but_not_after_another_holder(catalogue: Catalogue, clock: Clock) -> None:
    lease = catalogue.acquire_lease("image x", "ann", 60)
    clock.now += 90
    renewed = catalogue.renew(lease, 60)
    assert renewed.expires - lease.expires == dt.timedelta(seconds=90)
    assert catalogue.lease("image x") == renewed

    clock.now += 90
    catalogue.acquire_lease("image x", "bob", 60)
    with pytest.raises(LeaseLost, match=r"ann no longer holds the lease on image x \(token 1\)"):
        catalogue.renew(lease, 60)


def test_who_lost_the_lease_cannot_start_a_build(catalogue: Catalogue, clock: Clock, make_build: MakeBuild) -> None:
    lost = catalogue.acquire_lease(lease_name("iis_dotnet"), "ann", 60)
    clock.now += 90
    catalogue.acquire_lease(lease_name("iis_dotnet"), "bob", 60)
    with pytest.raises(LeaseLost):
        catalogue.start(make_build(), lost)
    assert catalogue.builds() == []


def test_builds_whose_lease_is_gone_become_failed(catalogue: Catalogue, clock: Clock, make_build: MakeBuild) -> None:
    def start(image: str, seconds: float) -> Build:
        build = make_build(image)
        catalogue.start(build, catalogue.acquire_lease(lease_name(image), "ann", seconds))
        return build

    alive, crashed, replaced, ended = start("alive", 600), start("crashed", 60), start("replaced", 60), start("z", 60)
    catalogue.finish(dataclasses.replace(ended, status="built", amis={"eu-west-1": "ami-1"}))
    clock.now += 90
    catalogue.acquire_lease(lease_name("replaced"), "bob", 600)

    reaped = catalogue.reap(dt.datetime.fromtimestamp(clock.now, dt.UTC))

    assert {build.id for build in reaped} == {crashed.id, replaced.id}
    kept = catalogue.get(crashed.id)
    assert kept is not None
    assert (kept.status, kept.finished) == ("failed", "2027-01-15T08:01:30Z")
    assert kept.error is not None
    assert kept.error.startswith("Interrupted")
    assert catalogue.get(alive.id) == alive
    assert catalogue.reap(dt.datetime.fromtimestamp(clock.now, dt.UTC)) == []


def test_a_build_without_a_lease_of_its_own_lives_with_the_lease_on_its_image(
    catalogue: Catalogue, clock: Clock, make_build: MakeBuild
) -> None:
    build = make_build()
    catalogue.acquire_lease(lease_name("iis_dotnet"), "ann", 60)
    catalogue.start(build)
    assert catalogue.reap(dt.datetime.fromtimestamp(clock.now, dt.UTC)) == []
    clock.now += 60
    assert [reaped.id for reaped in catalogue.reap(dt.datetime.fromtimestamp(clock.now, dt.UTC))] == [build.id]


def test_who_lost_the_lease_cannot_record_how_the_build_ended(
    catalogue: Catalogue, clock: Clock, make_build: MakeBuild
) -> None:
    build = make_build()
    lost = catalogue.acquire_lease(lease_name("iis_dotnet"), "ann", 60)
    catalogue.start(build, lost)
    clock.now += 90
    newer = catalogue.acquire_lease(lease_name("iis_dotnet"), "bob", 60)
    built = dataclasses.replace(build, status="built", amis={"eu-west-1": "ami-1"})
    with pytest.raises(LeaseLost, match=r"ann no longer holds the lease on image iis_dotnet \(token 1\)"):
        catalogue.finish(built, lost)
    assert catalogue.get(build.id) == build
    assert catalogue.by_ami("ami-1") is None
    assert catalogue.newest("iis_dotnet") is None

    catalogue.release(newer)
    with pytest.raises(LeaseLost):
        catalogue.finish(built, lost)
    assert catalogue.finish(dataclasses.replace(build, status="failed", error="lost")).status == "failed"


def test_who_gave_the_lease_back_cannot_record(catalogue: Catalogue, make_build: MakeBuild) -> None:
    build = make_build()
    lease = catalogue.acquire_lease(lease_name("iis_dotnet"), "ann", 60)
    catalogue.start(build, lease)
    catalogue.release(lease)
    with pytest.raises(LeaseLost):
        catalogue.finish(dataclasses.replace(build, status="built"), lease)


def test_who_slept_and_was_not_replaced_may_record(catalogue: Catalogue, clock: Clock, make_build: MakeBuild) -> None:
    build = make_build()
    lease = catalogue.acquire_lease(lease_name("iis_dotnet"), "ann", 60)
    catalogue.start(build, lease)
    clock.now += 90
    built = dataclasses.replace(build, status="built", amis={"eu-west-1": "ami-1"})
    assert catalogue.finish(built, lease) == catalogue.get(build.id) == built


def test_a_controller_whose_clock_is_ahead_takes_a_lease_early_and_the_other_one_is_fenced_off(
    open_store: Open, clock: Clock, make_build: MakeBuild
) -> None:
    ann, bob = open_store(), open_store(clock=Clock(clock.now + 300))
    first, second = make_build(), make_build()
    anns = ann.acquire_lease(lease_name("iis_dotnet"), "ann", 60)
    ann.start(first, anns)
    bobs = bob.acquire_lease(lease_name("iis_dotnet"), "bob", 60)
    assert bobs.token > anns.token
    bob.start(second, bobs)

    for late in (
        lambda: ann.renew(anns, 60),
        lambda: ann.finish(dataclasses.replace(first, status="built", amis={"eu-west-1": "ami-1"}), anns),
        lambda: ann.start(make_build(), anns),
    ):
        with pytest.raises(LeaseLost):
            late()
    ann.release(anns)
    built = dataclasses.replace(second, status="built", amis={"eu-west-1": "ami-2"})
    assert bob.finish(built, bobs) == ann.newest("iis_dotnet") == built
    assert ann.lease(lease_name("iis_dotnet")) == bobs


def test_a_controller_whose_clock_is_behind_waits_longer(open_store: Open, clock: Clock) -> None:
    ann, bob = open_store(), open_store(clock=Clock(clock.now - 300))
    anns = ann.acquire_lease("image x", "ann", 60)
    clock.now += 90
    with pytest.raises(LeaseHeld):
        bob.acquire_lease("image x", "bob", 60)
    assert ann.renew(anns, 60).token == anns.token


def test_events_stand_in_the_order_in_which_they_came_whatever_clocks_said(
    catalogue: Catalogue, make_build: MakeBuild
) -> None:
    now = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
    build = catalogue.finish(make_build(status="built", finished="2026-11-23T08:00:00Z"))
    catalogue.set_status(build.id, "verified", ["built"], "ann", None, now)
    catalogue.set_status(build.id, "deprecated", ["verified"], "bob", None, now - dt.timedelta(days=1))
    assert [event.status for event in catalogue.events(build.id)] == ["built", "verified", "deprecated"]


def test_a_lease_of_another_image_does_not_keep_a_build_alive(
    catalogue: Catalogue, clock: Clock, make_build: MakeBuild
) -> None:
    build = make_build("x")
    catalogue.start(build)
    catalogue.acquire_lease(lease_name("y"), "ann", 60)
    assert [reaped.id for reaped in catalogue.reap(dt.datetime.fromtimestamp(clock.now, dt.UTC))] == [build.id]
    assert [event.status for event in catalogue.events(build.id)] == ["building", "failed"]
