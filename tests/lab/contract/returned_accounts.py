# SPDX-License-Identifier: GPL-3.0-or-later
"""Return values of the modules for accounts."""

from __future__ import annotations

import typing as t

from tests.lab.contract.returned import Result, returns
from tests.lab.modules.calls import PASSWORD, Guest


@returns("ansible.windows.win_user")
def win_user(guest: Guest) -> t.Iterator[Result]:
    """Made, looked at, removed and no longer there."""
    yield guest.ok("win_user", name="lab", password=PASSWORD, groups=["Users"], fullname="Lab", description="lab")
    yield guest.ok("win_user", name="lab", state="query")
    yield guest.ok("win_user", name="lab", state="absent")
    yield guest.ok("win_user", name="lab", state="query")


@returns("ansible.windows.win_group")
def win_group(guest: Guest) -> t.Iterator[Result]:
    """Made, and removed."""
    yield guest.ok("win_group", name="lab", description="lab")
    yield guest.ok("win_group", name="lab", state="absent")


@returns("ansible.windows.win_group_membership")
def win_group_membership(guest: Guest) -> t.Iterator[Result]:
    """Each of the states."""
    for state in ("present", "absent", "pure"):
        yield guest.ok("win_group_membership", name="Backup Operators", members=["Guest"], state=state)


@returns("ansible.windows.win_whoami")
def win_whoami(guest: Guest) -> t.Iterator[Result]:
    """An administrator, and SYSTEM."""
    yield guest.ok("win_whoami")
    yield guest.ok("win_whoami", become_user="SYSTEM")
