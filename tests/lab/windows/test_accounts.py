# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime

import pytest

from lab.windows import accounts
from lab.windows.errors import WindowsError
from lab.windows.machine import Clock, Machine, stock_machine

PASSWORD = "Aa1!aaaa-bbbb"


@pytest.fixture
def machine() -> Machine:
    made = stock_machine("2022", "v2")
    made.users.add("bob", PASSWORD)
    made.users.add_group("deploy")
    return made


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("LocalSystem", "NT AUTHORITY\\SYSTEM"),
        ("system", "NT AUTHORITY\\SYSTEM"),
        ("S-1-5-18", "NT AUTHORITY\\SYSTEM"),
        ("NETWORK SERVICE", "NT AUTHORITY\\NETWORK SERVICE"),
        ("NT AUTHORITY\\LocalService", "NT AUTHORITY\\LOCAL SERVICE"),
        ("Administrators", "BUILTIN\\Administrators"),
        ("BUILTIN\\Users", "BUILTIN\\Users"),
        (".\\BOB", "{host}\\bob"),
        ("deploy", "{host}\\deploy"),
        ("NT SERVICE\\winrm", "NT SERVICE\\WinRM"),
        ("Everyone", "Everyone"),
    ],
)
def test_an_account_has_one_full_name(machine: Machine, given: str, name: str) -> None:
    found = accounts.translate(machine, given)
    assert found.name == name.format(host=machine.name)
    assert accounts.translate(machine, found.sid) == found


@pytest.mark.parametrize("name", ["nobody", "DOMAIN\\Administrator", "NT SERVICE\\nothing", "BUILTIN\\bob", "S-1-5-99"])
def test_an_account_that_is_not_there_is_not_translated(machine: Machine, name: str) -> None:
    with pytest.raises(WindowsError, match="No mapping between account names"):
        accounts.translate(machine, name)


def test_the_sid_of_a_virtual_account_is_that_of_sc_showsid(machine: Machine) -> None:
    installer = accounts.translate(machine, "NT SERVICE\\TrustedInstaller")
    assert installer.sid == "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"


def test_who_may_not_log_on_gives_no_password(machine: Machine) -> None:
    users, bob = machine.users, machine.users.get("bob")
    assert users.password_of("bob") == PASSWORD
    for field, code in (("enabled", 1331), ("password_expired", 1907), ("account_locked", 1909)):
        before = getattr(bob, field)
        setattr(bob, field, not before)
        assert (users.password_of("bob"), users.logon("bob", PASSWORD)) == (None, code)
        setattr(bob, field, before)
    assert users.logon("bob", "wrong") == 1326


def test_an_account_expires_with_time(machine: Machine) -> None:
    machine.users.get("bob").expires = machine.clock() + datetime.timedelta(hours=1)
    assert machine.users.authenticate("bob", PASSWORD)
    machine.clock.source = lambda: datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=2)
    assert isinstance(machine.clock, Clock)
    assert machine.users.password_of("bob") is None
    assert machine.users.logon("bob", PASSWORD) == 1793
