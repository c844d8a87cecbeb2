# SPDX-License-Identifier: GPL-3.0-or-later
"""A place to build in: a stand-in for Packer, a catalogue, an EC2."""

from __future__ import annotations

import os
import pathlib
import typing as t
import urllib.request

import pytest

from tests.unit.packer_build.workshop import Workshop
from tests.unit.running import an_ec2


@pytest.fixture(scope="session")
def endpoint() -> t.Iterator[str]:
    with an_ec2() as address:
        yield address


@pytest.fixture
def workshop(tmp_path: pathlib.Path, endpoint: str) -> t.Iterator[Workshop]:
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST"))
    workshop = Workshop(tmp_path, endpoint)
    yield workshop
    for pid in workshop.diary.alive():
        os.kill(pid, 9)
