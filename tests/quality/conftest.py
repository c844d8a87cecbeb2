# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-doc says of the collection, the collection as an archive and installed, and a lab."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from scripts.reference import subjects
from scripts.reference_page import Subject
from tests.e2e.conftest import Lab, running_lab

from .elsewhere import build_archive, install


@pytest.fixture(scope="session")
def documented() -> list[Subject]:
    """Return every plugin and role with its documentation."""
    return subjects()


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return build_archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="session")
def installed(archive: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Return a collections path with the collection, installed from its archive."""
    collections = tmp_path_factory.mktemp("installed") / "collections"
    install(archive, collections)
    return collections


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab
