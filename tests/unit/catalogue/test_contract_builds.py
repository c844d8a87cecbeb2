# SPDX-License-Identifier: GPL-3.0-or-later
"""Every catalogue keeps builds and finds them again, whatever keeps its data."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import (
    AmiClaimed,
    Catalogue,
    CatalogueError,
    Event,
    StatusChanged,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import STATUSES, Build

from .conftest import Clock, MakeBuild, Open

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
ODD_NAMES = [
    "web # 1",
    "web/%23",
    "Käse-ß-日本-🪟",
    "x'); DROP TABLE builds; --",
    'quote " and \\ and {{ lookup }}',
    " leading and trailing ",
    "line\nbreak\ttab",
    "*",
    "%",
]


def test_a_build_is_started_finished_and_read_again(
    catalogue: Catalogue, open_store: Open, make_build: MakeBuild
) -> None:
    build = make_build(versions={"packer": "1.6.6"})
    catalogue.start(build)
    assert catalogue.get(build.id) == build

    built = dataclasses.replace(build, status="built", amis={"eu-west-1": "ami-1"}, contents={"tentacle": "8.1"})
    assert catalogue.finish(built) == built
    assert open_store(readonly=True).get(build.id) == built


def test_finish_may_be_repeated_and_needs_no_start(catalogue: Catalogue, make_build: MakeBuild) -> None:
    built = make_build(status="built", amis={"eu-west-1": "ami-1"})
    catalogue.finish(built)
    catalogue.finish(built)
    assert catalogue.builds() == [built]


def test_a_late_record_does_not_undo_a_later_one(catalogue: Catalogue, make_build: MakeBuild) -> None:
    built = make_build(status="built", amis={"eu-west-1": "ami-1"})
    verified = dataclasses.replace(built, status="verified")
    catalogue.finish(verified)
    assert catalogue.finish(built) == verified
    assert catalogue.get(built.id) == verified


def test_a_build_starts_only_once_and_never_ends_as_building(catalogue: Catalogue, make_build: MakeBuild) -> None:
    build = make_build()
    catalogue.start(build)
    with pytest.raises(CatalogueError, match=f"Build {build.id} is in the catalogue .* already"):
        catalogue.start(build)
    with pytest.raises(CatalogueError, match="cannot end as 'building'"):
        catalogue.finish(build)


def test_the_newest_usable_build_in_a_region_is_found(catalogue: Catalogue, make_build: MakeBuild) -> None:
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


def test_builds_are_listed_newest_first(catalogue: Catalogue, make_build: MakeBuild) -> None:
    one, two, three = (catalogue.finish(make_build(name, status="failed")) for name in ("a", "b", "a"))
    assert catalogue.builds() == [three, two, one]
    assert catalogue.builds("a") == [three, one]
    assert catalogue.builds(limit=2) == [three, two]
    assert catalogue.builds(statuses=["built"]) == []
    assert catalogue.images() == ["a", "b"]


def test_a_build_is_found_by_its_ami_and_by_a_copy_of_it(catalogue: Catalogue, make_build: MakeBuild) -> None:
    build = catalogue.finish(make_build(status="built", amis={"eu-west-1": "ami-1"}))
    copied = catalogue.finish(dataclasses.replace(build, amis={"us-east-1": "ami-2"}))
    assert copied.amis == {"eu-west-1": "ami-1", "us-east-1": "ami-2"}
    assert catalogue.by_ami("ami-1") == catalogue.by_ami("ami-2") == copied
    assert catalogue.by_ami("ami-3") is None


def test_builds_are_found_by_fingerprint(catalogue: Catalogue, make_build: MakeBuild) -> None:
    old = catalogue.finish(make_build(status="built", fingerprint="f1", amis={"eu-west-1": "ami-1"}))
    new = catalogue.finish(make_build(status="built", fingerprint="f1", amis={"eu-west-1": "ami-2"}))
    catalogue.finish(make_build(status="failed", fingerprint="f1"))
    catalogue.finish(make_build(status="built", fingerprint="f2", amis={"eu-west-1": "ami-3"}))
    assert catalogue.by_fingerprint("iis_dotnet", "f1") == [new, old]
    assert catalogue.by_fingerprint("other", "f1") == []


def test_what_is_asked_for_is_found_among_others(catalogue: Catalogue, make_build: MakeBuild) -> None:
    deprecated = catalogue.finish(make_build(status="deprecated", fingerprint="f", amis={"eu-west-1": "ami-0"}))
    verified = catalogue.finish(make_build(status="verified", fingerprint="f"))
    other = catalogue.finish(make_build("other", status="deprecated", fingerprint="f"))
    assert catalogue.builds(statuses=["deprecated"]) == [other, deprecated]
    assert catalogue.builds(statuses=["deprecated", "verified", "deprecated"]) == [other, verified, deprecated]
    assert catalogue.builds("iis_dotnet", ["deprecated"]) == [deprecated]
    assert catalogue.builds(statuses=[]) == []
    assert catalogue.by_fingerprint("iis_dotnet", "f", ["deprecated"]) == [deprecated]
    assert catalogue.by_fingerprint("iis_dotnet", "f", STATUSES) == [verified, deprecated]


@pytest.mark.parametrize("image", [None, "iis_dotnet"])
@pytest.mark.parametrize("statuses", [None, ["failed", "verified"]])
def test_pages_follow_each_other_without_a_gap(
    catalogue: Catalogue, make_build: MakeBuild, image: str | None, statuses: list[str] | None
) -> None:
    for number in range(11):
        catalogue.finish(
            make_build(("iis_dotnet", "other")[number % 4 == 0], status=("failed", "verified")[number % 2])
        )
    whole = catalogue.builds(image, statuses)
    assert len(whole) == (11 if image is None else 8)
    pages, before = [], None
    while page := catalogue.builds(image, statuses, limit=3, before=before):
        pages.append(page)
        before = page[-1].id
    assert [build for page in pages for build in page] == whole
    assert [len(page) for page in pages[:-1]] == [3] * (len(pages) - 1)


def test_each_status_leaves_an_event(catalogue: Catalogue, make_build: MakeBuild) -> None:
    build = make_build(author="ann")
    catalogue.start(build)
    built = dataclasses.replace(build, status="built", finished="2026-11-22T17:00:00Z", amis={"eu-west-1": "ami-1"})
    catalogue.finish(built)
    catalogue.finish(built)
    verified = catalogue.set_status(build.id, "verified", ["built"], "bob", "first boot went well", NOW)
    assert verified == catalogue.get(build.id) == dataclasses.replace(built, status="verified")
    assert catalogue.events(build.id) == [
        Event(build.id, build.started, "building", "ann"),
        Event(build.id, "2026-11-22T17:00:00Z", "built", "ann"),
        Event(build.id, "2026-11-23T09:00:00Z", "verified", "bob", "first boot went well"),
    ]
    assert catalogue.events("20261122T160000Z-ffffff") == []


def test_the_event_of_a_failure_has_the_first_line_of_its_error(catalogue: Catalogue, make_build: MakeBuild) -> None:
    error = "Role proxy failed\nand more"
    build = catalogue.finish(make_build(status="failed", finished="2026-11-22T17:00:00Z", error=error))
    assert [event.reason for event in catalogue.events(build.id)] == ["Role proxy failed"]


def test_a_status_changes_only_from_what_was_expected_and_can_be_undone(
    catalogue: Catalogue, make_build: MakeBuild
) -> None:
    build = catalogue.finish(make_build(status="verified", amis={"eu-west-1": "ami-1"}))
    catalogue.set_status(build.id, "deprecated", ["verified", "built"], "ann", None, NOW)
    with pytest.raises(
        StatusChanged, match=r"cannot become revoked: it is deprecated, and not verified or built"
    ) as no:
        catalogue.set_status(build.id, "revoked", ["verified", "built"], "bob", None, NOW)
    assert no.value.build.status == "deprecated"
    assert catalogue.newest("iis_dotnet") is None

    catalogue.set_status(build.id, "disabled", ["deprecated"], "ann", None, NOW)
    catalogue.set_status(build.id, "deprecated", ["disabled"], "ann", "too early", NOW)
    assert catalogue.set_status(build.id, "verified", ["deprecated"], "ann", None, NOW) == build
    assert catalogue.newest("iis_dotnet", "eu-west-1") == build
    assert [event.status for event in catalogue.events(build.id)] == [
        "verified", "deprecated", "disabled", "deprecated", "verified",
    ]  # fmt: skip


def test_a_status_that_is_there_already_is_left_alone(catalogue: Catalogue, make_build: MakeBuild) -> None:
    build = catalogue.finish(make_build(status="deprecated"))
    assert catalogue.set_status(build.id, "deprecated", ["verified", "deprecated"], "ann", None, NOW) == build
    assert len(catalogue.events(build.id)) == 1


@pytest.mark.parametrize("status", ["building", "done"])
def test_no_build_becomes_what_none_can_become(catalogue: Catalogue, make_build: MakeBuild, status: str) -> None:
    build = catalogue.finish(make_build(status="built"))
    with pytest.raises(CatalogueError, match=rf"cannot become '{status}'\. A build can become: built, verified"):
        catalogue.set_status(build.id, status, STATUSES, "ann", None, NOW)


def test_a_build_that_is_not_there_cannot_change(catalogue: Catalogue) -> None:
    unknown = "20261122T160000Z-ffffff"
    with pytest.raises(CatalogueError, match=f"There is no build {unknown} in the catalogue "):
        catalogue.set_status(unknown, "verified", STATUSES, "ann", None, NOW)
    with pytest.raises(CatalogueError, match=f"There is no build {unknown} in the catalogue "):
        catalogue.add_amis(unknown, {"eu-west-1": "ami-1"})


def test_copies_are_added_to_their_build(catalogue: Catalogue, make_build: MakeBuild) -> None:
    build = make_build(status="built", amis={"eu-west-1": "ami-1"}, snapshots={"eu-west-1": ["snap-1"]})
    catalogue.finish(build)
    for _ in range(2):
        copied = catalogue.add_amis(build.id, {"us-east-1": "ami-2"}, {"us-east-1": ["snap-2", "snap-3"]})
    assert copied.amis == {"eu-west-1": "ami-1", "us-east-1": "ami-2"}
    assert copied.snapshots == {"eu-west-1": ["snap-1"], "us-east-1": ["snap-2", "snap-3"]}
    assert catalogue.by_ami("ami-2") == catalogue.newest("iis_dotnet", "us-east-1") == copied
    assert len(catalogue.events(build.id)) == 1


def test_two_builds_cannot_have_one_ami(catalogue: Catalogue, make_build: MakeBuild) -> None:
    owner = catalogue.finish(make_build(status="built", amis={"eu-west-1": "ami-1"}))
    thief = make_build(status="built", amis={"us-east-1": "ami-2", "eu-west-1": "ami-1"})
    message = f"Build {thief.id} .* was not recorded: it claims AMI ami-1, which build {owner.id} has already. Look at"
    with pytest.raises(AmiClaimed, match=message):
        catalogue.finish(thief)
    assert catalogue.builds() == [owner]
    assert catalogue.by_ami("ami-2") is None

    honest = catalogue.finish(dataclasses.replace(thief, amis={"us-east-1": "ami-2"}))
    with pytest.raises(AmiClaimed, match=f"it claims AMI ami-1, which build {owner.id} has"):
        catalogue.add_amis(honest.id, {"eu-west-1": "ami-1"})
    assert catalogue.builds() == [honest, owner]


def test_two_amis_cannot_be_one_build_in_a_region(catalogue: Catalogue, make_build: MakeBuild) -> None:
    build = catalogue.finish(make_build(status="built", amis={"eu-west-1": "ami-1"}))
    message = f"Build {build.id} of iis_dotnet has AMI ami-1 in eu-west-1 already, and AMI ami-9 there claims"
    with pytest.raises(AmiClaimed, match=message):
        catalogue.finish(dataclasses.replace(build, amis={"eu-west-1": "ami-9"}))
    with pytest.raises(AmiClaimed, match=message):
        catalogue.add_amis(build.id, {"eu-west-1": "ami-9"})
    assert catalogue.builds() == [build]
    assert catalogue.by_ami("ami-9") is None


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_may_have_odd_characters(catalogue: Catalogue, make_build: MakeBuild, name: str) -> None:
    other = catalogue.finish(make_build("web", status="built", fingerprint="f"))
    values = {"status": "built", "fingerprint": name, "amis": {name: f"ami-{name}"}, "author": name, "error": name}
    build = catalogue.finish(make_build(name, **values))
    assert catalogue.newest(name, name) == catalogue.by_ami(f"ami-{name}") == build
    assert catalogue.by_fingerprint(name, name) == catalogue.builds(name) == [build]
    assert catalogue.images() == sorted([name, "web"])
    assert catalogue.builds("web") == [other]
    move = catalogue.move_channel(name, name, build.id, name, name, NOW, None)
    assert catalogue.channels(name) == catalogue.channel_history(name, name) == [move]
    assert catalogue.channels("web") == []
    lease = catalogue.acquire_lease(name, name, 60)
    assert catalogue.lease(name) == lease


def test_words_of_a_name_cannot_be_mixed_up(catalogue: Catalogue, make_build: MakeBuild) -> None:
    one = catalogue.finish(make_build("a", status="built"))
    two = catalogue.finish(make_build("a#b", status="built"))
    moves = [catalogue.move_channel("a", "b#c", one.id, None, None, NOW, None)]
    moves.append(catalogue.move_channel("a#b", "c", two.id, None, None, NOW, None))
    assert catalogue.channels() == moves
    assert catalogue.builds("a#built") == []
    assert catalogue.builds("a") == [one]


def test_a_long_error_and_large_contents_are_kept(catalogue: Catalogue, make_build: MakeBuild) -> None:
    packages = [{"name": f"Package {number}", "version": f"{number}.0.1"} for number in range(5000)]
    error = "".join(f"{number:05} it failed; " for number in range(4000))
    build = make_build(status="failed", error=error[:65536], contents={"windows": {"packages": packages}})
    assert catalogue.finish(build) == build
    assert catalogue.get(build.id) == build
    assert catalogue.builds("iis_dotnet") == [build]


def test_a_catalogue_that_is_only_read_refuses_to_change(
    catalogue: Catalogue, open_store: Open, make_build: MakeBuild, clock: Clock
) -> None:
    build = catalogue.finish(make_build(status="built"))
    lease = catalogue.acquire_lease("image x", "ann", 60)
    reader = open_store(readonly=True)
    changes = [
        lambda: reader.start(make_build()),
        lambda: reader.finish(build),
        lambda: reader.set_status(build.id, "verified", STATUSES, None, None, NOW),
        lambda: reader.add_amis(build.id, {"eu-west-1": "ami-1"}),
        lambda: reader.move_channel("iis_dotnet", "stable", build.id, None, None, NOW, None),
        lambda: reader.acquire_lease("image y", "bob", 60),
        lambda: reader.renew(lease, 60),
        lambda: reader.release(lease),
        lambda: reader.reap(NOW),
        lambda: reader.load(catalogue.dump()),
    ]
    for change in changes:
        with pytest.raises(CatalogueError, match="was opened only to be read"):
            change()
    assert reader.builds() == [build]
    assert reader.lease("image x") == lease


def test_a_catalogue_cannot_be_given_a_record_that_is_none(make_build: MakeBuild) -> None:
    with pytest.raises(ValueError, match="unknown status"):
        Build(id=make_build().id, image="x", started="2026-11-22T16:00:00Z", status="done")
