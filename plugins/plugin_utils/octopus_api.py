# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to the REST API of an Octopus Server. They decide nothing.

Private to this collection.
"""

from __future__ import annotations

import json
import typing as t
import urllib.error
import urllib.parse

from ansible.module_utils.urls import ConnectionError as UrlConnectionError
from ansible.module_utils.urls import SSLValidationError, open_url

from .octopus import OctopusError, Resource


class Server(t.NamedTuple):
    """Where a server is, and what opens it."""

    url: str
    api_key: str
    validate_certs: bool = True
    timeout: int = 30

    def __repr__(self) -> str:
        """Leave the key out of every message."""
        return f"Server({self.url})"

    def call(
        self, method: str, path: str, body: Resource | None = None, query: t.Mapping[str, str] | None = None
    ) -> t.Any:
        """Ask the server and return its answer.

        Raises:
            OctopusError: it does not answer, or answers with an error; the text is the server's, never the key.
        """
        address = f"{self.url.rstrip('/')}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        what = f"{method} {address}"
        try:
            with open_url(
                address,
                method=method,
                data=None if body is None else json.dumps(body),
                headers={"X-Octopus-ApiKey": self.api_key, "Content-Type": "application/json"},
                validate_certs=self.validate_certs,
                timeout=self.timeout,
                # Another server must not be sent the key.
                follow_redirects="none",
            ) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as exc:
            raise OctopusError(f"{what} failed with status {exc.code}: {_reason(exc)}") from exc
        except (OSError, SSLValidationError, UrlConnectionError) as exc:
            raise OctopusError(f"{what} failed: {getattr(exc, 'reason', exc)}") from exc
        except ValueError as exc:
            raise OctopusError(f"{what}: the answer is no JSON. Is this the address of an Octopus Server?") from exc

    def space(self, name: str) -> Space:
        """Return a space by name, or the default one.

        Raises:
            OctopusError: there is none.
        """
        spaces = self.call("GET", "/api/spaces/all")
        for one in spaces:
            if one["Name"].casefold() == name.casefold() if name else one.get("IsDefault"):
                return Space(self, one["Id"], one["Name"])
        known = ", ".join(sorted(one["Name"] for one in spaces))
        raise OctopusError(
            f"{self.url} has no {'space ' + name if name else 'default space'} for this key. It has: {known}"
        )


class Space(t.NamedTuple):
    """One space of a server."""

    server: Server
    id: str
    name: str

    def all(self, collection: str, **query: str) -> list[Resource]:
        """Return everything in a collection, or what matches a query."""
        return t.cast("list[Resource]", self.server.call("GET", f"/api/{self.id}/{collection}/all", query=query))

    def save(self, collection: str, body: Resource) -> Resource:
        """Make a resource, or replace the one whose Id it has."""
        identity = body.get("Id")
        path = f"/api/{self.id}/{collection}" + (f"/{identity}" if identity else "")
        return t.cast("Resource", self.server.call("PUT" if identity else "POST", path, body))

    def delete(self, collection: str, identity: str) -> None:
        """Remove a resource."""
        self.server.call("DELETE", f"/api/{self.id}/{collection}/{identity}")


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        told = json.load(error)
        return " ".join([told["ErrorMessage"], *told.get("Errors", [])])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)
