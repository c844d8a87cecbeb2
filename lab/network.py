# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest's way to the network: real connections from its own address, to where its subnet lets it."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import typing as t
import urllib.parse

from lab.windows.errors import NetworkError
from lab.windows.runtime import HttpResponse

REDIRECTS = 5


class GuestNetwork:
    """Implements lab.windows.runtime.Network for one instance."""

    def __init__(self, address: str, cidr: str, has_egress: t.Callable[[], bool]) -> None:
        """Connect from `address`; hosts in `cidr` are near, all others need egress."""
        self._address = address
        self._cidr = ipaddress.ip_network(cidr)
        self._has_egress = has_egress

    def request(
        self,
        url: str,
        *,
        proxy: str | None = None,
        method: str = "GET",
        headers: t.Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 30.0,
    ) -> HttpResponse:
        for _ in range(REDIRECTS):
            response = self._once(url, proxy, method, dict(headers or {}), body, timeout)
            location = response.headers.get("location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return response
            url = urllib.parse.urljoin(url, location)
        raise NetworkError(f"Too many automatic redirections were attempted: {url}")

    def connect(self, host: str, port: int, timeout: float = 5.0) -> None:
        self._check(host)
        try:
            socket.create_connection((host, port), timeout, (self._address, 0)).close()
        except OSError as exc:
            raise NetworkError(f"No connection could be made to {host}:{port}: {exc}") from exc

    def _once(
        self, url: str, proxy: str | None, method: str, headers: dict[str, str], body: bytes, timeout: float
    ) -> HttpResponse:
        target = urllib.parse.urlsplit(url)
        if target.scheme not in ("http", "https") or not target.hostname:
            raise NetworkError(f"Invalid URI: {url}")
        path = urllib.parse.urlunsplit(("", "", target.path or "/", target.query, ""))
        near = urllib.parse.urlsplit(proxy) if proxy else target
        if not near.hostname:
            raise NetworkError(f"Invalid proxy: {proxy}")
        self._check(near.hostname)
        kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
        port = near.port or (80 if near.scheme == "http" else 443)
        connection = kind(near.hostname, port, timeout=timeout, source_address=(self._address, 0))
        if proxy and target.scheme == "https":
            connection.set_tunnel(target.hostname, target.port or 443)
        elif proxy:
            path = urllib.parse.urlunsplit(("http", target.netloc, target.path or "/", target.query, ""))
        headers.setdefault("Host", target.netloc)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as exc:
            through = f" through the proxy {proxy}" if proxy else ""
            raise NetworkError(f"Unable to connect to the remote server {target.netloc}{through}: {exc}") from exc
        finally:
            connection.close()
        fields = {name.lower(): value for name, value in answer.getheaders()}
        return HttpResponse(answer.status, fields, content, answer.reason, url)

    def _check(self, host: str) -> None:
        """Refuse what the guest could not reach: names nobody resolves, hosts beyond a subnet without egress."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError as exc:
            raise NetworkError(f"The remote name could not be resolved: '{host}'") from exc
        if address in self._cidr:
            return
        if not self._has_egress():
            raise NetworkError(
                f"Unable to connect to the remote server: {host} did not respond. The instance's subnet has no route "
                "to it (no egress, and no proxy was used)"
            )
        if not address.is_loopback:
            raise NetworkError(
                f"Unable to connect to the remote server: the lab reaches nothing outside this machine: {host}"
            )
