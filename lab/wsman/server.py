# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM service of one guest on its loopback address: listening sockets, TLS, connections, worker threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import socket
import ssl
import struct
import tempfile
import time
import typing as t
import uuid

from aiohttp import web

from lab.wsman.auth import channel_bindings
from lab.wsman.connection import Connection
from lab.wsman.shell import Job, ShellService
from lab.wsman.trouble import Troubles
from lab.wsman.types import Counters, Host, Listener

LOG = logging.getLogger(__name__)

PORTS = (5985, 5986)
# http.sys closes idle connections after two minutes, but a client that seals its messages cannot log on again in
# mid-session (a known limit of pywinrm), and tasks may wait for longer than that: do not be that strict.
_KEEPALIVE = 3600.0
_WORKERS = 16


class WinRMEndpoint:
    """The WinRM service of one guest. All methods but `refresh` belong to the event loop that ran `start`."""

    def __init__(self, executor: concurrent.futures.Executor | None = None) -> None:
        self.counters = Counters()
        self.troubles = Troubles()
        self.address = ""
        self.host: Host
        self.service: ShellService
        self._given_executor = executor
        self._executor: concurrent.futures.Executor
        self._loop: asyncio.AbstractEventLoop
        self._ports: tuple[int, ...] = ()
        self._sockets: dict[int, tuple[socket.socket, asyncio.Task[None]]] = {}
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._contexts: dict[tuple[str | None, str | None], ssl.SSLContext] = {}
        self._change = asyncio.Event()

    async def start(self, host: Host, address: str, ports: t.Sequence[int] = PORTS) -> None:
        """Serve a guest on an address, on those of the ports where it has a listener. Raises OSError."""
        self._loop = asyncio.get_running_loop()
        self._executor = self._given_executor or concurrent.futures.ThreadPoolExecutor(
            _WORKERS, thread_name_prefix=f"winrm-{address}"
        )
        self.host, self.address, self._ports = host, address, tuple(ports)
        self.service = ShellService(self.new_id, time.monotonic, host.powershell)
        self._open_and_close()

    async def stop(self) -> None:
        """Close everything at once, as a power cut does. The endpoint can be started again, with no shells."""
        self._ports = ()
        for port in list(self._sockets):
            self._close(port)
        for connection in list(self._connections):
            connection.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._given_executor is None and hasattr(self, "_executor"):
            self._executor.shutdown(wait=False, cancel_futures=True)

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._connections)

    def refresh(self) -> None:
        """Open and close ports as the host's listeners say now. Safe from any thread; nothing to do when stopped."""
        if self._ports:
            self._loop.call_soon_threadsafe(self._open_and_close)

    @staticmethod
    def new_id() -> str:
        """A fresh id for a shell, a command or a message."""
        return str(uuid.uuid4()).upper()

    def start_jobs(self) -> None:
        """Run what the shell service has to run, in worker threads."""
        for job in self.service.jobs():
            self.counters.commands += 1
            self._spawn(self._run(job))

    async def changed(self, deadline: float) -> bool:
        """Wait until a command has ended or gone; False when the deadline (in loop time) came first."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._change.wait()
        except TimeoutError:
            return False
        return True

    def announce(self) -> None:
        """Wake up all who wait in `changed`."""
        self._change.set()
        self._change = asyncio.Event()

    async def _run(self, job: Job) -> None:
        try:
            outcome = await self._loop.run_in_executor(self._executor, job.run, self.host)
        except Exception as exc:
            # The model of Windows has a hole. The client must see it, as a failed command; the log has the traceback.
            shown = job.title if len(job.title) <= 200 else job.title[:200] + "..."
            LOG.exception("%s: the lab failed to run %s", self.address, shown)
            job.failed(f"The lab failed to run {shown!r}: {type(exc).__name__}: {exc}")
        else:
            self.service.finished(job, outcome)
        self.start_jobs()  # a pipeline may have waited for this one's runspace
        self.announce()
        self._open_and_close()

    def _spawn(self, work: t.Coroutine[t.Any, t.Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            LOG.error("%s: the endpoint is broken: %s", self.address, exc, exc_info=exc)

    def _open_and_close(self) -> None:
        for port in self._ports:
            listening, wanted = port in self._sockets, self.host.listener(port) is not None
            if wanted and not listening:
                self._open(port)
            elif listening and not wanted:
                self._close(port)

    def _open(self, port: int) -> None:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self.address, port))
            listening.listen(128)
            listening.setblocking(False)
        except OSError:
            listening.close()
            raise
        self._sockets[port] = listening, self._spawn(self._accept(listening, port))

    def _close(self, port: int) -> None:
        listening, task = self._sockets.pop(port)
        task.cancel()
        self._loop.remove_reader(listening)
        listening.close()

    async def _accept(self, listening: socket.socket, port: int) -> None:
        while True:
            client, (peer, *_) = await self._loop.sock_accept(listening)
            self._spawn(self._serve(client, port, peer))

    async def _serve(self, client: socket.socket, port: int, peer: str) -> None:
        listener = self.host.listener(port)
        if listener is None or not self.host.accepts(peer, port):
            _reset(client)
            return
        self.counters.connections += 1
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            context = self._context(listener)
            bindings = channel_bindings(listener.certificate_pem or "") if context else None
        except (ssl.SSLError, ValueError):
            LOG.exception("%s: the certificate of the listener on port %d is not usable", self.address, port)
            _reset(client)
            return
        server = _Server(Connection(self, port, peer, bindings), self._connections)
        try:
            await self._loop.connect_accepted_socket(server, client, ssl=context)
        except OSError as exc:
            # A client that goes away in the TLS handshake, or does not trust the certificate.
            LOG.info("%s: no connection from %s: %s", self.address, peer, exc)

    def _context(self, listener: Listener) -> ssl.SSLContext | None:
        if listener.transport == "HTTP":
            return None
        key = (listener.certificate_pem, listener.key_pem)
        if key not in self._contexts:
            self._contexts[key] = _tls(listener)
        return self._contexts[key]


class _Server(web.Server):
    """aiohttp's server for exactly one connection, so that the handler knows on which connection it is."""

    def __init__(self, connection: Connection, connections: set[Connection]) -> None:
        # A client that goes away takes its Receive with it: the output stays for the next one.
        super().__init__(connection.handle, handler_cancellation=True, access_log=None, keepalive_timeout=_KEEPALIVE)
        self._connection = connection
        self._open = connections

    def connection_made(self, handler: t.Any, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._connection.transport = transport
        self._open.add(self._connection)

    def connection_lost(self, handler: t.Any, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self._open.discard(self._connection)


def _reset(client: socket.socket) -> None:
    """Close without a goodbye, so that the client sees a connection that was never there."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def _tls(listener: Listener) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL reads certificates from files only.
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as pem:
        pem.write(f"{listener.key_pem}\n{listener.certificate_pem}\n")
        pem.flush()
        context.load_cert_chain(pem.name)
    return context
