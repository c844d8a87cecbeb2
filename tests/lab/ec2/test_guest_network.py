# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest's way out: near hosts, the proxy, and nothing else without egress."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import http.server
import socket
import threading
import typing as t

import pytest

from lab.addresses import ranges
from lab.network import GuestNetwork
from lab.proxy import ForwardProxy
from lab.windows.errors import NetworkError


class Site(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked; /moved leads to /here."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/here")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = f"{self.path} {self.headers.get('X-Test')} {self.client_address[0]}".encode()
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class World(t.NamedTuple):
    """Addresses of a test."""

    guest: str
    cidr: str
    site: str
    proxy: str

    def network(self, egress: bool = False) -> GuestNetwork:
        return GuestNetwork(self.guest, self.cidr, lambda: egress)


@pytest.fixture
def world() -> t.Iterator[World]:
    """A site outside of the VPC, and a proxy inside."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    found = next(ranges())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    proxy = ForwardProxy(found.holder)
    asyncio.run_coroutine_threadsafe(proxy.start(), loop).result(5)
    guest = found.cidr.replace(".0.0/16", ".0.9")
    yield World(guest, found.cidr, f"http://127.0.0.1:{server.server_port}", proxy.url)
    asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()
    found.holder.close()
    server.shutdown()
    server.server_close()


def test_without_egress_only_the_proxy_leads_out(world: World) -> None:
    with pytest.raises(NetworkError, match="no egress"):
        world.network().request(f"{world.site}/file")
    answer = world.network().request(f"{world.site}/file?a=b", proxy=world.proxy, headers={"X-Test": "seen"})
    assert answer.status == 200
    assert answer.body == b"/file?a=b seen 127.0.0.1"


def test_with_egress_the_guest_comes_from_its_own_address(world: World) -> None:
    assert world.network(egress=True).request(world.site + "/").body == f"/ None {world.guest}".encode()


def test_redirects_are_followed_and_errors_are_answers(world: World) -> None:
    network = world.network(egress=True)
    moved = network.request(f"{world.site}/moved")
    assert (moved.body.split()[0], moved.url) == (b"/here", f"{world.site}/here")
    assert network.request(f"{world.site}/gone").status == 404


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://downloads.example.com/x", "could not be resolved"),
        ("http://192.0.2.7/x", "nothing outside this machine"),
        ("ftp://127.0.0.1/x", "Invalid URI"),
    ],
)
def test_what_a_guest_cannot_reach(world: World, url: str, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        world.network(egress=True).request(url)


def test_the_proxy_reaches_nothing_beyond_this_machine(world: World) -> None:
    answer = world.network().request("http://192.0.2.7/x", proxy=world.proxy)
    assert answer.status == 502
    assert b"no internet" in answer.body


def test_a_dead_proxy_is_named(world: World) -> None:
    dead = world.proxy.replace("3128", "3129")
    with pytest.raises(NetworkError, match=dead):
        world.network().request(world.site, proxy=dead)


def test_connect_tunnels(world: World) -> None:
    near, far = world.proxy.removeprefix("http://"), world.site.removeprefix("http://")
    with contextlib.closing(http.client.HTTPConnection(near, timeout=5)) as connection:
        host, port = far.split(":")
        connection.set_tunnel(host, int(port))
        connection.request("GET", "/through", headers={"X-Test": "tunnel"})
        assert connection.getresponse().read() == b"/through tunnel 127.0.0.1"


def test_the_proxy_speaks_only_http(world: World) -> None:
    host, port = world.proxy.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 5) as raw:
        raw.sendall(b"nonsense\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")


def test_each_range_is_another(world: World) -> None:
    free = ranges()
    first, second = next(free), next(free)
    try:
        assert len({first.cidr, second.cidr, world.cidr}) == 3
    finally:
        first.holder.close()
        second.holder.close()
