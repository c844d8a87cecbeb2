# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.lab.modules.calls import Guest

EXE = "C:\\App\\app.exe"


@pytest.fixture
def app(guest: Guest) -> Guest:
    guest.machine.files.write(EXE, b"MZ", parents=True)
    return guest


def test_a_service_is_made_started_and_deleted(app: Guest) -> None:
    made = app.ok("win_service", name="App", path=f'"{EXE}" --service', start_mode="delayed", state="started")
    assert (made["changed"], made["exists"], made["state"], made["start_mode"]) == (True, True, "running", "delayed")
    assert made["username"] == "LocalSystem"
    again = app.ok("win_service", name="App", path=f'"{EXE}" --service', start_mode="delayed", state="started")
    assert not again["changed"]
    gone = app.ok("win_service", name="App", state="absent")
    assert gone["changed"]
    assert not gone["exists"]
    assert not app.ok("win_service", name="App", state="absent")["changed"]


def test_check_mode_changes_nothing(app: Guest) -> None:
    would = app.ok("win_service", name="App", path=EXE, state="started", check=True)
    assert would["changed"]
    assert app.machine.services.find("App") is None


def test_a_service_without_its_binary_does_not_start(guest: Guest) -> None:
    result = guest.run("win_service", name="App", path="C:\\nowhere\\app.exe", state="started")
    assert result["failed"]
    assert "cannot be started due to the following error" in result["msg"]
    assert guest.ok("win_service_info", name="App")["services"][0]["state"] == "stopped"


def test_a_disabled_service_does_not_start(app: Guest) -> None:
    app.ok("win_service", name="App", path=EXE, start_mode="disabled")
    assert app.run("win_service", name="App", state="started")["failed"]


def test_what_others_need_stops_only_by_force(guest: Guest) -> None:
    guest.ok("win_feature", name="Web-Server")
    result = guest.run("win_service", name="WAS", state="stopped")
    assert "dependent services" in result["msg"]
    assert guest.ok("win_service", name="WAS", state="stopped", force_dependent_services=True)["changed"]
    assert guest.ok("win_service_info", name="W3SVC")["services"][0]["state"] == "stopped"
    guest.ok("win_service", name="W3SVC", state="started")
    assert guest.ok("win_service_info", name="WAS")["services"][0]["state"] == "started"


def test_a_service_that_is_not_there_needs_a_path(guest: Guest) -> None:
    message = guest.run("win_service", name="App", state="started")["msg"]
    assert message == "Service 'App' is not installed, need to set 'path' to create a new service"


def test_failure_actions_and_account_are_kept(app: Guest) -> None:
    wanted = {
        "name": "App",
        "path": EXE,
        "failure_actions": [{"type": "restart", "delay_ms": 5000}, {"type": "none"}],
        "failure_reset_period_sec": 60,
        "dependencies": ["RpcSs"],
        "username": "NT AUTHORITY\\NetworkService",
        "description": "An app",
    }
    assert app.ok("win_service", **wanted)["changed"]
    shown = app.ok("win_service_info", name="App")["services"][0]
    assert shown["failure_actions"] == [{"type": "restart", "delay_ms": 5000}, {"type": "none", "delay_ms": 0}]
    assert shown["username"] == "NT AUTHORITY\\NETWORK SERVICE"
    assert shown["dependencies"] == ["RpcSs"]
    assert not app.ok("win_service", **wanted)["changed"]


def test_a_missing_sub_option_names_its_parent(app: Guest) -> None:
    message = app.run("win_service", name="App", path=EXE, failure_actions=[{"delay_ms": 1}])["msg"]
    assert message == "missing required arguments: type found in failure_actions"


def test_a_password_needs_a_user(app: Guest) -> None:
    message = app.run("win_service", name="App", path=EXE, password="secret-word")["msg"]
    assert message == "missing parameter(s) required by 'password': username"


def test_a_secret_does_not_come_back(app: Guest) -> None:
    app.machine.users.add("svc", "Aa1!aaaa-bbbb")
    result = app.ok("win_service", name="App", path=EXE, username=".\\svc", password="Secret-Word-1")
    assert "Secret-Word-1" not in str(result)
    assert result["invocation"]["module_args"]["password"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_info_tells_of_one_of_many_and_of_none(guest: Guest) -> None:
    one = guest.ok("win_service_info", name="winrm")
    assert [service["name"] for service in one["services"]] == ["WinRM"]
    assert one["services"][0]["start_mode"] == "auto"
    assert len(guest.ok("win_service_info")["services"]) > 40
    none = guest.ok("win_service_info", name="OctopusDeploy Tentacle*")
    assert (none["exists"], none["services"]) == (False, [])


def test_what_starts_a_service_by_itself_is_shown(guest: Guest) -> None:
    start, stop = guest.ok("win_service_info", name="W32Time")["services"][0]["triggers"]
    assert (start["action"], start["type"], start["sub_type"]) == ("start_service", "domain_join", "domain_join")
    assert (stop["action"], stop["sub_type"], stop["data_items"]) == ("stop_service", "domain_leave", [])
    assert start["sub_type_guid"] == "1ce20aba-9851-4421-9430-1ddeb766e809"
