# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds and catalogues for the tests of the catalogue."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import pathlib
import shutil
import tempfile
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import Catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.sqlite import SqliteCatalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from .table_server import TableServer

MakeBuild = t.Callable[..., Build]
Open = t.Callable[..., Catalogue]


@pytest.fixture
def make_build() -> MakeBuild:
    """Return a function that makes a build, each one newer than the one before."""
    numbers = itertools.count()

    def make(image: str = "iis_dotnet", **values: t.Any) -> Build:
        number = next(numbers)
        hour, minute = 16 + number // 60, number % 60
        started = f"2026-11-22T{hour:02}:{minute:02}:00Z"
        return Build(id=f"20261122T{hour:02}{minute:02}00Z-{number:06x}", image=image, started=started, **values)

    return make


class Clock:
    """A time that passes only when a test says so."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server() -> t.Iterator[TableServer]:
    """Return a DynamoDB."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as directory, TableServer(pathlib.Path(directory)).running() as running:
        yield running


@pytest.fixture
def dynamodb(server: TableServer) -> t.Iterator[TableServer]:
    """Return a DynamoDB that does what it is told until the test says otherwise."""
    server.faults.clear()
    server.calls.clear()
    server.items_read = 0
    yield server
    server.faults.clear()


@pytest.fixture(params=["sqlite", "dynamodb"])
def open_store(request: pytest.FixtureRequest, tmp_path: pathlib.Path, clock: Clock) -> Open:
    """Return a function that opens one and the same new catalogue, each time as another controller."""
    if request.param == "sqlite":
        return lambda **options: SqliteCatalogue(tmp_path / "catalogue.sqlite", **{"clock": clock, **options})
    dynamodb: TableServer = request.getfixturevalue("dynamodb")
    table = dynamodb.new_table()
    return lambda **options: dynamodb.open(table, **{"clock": clock, **options})


@pytest.fixture
def catalogue(open_store: Open) -> Catalogue:
    return open_store()


@pytest.fixture
def shared_directory() -> t.Iterator[pathlib.Path]:
    """Return a directory that every user may enter; pytest's own may not."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="golden-"))
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


@contextlib.contextmanager
def an_ordinary_user() -> t.Iterator[None]:
    """Be somebody whom file modes apply to, even when the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
