# SPDX-License-Identifier: GPL-3.0-or-later
"""A stock Windows with PowerShell remoting, behind a real endpoint, and pypsrp in front of it."""

from __future__ import annotations

import asyncio
import threading
import typing as t

import pytest

from tests.lab.psrp.guests import Desk, serve
from tests.lab.wsman.guests import make_certificate


@pytest.fixture(scope="session")
def certificate() -> tuple[str, str]:
    return make_certificate("lab-guest")


@pytest.fixture(scope="session")
def loop() -> t.Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def desk(loop: asyncio.AbstractEventLoop, certificate: tuple[str, str]) -> t.Iterator[Desk]:
    with serve(loop, certificate) as running:
        yield running
