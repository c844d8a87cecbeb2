# SPDX-License-Identifier: GPL-3.0-or-later
"""A forward proxy for the guests: plain requests and CONNECT, to servers on this machine and no others."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import typing as t
import urllib.parse

LOG = logging.getLogger("lab.proxy")
HEAD_LIMIT = 65536
HOP_BY_HOP = {"proxy-connection", "proxy-authorization", "connection", "keep-alive"}


class RefusedError(Exception):
    """The proxy answers with an error of its own."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status = status


class ForwardProxy:
    """Listens inside the VPC. `requests` counts what it was asked to fetch."""

    def __init__(self, listening: socket.socket) -> None:
        address, port = listening.getsockname()
        self.url = f"http://{address}:{port}"
        self.requests = 0
        self._listening = listening
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to answer at the socket."""
        self._server = await asyncio.start_server(self._serve, sock=self._listening, limit=HEAD_LIMIT)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except RefusedError as exc:
            text = f"{exc}\n".encode()
            head = f"HTTP/1.1 {exc.status}\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + text)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as exc:
            LOG.info("a connection ended early: %s", exc)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, headers = split_head(await reader.readuntil(b"\r\n\r\n"))
        method, target, version = line
        self.requests += 1
        LOG.info("%s %s for %s", method, target, writer.get_extra_info("peername")[0])
        if method == "CONNECT":
            upstream = await _connect(urllib.parse.urlsplit(f"//{target}"), 443)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            url = urllib.parse.urlsplit(target)
            if url.scheme != "http":
                raise RefusedError("400 Bad Request", f"The proxy takes absolute http URLs, not {target}")
            upstream = await _connect(url, 80)
            path = urllib.parse.urlunsplit(("", "", url.path or "/", url.query, ""))
            kept = [f"{name}: {value}" for name, value in headers if name.lower() not in HOP_BY_HOP]
            upstream[1].write("\r\n".join([f"{method} {path} {version}", *kept, "Connection: close", "", ""]).encode())
        await _relay(reader, writer, *upstream)


def split_head(head: bytes) -> tuple[tuple[str, str, str], list[tuple[str, str]]]:
    """Take a request's head apart: the three words of its first line, and the headers. Raises RefusedError."""
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3:
        raise RefusedError("400 Bad Request", f"Not a request line: {lines[0]}")
    pairs = (line.partition(":") for line in lines[1:] if line)
    return (words[0], words[1], words[2]), [(name, value.strip()) for name, _, value in pairs]


async def _connect(url: urllib.parse.SplitResult, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host = url.hostname or ""
    try:
        near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = host == "localhost"
    if not near:
        raise RefusedError("502 Bad Gateway", f"The lab has no internet: {host} is not on this machine")
    try:
        return await asyncio.open_connection(host, url.port or port)
    except OSError as exc:
        raise RefusedError("502 Bad Gateway", f"No connection to {url.netloc}: {exc}") from exc


async def _relay(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    up_reader: asyncio.StreamReader,
    up_writer: asyncio.StreamWriter,
) -> None:
    """Pass bytes both ways until the server has sent all."""
    upwards = asyncio.create_task(_pump(reader, up_writer))
    try:
        await _pump(up_reader, writer)
    finally:
        upwards.cancel()
        up_writer.close()


async def _pump(source: asyncio.StreamReader, sink: t.Any) -> None:
    while chunk := await source.read(65536):
        sink.write(chunk)
        await sink.drain()
