# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a play has changed on which server. Adds up events, and says it as a table. Calls nothing."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .text_table import first_line, table

CHANGED = "changed"
WOULD_CHANGE = "would change"
UNCHANGED = "unchanged"
FAILED = "failed"
UNREACHABLE = "unreachable"
NO_ROLE = "no role"
NOT_BEGUN = "not begun"

HEADINGS = ("SERVER", "ROLE", "STATUS", "WHAT")
# What stands for a role where there is none.
NONE = "-"


class Trouble(t.NamedTuple):
    """What ended the play for a server."""

    role: str
    status: str
    task: str
    message: str


@dataclasses.dataclass
class Server:
    """One server: for each role that ran on it the tasks that changed something, and what ended it."""

    roles: dict[str, dict[str, list[str]]] = dataclasses.field(default_factory=dict)
    trouble: Trouble | None = None


class Changes:
    """The servers of a play, in its order. ``predicted``: nothing was changed, this is check mode."""

    def __init__(self, predicted: bool = False) -> None:
        self._predicted = predicted
        self._servers: dict[str, Server] = {}
        self._all: dict[str, None] = {}

    def expect(self, servers: c.Iterable[str]) -> None:
        """Note the servers that the play is for."""
        self._all |= dict.fromkeys(servers)

    def ran(self, server: str, role: str | None) -> None:
        """Note that a task ran; None: one that belongs to no role."""
        seen = self._server(server)
        if role is not None:
            seen.roles.setdefault(role, {})

    def changed(self, server: str, role: str | None, task: str, item: str | None = None) -> None:
        """Note that a task changed something; of a loop, for which item."""
        items = self._server(server).roles.setdefault(role or NONE, {}).setdefault(task, [])
        if item is not None and item not in items:
            items.append(item)

    def failed(self, server: str, role: str | None, task: str, message: str, unreachable: bool = False) -> None:
        """Note a failure. Only the last one can have ended the play for the server: earlier ones were rescued."""
        self._server(server).trouble = Trouble(role or NONE, UNREACHABLE if unreachable else FAILED, task, message)

    def lines(self, lost: c.Collection[str]) -> list[str]:
        """Return the table, and one sentence. ``lost`` are the servers for which the play ended early."""
        lost = {name for name in lost if name in self._servers and self._servers[name].trouble}
        rows: list[tuple[str, ...]] = []
        for name in self._all:
            mine = list(self._rows(name, name in lost))
            rows += [(name if not index else "", *row) for index, row in enumerate(mine)]
        return [*table(HEADINGS, rows), "", self._sentence(lost)]

    def _rows(self, name: str, lost: bool) -> t.Iterator[tuple[str, str, str]]:
        server = self._servers.get(name)
        if server is None:
            yield NONE, NOT_BEGUN, "an earlier server failed"
            return
        trouble = server.trouble if lost else None
        for role, tasks in server.roles.items():
            if tasks or trouble is None or trouble.role != role:
                yield from self._role_rows(role, tasks)
        if trouble:
            yield trouble.role, trouble.status, f"{trouble.task}: {first_line(trouble.message)}"
        elif not server.roles:
            yield NONE, NO_ROLE, "neither its image nor golden_configure_roles names one"

    def _role_rows(self, role: str, tasks: c.Mapping[str, list[str]]) -> t.Iterator[tuple[str, str, str]]:
        if not tasks:
            yield role, UNCHANGED, ""
        for index, (task, items) in enumerate(tasks.items()):
            status = WOULD_CHANGE if self._predicted else CHANGED
            what = f"{task} ({', '.join(items)})" if items else task
            yield (role, status, what) if not index else ("", "", what)

    def _sentence(self, lost: c.Collection[str]) -> str:
        begun = [server for server in self._servers.values() if any(server.roles.values())]
        verb = "would change" if self._predicted else "changed"
        said = f"{len(begun)} of {len(self._all)} {verb}"
        if not lost:
            return f"{said}."
        waiting = len(self._all) - len(self._servers)
        return (
            f"{said}, {len(lost)} failed, {waiting} not begun. Other servers of the failed batch may lack roles, too."
        )

    def _server(self, name: str) -> Server:
        return self._servers.setdefault(name, Server())
