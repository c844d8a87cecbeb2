# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

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
        ({"triggers": [{"type": "sometimes"}]}, "the specified trigger type 'sometimes' is not valid"),
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


REPEATED = {
    "type": "registration",
    "repetition": {"interval": "PT1M", "duration": "PT5M", "stop_at_duration_end": True},
}
REFUSED_TRIGGERS: list[tuple[dict[str, t.Any], str]] = [
    (
        {"type": "boot", "repetition": {"interval": "PT9M", "duration": "PT5M"}},
        "must be less than or equal to 'duration'",
    ),
    ({"type": "boot", "repetition": {"interval": "9"}}, "option 'interval' must be in the XML duration format"),
    ({"type": "daily"}, "mandatory key 'start_boundary' for trigger is not set"),
    ({"type": "weekly", "days_of_week": "someday"}, "invalid day of week 'someday'"),
    ({"type": "monthly", "days_of_month": [32]}, "invalid day of month '32'"),
    ({"type": "session_state_change", "state_change": "x"}, "invalid state_change 'x'"),
]


def test_a_trigger_repeats_and_a_second_run_changes_nothing(guest: Guest) -> None:
    call = {"name": "R", "actions": [ACTION], "triggers": [REPEATED], "username": "NETWORK SERVICE"}
    assert guest.ok(TASK, **call)["changed"]
    assert not guest.ok(TASK, **call)["changed"]
    shown = guest.ok(STAT, name="R")
    assert shown["triggers"][0]["repetition"] == REPEATED["repetition"]
    assert shown["principal"]["user_id"] == "NT AUTHORITY\\NETWORK SERVICE"
    assert shown["principal"]["logon_type"] == "TASK_LOGON_SERVICE_ACCOUNT"


@pytest.mark.parametrize(("trigger", "text"), REFUSED_TRIGGERS, ids=[text for _, text in REFUSED_TRIGGERS])
def test_a_trigger_that_cannot_be_is_refused(guest: Guest, trigger: dict[str, t.Any], text: str) -> None:
    assert text in guest.run(TASK, name="T", actions=[ACTION], triggers=[trigger])["msg"]


def test_a_new_task_stays_bare_when_its_triggers_lack_something(guest: Guest) -> None:
    call = {"name": "B", "actions": [ACTION], "triggers": [{"type": "daily"}], "username": "SYSTEM"}
    assert guest.ok(TASK, check=True, **call)["changed"]  # nothing is looked at as long as there is no task
    assert guest.run(TASK, **call)["changed"]
    assert guest.ok(STAT, name="B")["triggers"] == []


def test_unknown_keys_of_a_trigger_are_ignored_with_a_warning(guest: Guest) -> None:
    result = guest.ok(TASK, name="W", actions=[ACTION], triggers=[{"type": "boot", "days_interval": 2}])
    assert "key 'days_interval' for trigger entry is not valid and will be ignored" in result["warnings"][0]


def test_s4u_wants_a_password(guest: Guest) -> None:
    result = guest.run(TASK, name="S", actions=[ACTION], username="Administrator", logon_type="s4u")
    assert result["msg"] == "password must be set when logon_type=s4u"


def test_calendar_names_are_shown_in_their_order(guest: Guest) -> None:
    start = {"start_boundary": "2030-01-02T03:04:05+02:00"}
    weekly = {"type": "weekly", "days_of_week": "friday, Monday", **start}
    monthly = {"type": "monthlydow", "weeks_of_month": [3, 1], "months_of_year": ["may", "april"], **start}
    guest.ok(TASK, name="C", actions=[ACTION], triggers=[weekly, monthly])
    first, second = guest.ok(STAT, name="C")["triggers"]
    assert (first["days_of_week"], first["weeks_interval"]) == ("monday,friday", 1)
    assert first["start_boundary"] == "2030-01-02T01:04:05+00:00"
    assert (second["weeks_of_month"], second["months_of_year"]) == ("1,3,4", "april,may")  # the module's own slip
