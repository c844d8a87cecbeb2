# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit of servers has found: rows for people, a report for programs, and whether it is good. Calls nothing."""

from __future__ import annotations

import collections.abc as c
import typing as t

CLEAN = "clean"
DRIFT = "drift"
ERROR = "error"
UNREACHABLE = "unreachable"
NOT_CHECKED = "not checked"
STATUSES = (CLEAN, DRIFT, ERROR, UNREACHABLE, NOT_CHECKED)
BAD = frozenset({DRIFT, ERROR, UNREACHABLE})

HEADINGS = ("SERVER", "ROLE", "STATUS", "WHAT")

# By server, None when it was lost on the way: by role, a status and a message.
Found = c.Mapping[str, c.Mapping[str, c.Mapping[str, str]] | None]


class AuditError(Exception):
    """What was handed over is not the outcome of an audit."""


class Row(t.NamedTuple):
    """One role on one server."""

    server: str
    role: str
    status: str
    message: str


def rows(servers: c.Iterable[str], found: Found) -> list[Row]:
    """Return a row for each role of each server, and one for a server without any."""
    return [row for server in servers for row in _rows(server, found.get(server))]


def is_bad(rows: c.Collection[Row]) -> bool:
    """Say whether something differs, or could not be looked at, or whether nothing was looked at, at all."""
    statuses = {row.status for row in rows}
    return bool(statuses & BAD) or CLEAN not in statuses


def sentence(rows: c.Sequence[Row]) -> str:
    """Return one sentence about all servers: how many are clean, and what is wrong with which of the others."""
    servers: dict[str, set[str]] = {}
    for row in rows:
        servers.setdefault(row.server, set()).add(row.status)
    clean = [name for name, statuses in servers.items() if statuses <= {CLEAN, NOT_CHECKED} and CLEAN in statuses]
    others = {status: [name for name, found in servers.items() if status in found] for status in STATUSES[1:]}
    parts = [f"{status}: {', '.join(names)}" for status, names in others.items() if names]
    return "; ".join([f"{len(clean)} of {len(servers)} servers without drift", *parts]) + "."


def report(rows: c.Sequence[Row]) -> dict[str, t.Any]:
    """Return everything as JSON-safe values: ``clean``, and by server and role the status and the message."""
    servers: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        servers.setdefault(row.server, {})[row.role] = {"status": row.status, "message": row.message}
    return {"clean": not is_bad(rows), "servers": servers}


def _rows(server: str, roles: c.Mapping[str, c.Mapping[str, str]] | None) -> t.Iterator[Row]:
    if roles is None:
        yield Row(server, "connection", UNREACHABLE, "It was lost on the way; Ansible said why.")
        return
    if not roles:
        yield Row(server, "-", NOT_CHECKED, "Neither its image nor golden_configure_roles names a role.")
    for role, outcome in roles.items():
        status = str(outcome.get("status"))
        if status not in STATUSES:
            raise AuditError(f"{server}, {role}: status {status!r} is none of {', '.join(STATUSES)}.")
        # The message of a module may have any shape; in a table it is one line.
        yield Row(server, str(role), status, " ".join(str(outcome.get("message", "")).split()))
