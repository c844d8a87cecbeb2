# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds and catalogues for the tests of the catalogue."""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import shutil
import tempfile
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.sqlite import SqliteCatalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

MakeBuild = t.Callable[..., Build]


@pytest.fixture
def make_build() -> MakeBuild:
    """Return a function that makes a build, each one newer than the one before."""
    numbers = itertools.count()

    def make(image: str = "iis_dotnet", **values: t.Any) -> Build:
        number = next(numbers)
        started = f"2026-11-22T16:{number:02}:00Z"
        return Build(id=f"20261122T16{number:02}00Z-{number:06x}", image=image, started=started, **values)

    return make


class Clock:
    """A time that passes only when a test says so."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalogue(tmp_path: pathlib.Path, clock: Clock) -> SqliteCatalogue:
    return SqliteCatalogue(tmp_path / "catalogue.sqlite", clock=clock)


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
