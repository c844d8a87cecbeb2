# SPDX-License-Identifier: GPL-3.0-or-later
"""What was asked of the lab, counted: calls to AWS by IAM action, and the modules that ran on a guest."""

from __future__ import annotations

import collections
import threading
import typing as t
import urllib.parse


class ApiCalls:
    """Counts calls. Safe from any thread."""

    def __init__(self) -> None:
        self._counts: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()

    def add(self, environ: t.Mapping[str, t.Any], body: str | None) -> None:
        """Count one request; `body` is that of a form, where EC2's action is."""
        action = action_of(environ, body)
        with self._lock:
            self._counts[action] += 1

    def to_dict(self) -> dict[str, int]:
        """Return the counts by `service:Action`, sorted by name."""
        with self._lock:
            return dict(sorted(self._counts.items()))


def action_of(environ: t.Mapping[str, t.Any], body: str | None) -> str:
    """Return the IAM action that a signed request needs, as in policies: `ec2:RunInstances`.

    A service whose requests do not name their action (S3) is counted by HTTP method: `s3:GET`. What is not signed
    belongs to the service `unsigned`.
    """
    _, _, scope = str(environ.get("HTTP_AUTHORIZATION", "")).partition("Credential=")
    parts = scope.partition(",")[0].split("/")
    service = parts[3] if len(parts) == 5 else "unsigned"
    action = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]
    if not action:
        action = next(iter(urllib.parse.parse_qs(body or "").get("Action", ())), str(environ.get("REQUEST_METHOD", "")))
    return f"{service}:{action}"
