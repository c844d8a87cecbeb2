# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.lab.modules.calls import Guest

TASK = "community.windows.win_scheduled_task"
STAT = "community.windows.win_scheduled_task_stat"
ACTION = {"path": "C:\\Windows\\System32\\hostname.exe"}


def test_a_task_is_made_shown_and_removed(guest: Guest) -> None:
    wanted = {
        "name": "Seal",
        "path": "\\Golden",
        "actions": [ACTION | {"arguments": "a b"}],
        "triggers": [{"type": "boot", "delay": "PT5S"}],
        "username": "SYSTEM",
        "run_level": "highest",
        "execution_time_limit": "PT2H",
    }
    assert guest.ok(TASK, **wanted)["changed"]
    assert not guest.ok(TASK, **wanted)["changed"]
    shown = guest.ok(STAT, path="\\Golden", name="Seal")
    assert shown["task_exists"]
    assert shown["principal"]["logon_type"] == "TASK_LOGON_SERVICE_ACCOUNT"
    assert shown["principal"]["run_level"] == "TASK_RUNLEVEL_HIGHEST"
    assert shown["settings"]["execution_time_limit"] == "PT2H"
    assert shown["triggers"][0]["type"] == "TASK_TRIGGER_BOOT"
    assert shown["state"]["status"] == "TASK_STATE_READY"
    assert guest.ok(TASK, name="Seal", path="\\Golden", state="absent")["changed"]
    assert not guest.ok(STAT, path="\\Golden")["folder_exists"]


def test_a_registration_trigger_runs_the_task(guest: Guest) -> None:
    work: list[object] = []
    guest.machine.attach(background=work.append)
    call = {"name": "Now", "actions": [ACTION], "username": "SYSTEM", "triggers": [{"type": "registration"}]}
    guest.ok(TASK, check=True, **call)
    assert not work
    guest.ok(TASK, **call)
    assert len(work) == 1
    work[0]()  # type: ignore[operator]
    assert guest.ok(STAT, name="Now")["state"]["last_task_result"] == 0


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"actions": []}, "cannot create a task with no actions"),
        ({"triggers": [{"type": "sometimes"}]}, "Argument type needs to be one of"),
        ({"triggers": [{"type": "boot", "delay": "5s"}]}, "must be in the XML duration format but was '5s'"),
        ({"username": "SYSTEM", "group": "Users"}, "username and group can not be set at the same time"),
        ({"username": "nobody"}, "is not a valid account"),
        ({"name": "a/b"}, "Invalid task name 'a/b'"),
        ({"actions": [{"arguments": "x"}]}, "path"),
    ],
    ids=["no action", "trigger", "duration", "principal", "user", "name", "action without path"],
)
def test_what_the_scheduler_refuses_fails(guest: Guest, args: dict[str, object], text: str) -> None:
    result = guest.run(TASK, **({"name": "T", "actions": [ACTION]} | args))
    assert result["failed"]
    assert text in result["msg"]
