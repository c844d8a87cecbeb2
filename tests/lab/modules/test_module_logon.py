# SPDX-License-Identifier: GPL-3.0-or-later
"""What win_user and win_service say of accounts, and who can log on then: over the wire too."""

from __future__ import annotations

import typing as t

import pytest
import winrm
import winrm.exceptions

from tests.lab.modules.calls import PASSWORD, Guest
from tests.lab.modules.endpoint import served

PAST = "2020-01-02"


@pytest.fixture
def bob(guest: Guest) -> Guest:
    guest.ok("win_user", name="bob", password=PASSWORD, groups=["Administrators"])
    return guest


def _log_on(port: int) -> int:
    options = {"transport": "ntlm", "server_cert_validation": "ignore", "proxy": None}
    session = winrm.Session(f"https://127.0.0.1:{port}/wsman", auth=("bob", PASSWORD), **options)
    return int(session.run_cmd("whoami").status_code)


@pytest.mark.parametrize(
    ("change", "back"),
    [
        ({"account_expires": PAST}, {"account_expires": "never"}),
        ({"account_disabled": True}, {"account_disabled": False}),
        ({"password_expired": True}, {"password_expired": False}),
    ],
    ids=["expired", "disabled", "to be changed"],
)
def test_who_may_not_log_on_is_refused_over_winrm(bob: Guest, change: dict[str, t.Any], back: dict[str, t.Any]) -> None:
    with served(bob) as port:
        assert _log_on(port) == 0
        bob.ok("win_user", name="bob", **change)
        with pytest.raises(winrm.exceptions.InvalidCredentialsError):
            _log_on(port)
        bob.ok("win_user", name="bob", **back)
        assert _log_on(port) == 0


def test_the_password_of_an_expired_user_cannot_be_checked(bob: Guest) -> None:
    bob.ok("win_user", name="bob", account_expires=PAST)
    result = bob.run("win_user", name="bob", password=PASSWORD)
    assert result["msg"] == (
        "Failed to validate the user's credentials: Failed to logon .\\bob (The user's account has expired, "
        "Win32ErrorCode 1793 - 0x00000701)"
    )
    assert bob.ok("win_user", name="bob", password=PASSWORD + "x")["changed"]  # a wrong one is noticed first


def test_a_user_cannot_be_locked(bob: Guest) -> None:
    assert (
        bob.run("win_user", name="bob", account_locked=True)["msg"] == "account_locked must be set to 'no' if provided"
    )


def test_paths_of_a_user_are_compared_without_case(bob: Guest) -> None:
    assert bob.ok("win_user", name="bob", profile="C:\\Profiles\\bob", fullname="Bob")["changed"]
    assert not bob.ok("win_user", name="bob", profile="c:\\profiles\\BOB")["changed"]
    assert bob.ok("win_user", name="bob", fullname="BOB")["changed"]


def test_check_mode_does_not_look_at_a_new_users_password(guest: Guest) -> None:
    assert guest.ok("win_user", name="new", password="short", check=True)["changed"]
    assert "password policy" in guest.run("win_user", name="new", password="short")["msg"]


def test_a_service_can_run_as_its_virtual_account(guest: Guest) -> None:
    guest.machine.files.write("C:\\lab.exe", b"MZ")
    call = {"name": "Lab Service", "path": "C:\\lab.exe", "username": "nt service\\lab service"}
    done = guest.ok("win_service", **call)
    assert done["username"] == "NT SERVICE\\Lab Service"
    assert not guest.ok("win_service", **call)["changed"]
    assert guest.ok("win_service_info", name="Lab Service")["services"][0]["username"] == "NT SERVICE\\Lab Service"
    refused = guest.run("win_service", name="Lab Service", username="NT SERVICE\\other")
    assert "Some or all identity references could not be translated" in refused["msg"]


def test_well_known_accounts_can_be_members(guest: Guest) -> None:
    call = {"name": "Backup Operators", "members": ["SYSTEM", "NT SERVICE\\WinRM"]}
    done = guest.ok("win_group_membership", **call)
    assert done["added"] == ["NT AUTHORITY\\SYSTEM", "NT SERVICE\\WinRM"]
    assert not guest.ok("win_group_membership", **call)["changed"]
