# SPDX-License-Identifier: GPL-3.0-or-later
"""A network for guests without sockets."""

from __future__ import annotations

import dataclasses
import typing as t

from lab.windows.errors import NetworkError
from lab.windows.runtime import HttpResponse


@dataclasses.dataclass
class Web:
    """Pages by URL; ``direct`` says whether they answer without the proxy."""

    pages: dict[str, bytes]
    proxy: str = "http://127.16.0.3:3128"
    direct: bool = False
    open_ports: set[tuple[str, int]] = dataclasses.field(default_factory=set)
    seen: list[tuple[str, str | None]] = dataclasses.field(default_factory=list)

    def request(self, url: str, *, proxy: str | None = None, method: str = "GET", **rest: t.Any) -> HttpResponse:
        self.seen.append((url, proxy))
        if proxy != self.proxy and not (proxy is None and self.direct):
            raise NetworkError("Unable to connect to the remote server")
        if url not in self.pages:
            return HttpResponse(404, {}, b"", "Not Found", url)
        return HttpResponse(200, {}, self.pages[url] if method == "GET" else b"", "OK", url)

    def connect(self, host: str, port: int, timeout: float = 5.0) -> None:
        if (host, port) not in self.open_ports:
            raise NetworkError(f"No connection could be made to {host}:{port}")
