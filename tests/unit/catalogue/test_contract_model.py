# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is done in whatever order, a catalogue is what a few dictionaries would be."""

from __future__ import annotations

import dataclasses
import datetime as dt
import pathlib
import tempfile
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import (
    AmiClaimed,
    Catalogue,
    CatalogueError,
    ChannelMoved,
    Lease,
    LeaseHeld,
    LeaseLost,
    StatusChanged,
    lease_name,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.sqlite import SqliteCatalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import USABLE, Build, later
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from .conftest import Clock
from .table_server import TableServer

IMAGES = ("web", "web#1")
REGIONS = ("eu-west-1", "us-east-1")
CHANNELS = ("stable", "candidate")
LEASE_SECONDS = 60

images, regions, channels = st.sampled_from(IMAGES), st.sampled_from(REGIONS), st.sampled_from(CHANNELS)
numbers = st.integers(0, 5)
statuses = st.sampled_from(["built", "verified", "failed", "deprecated", "revoked"])
some_statuses = st.lists(statuses, min_size=1, max_size=3)
amis = st.dictionaries(regions, st.sampled_from(["ami-1", "ami-2", "ami-3", "ami-4"]), max_size=2)


class Machine(RuleBasedStateMachine):
    """A catalogue and what it should hold."""

    make: t.ClassVar[t.Callable[[Clock], Catalogue]]

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.catalogue = type(self).make(self.clock)
        self.builds: dict[str, Build] = {}
        self.statuses: dict[str, list[str]] = {}
        self.tokens: dict[str, int | None] = {}
        self.leases: dict[str, Lease] = {}
        self.last_tokens: dict[str, int] = dict.fromkeys(IMAGES, 0)
        self.released: set[str] = set()
        self.moves: dict[tuple[str, str], list[str]] = {}

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.clock.now, dt.UTC)

    def expect(self, error: type[CatalogueError] | None, call: t.Callable[[], t.Any]) -> t.Any:
        """Make a call that must end with this error, or with none."""
        if error is None:
            return call()
        with pytest.raises(error) as raised:
            call()
        assert type(raised.value) is error
        return None

    def claims(self, build: Build, wanted: dict[str, str]) -> bool:
        """Say whether these AMIs of a build are somebody else's, or it has others."""
        others = {ami for other in self.builds.values() if other.id != build.id for ami in other.amis.values()}
        return bool(others & set(wanted.values())) or any(
            build.amis.get(region, ami) != ami for region, ami in wanted.items()
        )

    def holds(self, lease: Lease | None, image: str) -> bool:
        return lease is None or (self.last_tokens[image] == lease.token and image not in self.released)

    def put(self, build: Build) -> None:
        if build.id not in self.builds or self.builds[build.id].status != build.status:
            self.statuses.setdefault(build.id, []).append(build.status)
        self.builds[build.id] = build

    @rule(number=numbers, image=images, leased=st.booleans())
    def start(self, number: int, image: str, leased: bool) -> None:
        lease = self.leases.get(image) if leased else None
        build = Build(id=identity(number, image), image=image, started="2026-11-22T16:00:00Z")
        error = LeaseLost if not self.holds(lease, image) else CatalogueError if build.id in self.builds else None
        if error is CatalogueError and lease is not None:
            return  # both stores refuse it; which reason comes first is theirs
        self.expect(error, lambda: self.catalogue.start(build, lease))
        if error is None:
            self.put(build)
            self.tokens[build.id] = lease.token if lease else None

    @rule(number=numbers, image=images, status=statuses, wanted=amis, leased=st.booleans())
    def finish(self, number: int, image: str, status: str, wanted: dict[str, str], leased: bool) -> None:
        lease = self.leases.get(image) if leased else None
        build = Build(
            id=identity(number, image), image=image, status=status, started="2026-11-22T16:00:00Z", amis=wanted,
            fingerprint="f",
        )  # fmt: skip
        stored = self.builds.get(build.id)
        claimed = self.claims(stored or build, wanted)
        held = self.holds(lease, image)
        if claimed and not held:
            return
        error = None if held and not claimed else AmiClaimed if claimed else LeaseLost
        kept = self.expect(error, lambda: self.catalogue.finish(build, lease))
        if error is None:
            assert kept == (later(stored, build) if stored else build)
            self.put(kept)

    @rule(number=numbers, image=images, status=statuses, expected=some_statuses)
    def set_status(self, number: int, image: str, status: str, expected: list[str]) -> None:
        stored = self.builds.get(identity(number, image))
        error = CatalogueError if stored is None else None if stored.status in expected else StatusChanged
        call = self.catalogue.set_status
        kept = self.expect(error, lambda: call(identity(number, image), status, expected, "ann", None, self.now()))
        if stored and error is None:
            assert kept == dataclasses.replace(stored, status=status)
            self.put(kept)

    @rule(number=numbers, image=images, wanted=amis)
    def add_amis(self, number: int, image: str, wanted: dict[str, str]) -> None:
        stored = self.builds.get(identity(number, image))
        error = CatalogueError if stored is None else AmiClaimed if self.claims(stored, wanted) else None
        kept = self.expect(error, lambda: self.catalogue.add_amis(identity(number, image), wanted))
        if stored and error is None:
            assert kept == dataclasses.replace(stored, amis={**stored.amis, **wanted})
            self.put(kept)

    @rule(image=images, channel=channels, number=numbers, honest=st.booleans())
    def move_channel(self, image: str, channel: str, number: int, honest: bool) -> None:
        moves = self.moves.setdefault((image, channel), [])
        expected = (moves[-1] if moves else None) if honest else identity(99, image)
        build_id = identity(number, image)
        error = ChannelMoved if not honest else None if build_id in self.builds else CatalogueError
        call = self.catalogue.move_channel
        move = self.expect(error, lambda: call(image, channel, build_id, "ann", None, self.now(), expected))
        if error is None:
            moves.append(build_id)
            assert (move.number, move.previous) == (len(moves), expected)

    @rule(image=images)
    def acquire(self, image: str) -> None:
        held = self.leases.get(image)
        alive = held and image not in self.released and held.expires.timestamp() > self.clock.now
        lease = self.expect(
            LeaseHeld if alive else None,
            lambda: self.catalogue.acquire_lease(lease_name(image), "ann", LEASE_SECONDS),
        )
        if lease:
            assert lease.token == self.last_tokens[image] + 1
            self.last_tokens[image] = lease.token
            self.leases[image] = lease
            self.released.discard(image)

    @rule(image=images)
    def renew(self, image: str) -> None:
        if lease := self.leases.get(image):
            error = LeaseLost if image in self.released else None
            renewed = self.expect(error, lambda: self.catalogue.renew(lease, LEASE_SECONDS))
            self.leases[image] = renewed or lease

    @rule(image=images)
    def release(self, image: str) -> None:
        if lease := self.leases.get(image):
            self.catalogue.release(lease)
            self.released.add(image)

    @rule(seconds=st.integers(1, 50))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule()
    def reap(self) -> None:
        dead = {build.id for build in self.builds.values() if build.status == "building" and not self.alive(build)}
        reaped = self.catalogue.reap(self.now())
        assert {build.id for build in reaped} == dead
        for build in reaped:
            self.put(build)

    def alive(self, build: Build) -> bool:
        lease = self.leases.get(build.image)
        if lease is None or build.image in self.released or lease.expires.timestamp() <= self.clock.now:
            return False
        return self.tokens.get(build.id) in (None, lease.token)

    def teardown(self) -> None:
        """Compare all that can be asked."""
        newest_first = [self.builds[key] for key in sorted(self.builds, reverse=True)]
        assert self.catalogue.builds() == newest_first
        assert self.catalogue.images() == sorted({build.image for build in newest_first})
        for image in IMAGES:
            ours = [build for build in newest_first if build.image == image]
            usable = [build for build in ours if build.status in USABLE]
            assert self.catalogue.builds(image) == ours
            assert self.catalogue.by_fingerprint(image, "f") == [build for build in usable if build.fingerprint]
            for region in (None, *REGIONS):
                wanted = [build for build in usable if region is None or region in build.amis]
                assert self.catalogue.newest(image, region) == next(iter(wanted), None)
        for build in newest_first:
            assert [event.status for event in self.catalogue.events(build.id)] == self.statuses[build.id]
            for ami in build.amis.values():
                assert self.catalogue.by_ami(ami) == build
        for (image, channel), moves in self.moves.items():
            assert [move.build_id for move in self.catalogue.channel_history(image, channel)] == moves[::-1]


def identity(number: int, image: str) -> str:
    """Return a build's id, in another order than that of the images."""
    return f"20261122T1600{number:02}Z-{IMAGES.index(image):06x}"


def run(make: t.Callable[[Clock], Catalogue], examples: int, steps: int) -> None:
    machine = type("Made", (Machine,), {"make": staticmethod(make)})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks, database=None
        ),
    )


def test_a_file_is_what_the_model_is() -> None:
    with tempfile.TemporaryDirectory() as directory:
        files = iter(range(1_000_000))
        run(lambda clock: SqliteCatalogue(pathlib.Path(directory) / str(next(files)), clock=clock), 25, 30)


def test_a_table_is_what_the_model_is(dynamodb: TableServer) -> None:
    run(lambda clock: dynamodb.open(dynamodb.new_table(), clock=clock), 6, 20)
