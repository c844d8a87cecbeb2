# SPDX-License-Identifier: GPL-3.0-or-later
"""The artefact store: installers over HTTP, with ranges and checksums, outside of the VPC."""

from __future__ import annotations

import hashlib

from aiohttp import web

from lab.windows.artefacts import catalogue, read_header

# Outside of every VPC of a lab, and not 127.0.0.1: that is the guest itself, which no proxy setting sends elsewhere.
ADDRESS = "127.255.0.1"


class ArtefactStore:
    """Serves the lab's installers on `ADDRESS`. `requests` counts the fetches by name."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: dict[str, int] = {}
        self._files = catalogue()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/{name}", self._get)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, ADDRESS, 0)
        await site.start()
        self.url = f"http://{ADDRESS}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def describe(self) -> dict[str, dict[str, str]]:
        """Return what there is: URL, SHA-256, version and kind by file name."""
        return {name: self._describe(name, content) for name, content in self._files.items()}

    def _describe(self, name: str, content: bytes) -> dict[str, str]:
        header = read_header(content)
        return {
            "url": f"{self.url}/{name}",
            "sha256": hashlib.sha256(content).hexdigest(),
            "product": header.product,
            "version": header.version,
            "kind": header.kind,
        }

    async def _get(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        content = self._files.get(name)
        if content is None:
            raise web.HTTPNotFound(text=f"no artefact {name}; there are: {', '.join(sorted(self._files))}\n")
        if request.method == "GET":
            self.requests[name] = self.requests.get(name, 0) + 1
        headers = {"Accept-Ranges": "bytes", "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
        try:
            wanted = request.http_range
        except ValueError as exc:
            raise web.HTTPRequestRangeNotSatisfiable from exc
        if wanted.start is None and wanted.stop is None:
            return web.Response(body=content, headers=headers)
        start, stop, _ = wanted.indices(len(content))
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        return web.Response(status=206, body=content[start:stop], headers=headers)
