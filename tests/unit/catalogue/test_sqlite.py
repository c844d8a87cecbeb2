# SPDX-License-Identifier: GPL-3.0-or-later
"""The sqlite catalogue keeps builds and finds them again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import pathlib

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import (
    CatalogueError,
    LeaseHeld,
    LeaseLost,
    lease_name,
    open_catalogue,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.sqlite import SqliteCatalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from .conftest import Clock, MakeBuild


def test_a_build_is_started_finished_and_read_again(catalogue: SqliteCatalogue, make_build: MakeBuild) -> None:
    build = make_build(versions={"packer": "1.6.6"})
    catalogue.start(build)
    assert catalogue.get(build.id) == build

    built = dataclasses.replace(build, status="built", amis={"eu-west-1": "ami-1"}, contents={"tentacle": "8.1"})
    assert catalogue.finish(built) == built
    assert SqliteCatalogue(pathlib.Path(catalogue.url.removeprefix("sqlite:"))).get(build.id) == built


def test_finish_may_be_repeated_and_needs_no_start(catalogue: SqliteCatalogue, make_build: MakeBuild) -> None:
    built = make_build(status="built", amis={"eu-west-1": "ami-1"})
    catalogue.finish(built)
    catalogue.finish(built)
    assert catalogue.builds() == [built]


def test_a_late_record_does_not_undo_a_later_one(catalogue: SqliteCatalogue, make_build: MakeBuild) -> None:
    built = make_build(status="built", amis={"eu-west-1": "ami-1"})
    verified = dataclasses.replace(built, status="verified")
    catalogue.finish(verified)
    assert catalogue.finish(built) == verified
    assert catalogue.get(built.id) == verified


def test_a_build_starts_only_once_and_never_ends_as_building(catalogue: SqliteCatalogue, make_build: MakeBuild) -> None:
    build = make_build()
    catalogue.start(build)
    with pytest.raises(CatalogueError, match=f"Build {build.id} is in the catalogue .* already"):
        catalogue.start(build)
    with pytest.raises(CatalogueError, match="cannot end as 'building'"):
        catalogue.finish(build)


def test_the_newest_usable_build_in_a_region_is_found(catalogue: SqliteCatalogue, make_build: MakeBuild) -> None:
    first = catalogue.finish(make_build(status="built", amis={"eu-west-1": "ami-1", "us-east-1": "ami-2"}))
    second = catalogue.finish(make_build(status="verified", amis={"eu-west-1": "ami-3"}))
    failed = catalogue.finish(make_build(status="failed", error="no"))
    catalogue.finish(make_build("other", status="built", amis={"eu-west-1": "ami-4"}))

    assert catalogue.newest("iis_dotnet") == second
    assert catalogue.newest("iis_dotnet", "us-east-1") == first
    assert catalogue.newest("iis_dotnet", "eu-west-1", ["failed", "built"]) == first
    assert catalogue.newest("iis_dotnet", statuses=["failed"]) == failed
    assert catalogue.newest("iis_dotnet", "ap-south-1") is None
    assert catalogue.newest("unknown") is None


def test_builds_are_listed_newest_first(catalogue: SqliteCatalogue, make_build: MakeBuild) -> None:
    one, two, three = (catalogue.finish(make_build(name, status="failed")) for name in ("a", "b", "a"))
    assert catalogue.builds() == [three, two, one]
    assert catalogue.builds("a") == [three, one]
    assert catalogue.builds(limit=2) == [three, two]
    assert catalogue.builds(statuses=["built"]) == []
    assert catalogue.images() == ["a", "b"]


def test_a_build_is_found_by_its_ami_and_by_a_copy_of_it(catalogue: SqliteCatalogue, make_build: MakeBuild) -> None:
    build = catalogue.finish(make_build(status="built", amis={"eu-west-1": "ami-1"}))
    copied = catalogue.finish(dataclasses.replace(build, amis={"us-east-1": "ami-2"}))
    assert copied.amis == {"eu-west-1": "ami-1", "us-east-1": "ami-2"}
    assert catalogue.by_ami("ami-1") == catalogue.by_ami("ami-2") == copied
    assert catalogue.by_ami("ami-3") is None


def test_builds_are_found_by_fingerprint(catalogue: SqliteCatalogue, make_build: MakeBuild) -> None:
    old = catalogue.finish(make_build(status="built", fingerprint="f1", amis={"eu-west-1": "ami-1"}))
    new = catalogue.finish(make_build(status="built", fingerprint="f1", amis={"eu-west-1": "ami-2"}))
    catalogue.finish(make_build(status="failed", fingerprint="f1"))
    catalogue.finish(make_build(status="built", fingerprint="f2", amis={"eu-west-1": "ami-3"}))
    assert catalogue.by_fingerprint("iis_dotnet", "f1") == [new, old]
    assert catalogue.by_fingerprint("other", "f1") == []


def test_a_lease_keeps_others_out_until_it_expires(catalogue: SqliteCatalogue, clock: Clock) -> None:
    lease = catalogue.acquire_lease("image x", "ann@laptop", 60)
    assert catalogue.lease("image x") == lease
    with pytest.raises(LeaseHeld, match=r"image x is in use by ann@laptop, until 2027-01-15T08:01:00Z") as held:
        catalogue.acquire_lease("image x", "bob@desk", 60)
    assert held.value.lease == lease
    assert catalogue.acquire_lease("image y", "bob@desk", 60).token == 1

    clock.now += 60
    assert catalogue.lease("image x") is None
    assert catalogue.acquire_lease("image x", "bob@desk", 60).token == lease.token + 1


def test_a_released_lease_is_free_at_once_and_its_token_grows(catalogue: SqliteCatalogue) -> None:
    first = catalogue.acquire_lease("image x", "ann", 60)
    catalogue.release(first)
    catalogue.release(first)
    second = catalogue.acquire_lease("image x", "bob", 60)
    assert second.token > first.token
    catalogue.release(first)
    assert catalogue.lease("image x") == second


def test_a_lease_is_renewed_even_after_a_nap_but_not_after_another_holder(
    catalogue: SqliteCatalogue, clock: Clock
) -> None:
    lease = catalogue.acquire_lease("image x", "ann", 60)
    clock.now += 90
    renewed = catalogue.renew(lease, 60)
    assert renewed.expires - lease.expires == dt.timedelta(seconds=90)
    assert catalogue.lease("image x") == renewed

    clock.now += 90
    catalogue.acquire_lease("image x", "bob", 60)
    with pytest.raises(LeaseLost, match=r"ann no longer holds the lease on image x \(token 1\)"):
        catalogue.renew(lease, 60)


def test_who_lost_the_lease_cannot_start_a_build(
    catalogue: SqliteCatalogue, clock: Clock, make_build: MakeBuild
) -> None:
    lost = catalogue.acquire_lease(lease_name("iis_dotnet"), "ann", 60)
    clock.now += 90
    catalogue.acquire_lease(lease_name("iis_dotnet"), "bob", 60)
    with pytest.raises(LeaseLost):
        catalogue.start(make_build(), lost)
    assert catalogue.builds() == []


def test_builds_whose_lease_is_gone_become_failed(
    catalogue: SqliteCatalogue, clock: Clock, make_build: MakeBuild
) -> None:
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
    catalogue: SqliteCatalogue, clock: Clock, make_build: MakeBuild
) -> None:
    build = make_build()
    catalogue.acquire_lease(lease_name("iis_dotnet"), "ann", 60)
    catalogue.start(build)
    assert catalogue.reap(dt.datetime.fromtimestamp(clock.now, dt.UTC)) == []
    clock.now += 60
    assert [reaped.id for reaped in catalogue.reap(dt.datetime.fromtimestamp(clock.now, dt.UTC))] == [build.id]


@pytest.mark.parametrize("form", ["sqlite:{}/c.sqlite", "sqlite://{}/c.sqlite"])
def test_a_url_names_the_file(tmp_path: pathlib.Path, form: str) -> None:
    catalogue = open_catalogue(form.format(tmp_path))
    assert catalogue.url == f"sqlite:{tmp_path}/c.sqlite"
    assert (tmp_path / "c.sqlite").is_file()


def test_a_relative_url_starts_at_the_base(tmp_path: pathlib.Path) -> None:
    assert open_catalogue("sqlite:../c.sqlite", tmp_path / "lab").url == f"sqlite:{tmp_path}/c.sqlite"


def test_a_tilde_is_the_home_directory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_catalogue("sqlite:~/c.sqlite", "/nowhere").url == f"sqlite:{tmp_path}/c.sqlite"


@pytest.mark.parametrize("url", ["dynamodb:builds", "catalogue.sqlite", "", "SQLITE:x"])
def test_an_unknown_scheme_lists_the_known_ones(url: str) -> None:
    with pytest.raises(CatalogueError, match=r"must start with a scheme that this version knows: sqlite:"):
        open_catalogue(url)


@pytest.mark.parametrize("url", ["sqlite:", "sqlite://host/c.sqlite"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(CatalogueError, match="names no file: write sqlite:PATH"):
        open_catalogue(url)
