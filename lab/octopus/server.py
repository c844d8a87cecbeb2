# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in's API: the part of Octopus' REST API that registers machines, over HTTP.

Stricter than the real one: it refuses paths, query parameters and fields that it does not know, so that a mistake does
not pass for a registration.
"""

from __future__ import annotations

import json
import secrets
import threading
import typing as t

from aiohttp import web

from lab.octopus.resources import SPACES, Refused, Resource, Space

# One of the addresses of the VPC that EC2 keeps for itself: guests reach it without a proxy, and the controller too.
HOST = 2
COMMS_PORT = 10943
MACHINES = ("machines", "workers")


class OctopusServer:
    """Spaces behind an API key. `handle` is the whole of it; no IO."""

    def __init__(self) -> None:
        self.api_key = f"API-{secrets.token_hex(16).upper()}"
        self.thumbprint = secrets.token_hex(20).upper()
        # What was asked for: method and path.
        self.requests: list[str] = []
        self._spaces = [Space(number, *space) for number, space in enumerate(SPACES, 1)]
        self._lock = threading.Lock()

    def handle(self, method: str, path: str, query: t.Mapping[str, str], key: str, body: bytes) -> t.Any:
        """Answer one request with something for JSON.

        Raises:
            Refused: it is answered with an error.
        """
        with self._lock:
            self.requests.append(f"{method} {path}")
            if key != self.api_key:
                raise Refused(401, "The API key you provided was not valid. Please double-check your API key.")
            parts = path.strip("/").split("/")
            if parts[0] != "api" or method not in ("GET", "POST", "PUT", "DELETE"):
                raise self._no_such(method, path)
            if (method, parts[1:]) == ("GET", ["spaces", "all"]):
                _only(query)
                return [space.resource for space in self._spaces]
            space = next((one for one in self._spaces if one.id == parts[1:2][0]), None) if parts[1:] else None
            if space is None or len(parts) not in (3, 4) or parts[2] not in space.collections:
                raise self._no_such(method, path)
            return self._in_space(method, space, parts[2:], query, body)

    def _in_space(self, method: str, space: Space, parts: list[str], query: t.Mapping[str, str], body: bytes) -> t.Any:
        collection, identity = parts[0], "".join(parts[1:])
        found = space.collections[collection]
        if method == "GET" and identity == "all":
            _only(query, "thumbprint", "partialName") if collection in MACHINES else _only(query)
            return [one for one in found if _matches(one, query)]
        _only(query)
        known = next((one for one in found if one["Id"] == identity), None)
        if method == "POST" and collection in MACHINES and not identity:
            return space.add(collection, _resource(body))
        if known is None:
            raise Refused(404, f"The resource '{identity}' was not found.")
        if method == "GET":
            return known
        if method == "PUT" and collection in MACHINES:
            return space.change(collection, known, _resource(body))
        if method == "DELETE" and collection in MACHINES:
            found.remove(known)
            return known
        raise self._no_such(method, "/".join(parts))

    @staticmethod
    def _no_such(method: str, path: str) -> Refused:
        return Refused(404, f"The lab's Octopus Server has no {method} {path}")


def _only(query: t.Mapping[str, str], *known: str) -> None:
    if unknown := set(query) - set(known):
        raise Refused(400, f"The lab's Octopus Server knows no query parameters {sorted(unknown)} here")


def _matches(one: Resource, query: t.Mapping[str, str]) -> bool:
    named = query.get("partialName", "").lower() in one["Name"].lower()
    return named and ("thumbprint" not in query or one["Endpoint"]["Thumbprint"] == query["thumbprint"])


def _resource(body: bytes) -> Resource:
    try:
        sent = json.loads(body)
    except ValueError as exc:
        raise Refused(400, f"The body is no JSON: {exc}") from exc
    if not isinstance(sent, dict):
        raise Refused(400, "The body is no resource")
    return sent


class OctopusSite:
    """Serves an `OctopusServer` at an address of the VPC."""

    def __init__(self, cidr: str) -> None:
        self.server = OctopusServer()
        self.url = ""
        self._address = f"{cidr.rpartition('.')[0]}.{HOST}"
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._address, 0).start()
        self.url = f"http://{self._address}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def describe(self) -> dict[str, t.Any]:
        """Return what lab.json says of it. The key opens this server and no other."""
        told = {"url": self.url, "api_key": self.server.api_key, "thumbprint": self.server.thumbprint}
        return told | {"comms_port": COMMS_PORT}

    async def _answer(self, request: web.Request) -> web.Response:
        key = request.headers.get("X-Octopus-ApiKey", "")
        try:
            answer = self.server.handle(request.method, request.path, request.query, key, await request.read())
        except Refused as exc:
            return web.json_response(exc.body, status=exc.status)
        return web.json_response(answer, status=201 if request.method == "POST" else 200)
