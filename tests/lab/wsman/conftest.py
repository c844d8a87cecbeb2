# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import threading
import typing as t

import pytest

from tests.lab.wsman.guests import Service, make_certificate, serve


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
def service(loop: asyncio.AbstractEventLoop, certificate: tuple[str, str]) -> t.Iterator[Service]:
    with serve(loop, certificate) as running:
        yield running
