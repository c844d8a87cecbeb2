# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's process: moto's server in threads, guests, proxy and artefacts in an event loop, until it is stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import threading
import time
import typing as t

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from lab import settings as conf
from lab.addresses import Range, ranges
from lab.autoscaling import models as autoscaling
from lab.autoscaling.keeper import Keeper
from lab.cloud import Cloud
from lab.ec2 import models, parameters
from lab.ec2.app import LabApp
from lab.octopus.server import OctopusSite
from lab.proxy import ForwardProxy
from lab.store import ArtefactStore

LOG = logging.getLogger("lab.server")
WATCH_SECONDS = 2.0


class Lab:
    """Everything that runs in one process."""

    def __init__(self, settings: conf.Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._started = time.time()
        self._held: list[Range] = []
        self._free = ranges()
        home = self._next_range()
        self.cloud = Cloud(loop, self._cidrs(home))
        models.install(self.cloud)
        parameters.install()
        self.keeper = Keeper(self.cloud.timings, self.cloud.status_checks)
        autoscaling.install(self.keeper.wake)
        self.proxy = ForwardProxy(home.holder)
        self.store = ArtefactStore()
        self.octopus = OctopusSite(home.cidr)
        controls = {"guest-fault": self.cloud.order_faults, "trouble": self.cloud.order_trouble}
        self._app = LabApp(conf.ACCOUNT, conf.REGION, self.status, controls)
        self._http = make_server(
            "127.0.0.1", settings.port, self._app, threaded=True, request_handler=MotoRequestHandler
        )
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="moto", daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    async def start(self) -> None:
        """Bring everything up and tell the world in lab.json."""
        await self.proxy.start()
        await self.store.start()
        await self.octopus.start()
        ec2 = models.backend(conf.ACCOUNT, conf.REGION)
        self._thread.start()
        self.keeper.start()
        _write_aws_config(self._settings, self.endpoint)
        self._settings.write_state(self._state(ec2))

    async def stop(self) -> None:
        """Go down in the order that leaves no half answers: lab.json, API, guests, proxy and store."""
        self._settings.state_file.unlink(missing_ok=True)
        await asyncio.to_thread(self._http.shutdown)
        self._http.server_close()
        await asyncio.to_thread(self.keeper.stop)
        await self.cloud.close()
        await self.proxy.stop()
        await self.store.stop()
        await self.octopus.stop()
        for held in self._held:
            held.holder.close()

    async def watch(self, stopped: asyncio.Event) -> str:
        """Wait for the end, and say why it came."""
        while not stopped.is_set():
            try:
                await asyncio.wait_for(stopped.wait(), WATCH_SECONDS)
            except TimeoutError:
                state = self._settings.read_state()
                if state is None or state["pid"] != os.getpid():
                    return "its directory is gone or belongs to another"
                if time.monotonic() - self._app.touched > self._settings.idle_hours * 3600:
                    return f"idle for {self._settings.idle_hours} h"
        return "asked to"

    def status(self) -> dict[str, t.Any]:
        """Return what `lab status` and the tests read."""
        return {
            "pid": os.getpid(),
            "uptime_seconds": round(time.time() - self._started, 1),
            "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "api_requests": self._app.requests,
            "api_calls": self._app.calls.to_dict(),
            "proxy_requests": self.proxy.requests,
            "artefact_requests": self.store.requests,
            "instances": self.cloud.status(conf.ACCOUNT, conf.REGION),
        }

    def _state(self, ec2: models.EC2Backend) -> dict[str, t.Any]:
        vpc = ec2.default_vpc
        subnet = next(iter(ec2.get_default_subnets().values()))
        return {
            "pid": os.getpid(),
            "endpoint_url": self.endpoint,
            "region": conf.REGION,
            "account": conf.ACCOUNT,
            "vpc_id": vpc.id,
            "subnet_id": subnet.id,
            "cidr": vpc.cidr_block,
            "builder_cidr": conf.BUILDER_CIDR,
            "proxy_url": self.proxy.url,
            "artefacts_url": self.store.url,
            "artefacts": self.store.describe(),
            "octopus": self.octopus.describe(),
            "aws_config_file": str(self._settings.aws_config),
            "log": str(self._settings.log_file),
        }

    def _next_range(self) -> Range:
        self._held.append(next(self._free))
        return self._held[-1]

    def _cidrs(self, home: Range) -> t.Iterator[str]:
        yield home.cidr
        while True:
            yield self._next_range().cidr


async def run(settings: conf.Settings) -> None:
    """Run a lab until a signal, idleness or the loss of its directory ends it."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    lab = Lab(settings, loop)
    await lab.start()
    LOG.info("ready at %s", lab.endpoint)
    LOG.info("stopping: %s", await lab.watch(stopped))
    await lab.stop()


def _write_aws_config(settings: conf.Settings, endpoint: str) -> None:
    settings.aws_config.parent.mkdir(exist_ok=True)
    settings.aws_config.write_text(
        "[default]\n"
        f"region = {conf.REGION}\n"
        f"endpoint_url = {endpoint}\n"
        "aws_access_key_id = lab\n"
        "aws_secret_access_key = lab\n",
        encoding="utf-8",
    )
