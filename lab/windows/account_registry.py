# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts as the registry shows them, to the system only."""

from __future__ import annotations

from lab.windows.registry import Registry
from lab.windows.users import SYSTEM_SID, Users

SAM = "HKLM\\SAM\\SAM"
NAMES = SAM + "\\Domains\\Account\\Users\\Names"


def mirror(registry: Registry, users: Users) -> None:
    """Show the names of the local users in the registry from now on. They are read there; the users' store writes."""
    registry.show_below(NAMES, _NamesView(users))


def closed_to(registry: Registry, path: str, sid: str) -> bool:
    """Say whether the access list of a key keeps a user out: of the account database, everybody but the system."""
    full = registry.normalise(path).lower()
    return sid != SYSTEM_SID and (full + "\\").startswith(SAM.lower() + "\\")


class _NamesView:
    """The names of the accounts, asked for when someone looks. A class, so that a machine can be copied."""

    def __init__(self, users: Users) -> None:
        self._users = users

    def __call__(self) -> list[str]:
        return [user.name for user in self._users.all()]
