# SPDX-License-Identifier: GPL-3.0-or-later
"""The account database in the registry: only the system reads it, nobody writes it."""

from __future__ import annotations

import pytest

from lab.windows.account_registry import NAMES
from lab.windows.errors import UnsupportedError
from tests.lab.modules.calls import make_guest

PATH = NAMES.replace("HKLM", "HKLM:", 1)


def test_the_system_sees_the_accounts_that_are_there_now() -> None:
    guest = make_guest()
    guest.ok("win_user", name="packer", password="Aa1!aaaa-cccc")
    found = guest.ok("win_reg_stat", path=PATH, become_user="SYSTEM")
    assert found["sub_keys"] == ["Administrator", "DefaultAccount", "Guest", "packer", "WDAGUtilityAccount"]
    guest.ok("win_user", name="packer", state="absent")
    assert "packer" not in guest.ok("win_reg_stat", path=PATH, become_user="SYSTEM")["sub_keys"]


def test_an_administrator_is_refused() -> None:
    result = make_guest().run("win_reg_stat", path=PATH)
    assert "Requested registry access is not allowed" in result["msg"]


def test_an_image_has_accounts_of_its_own() -> None:
    machine = make_guest().machine
    copy = machine.snapshot()
    machine.users.add("packer")
    assert "packer" in machine.registry.subkeys(NAMES)
    assert "packer" not in copy.registry.subkeys(NAMES)


@pytest.mark.parametrize("path", [NAMES, NAMES + "\\Guest"])
def test_nobody_writes_there(path: str) -> None:
    machine = make_guest().machine
    with pytest.raises(UnsupportedError):
        machine.registry.set(path, "x", 1)
