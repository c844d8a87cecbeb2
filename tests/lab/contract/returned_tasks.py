# SPDX-License-Identifier: GPL-3.0-or-later
"""Return values of the modules for scheduled tasks."""

from __future__ import annotations

import typing as t

from tests.lab.contract.returned import Result, returns
from tests.lab.modules.calls import Guest

TASK = "community.windows.win_scheduled_task"
STAT = "community.windows.win_scheduled_task_stat"
ACTIONS = [{"path": "cmd.exe", "arguments": "/c exit 0"}]


@returns(TASK)
def win_scheduled_task(guest: Guest) -> t.Iterator[Result]:
    """Nothing is documented."""
    yield guest.ok(TASK, name="lab", actions=ACTIONS, username="SYSTEM")


@returns(STAT)
def win_scheduled_task_stat(guest: Guest) -> t.Iterator[Result]:
    """A task of a user with everything set, a task of a group, a folder, and nothing."""
    about = {key: f"a {key}" for key in ("author", "description", "source", "version", "display_name")}
    limits = {"delete_expired_task_after": "PT10M", "restart_interval": "PT15M", "restart_count": 3}
    triggers = [
        {"type": "boot", "delay": "PT1M"},
        {"type": "time", "start_boundary": "2030-01-02T03:04:05", "end_boundary": "2030-02-02T03:04:05"},
    ]
    guest.ok(TASK, name="full", actions=ACTIONS, username="SYSTEM", triggers=triggers, **about, **limits)
    guest.ok(TASK, name="full", date="2030-01-02T03:04:05")
    guest.ok(TASK, name="group", actions=ACTIONS, group="Administrators", logon_type="group")
    yield guest.ok(STAT, name="full")
    yield guest.ok(STAT, name="group")
    yield guest.ok(STAT, path="\\")
    yield guest.ok(STAT, path="\\nothing", name="nothing")
