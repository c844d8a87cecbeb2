# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.lab.modules.calls import Guest

KEY = "HKLM:\\SOFTWARE\\Golden"


@pytest.mark.parametrize(
    ("kind", "data", "shown", "raw", "type_name"),
    [
        ("string", "text", "text", "text", "REG_SZ"),
        ("expandstring", "%SystemRoot%\\x", "C:\\Windows\\x", "%SystemRoot%\\x", "REG_EXPAND_SZ"),
        ("dword", "0xffffffff", 4294967295, 4294967295, "REG_DWORD"),
        ("qword", 1 << 40, 1 << 40, 1 << 40, "REG_QWORD"),
        ("multistring", ["a", "b"], ["a", "b"], ["a", "b"], "REG_MULTI_SZ"),
        ("binary", "hex:be,ef", [190, 239], ["0xbe", "0xef"], "REG_BINARY"),
    ],
)
def test_a_value_goes_in_and_out(
    guest: Guest, kind: str, data: object, shown: object, raw: object, type_name: str
) -> None:
    args = {"path": KEY, "name": "v", "data": data, "type": kind}
    assert guest.ok("win_regedit", **args)["changed"]
    again = guest.ok("win_regedit", **args)
    assert (again["changed"], again["data_changed"], again["data_type_changed"]) == (False, False, False)
    value = guest.ok("win_reg_stat", path=KEY, name="v")
    assert (value["exists"], value["value"], value["raw_value"], value["type"]) == (True, shown, raw, type_name)


def test_a_change_of_type_is_told(guest: Guest) -> None:
    guest.ok("win_regedit", path=KEY, name="v", data="1", type="string")
    result = guest.ok("win_regedit", path=KEY, name="v", data=2, type="dword")
    assert (result["data_changed"], result["data_type_changed"]) == (True, True)
    assert result["diff"]["after"][KEY]["v"] == {"type": "DWord", "value": "0x00000002"}


def test_a_key_lists_values_and_sub_keys(guest: Guest) -> None:
    guest.ok("win_regedit", path=f"{KEY}\\Sub")
    guest.ok("win_regedit", path=KEY, name="v", data="1")
    key = guest.ok("win_reg_stat", path=KEY)
    assert key["sub_keys"] == ["Sub"]
    assert key["properties"]["v"]["value"] == "1"
    assert guest.ok("win_reg_stat", path=KEY, name="w") == guest.ok("win_reg_stat", path=KEY, name="w") | {
        "exists": False
    }


def test_values_and_keys_go(guest: Guest) -> None:
    guest.ok("win_regedit", path=KEY, name="v", data="1")
    assert guest.ok("win_regedit", path=KEY, name="v", state="absent")["changed"]
    assert guest.machine.registry.key_exists(KEY)
    assert guest.ok("win_regedit", path=KEY, state="absent", check=True)["changed"]
    assert guest.ok("win_regedit", path=KEY, state="absent")["changed"]
    assert not guest.ok("win_regedit", path=KEY, state="absent")["changed"]


def test_each_user_has_a_hive(guest: Guest) -> None:
    guest.ok("win_regedit", path="HKCU:\\Software\\G", name="v", data="mine")
    assert not guest.ok("win_reg_stat", path="HKCU:\\Software\\G", name="v", become_user="SYSTEM")["exists"]
    sid = guest.machine.user_sid("Administrator")
    assert guest.ok("win_reg_stat", path=f"HKU:\\{sid}\\Software\\G", name="v")["value"] == "mine"


@pytest.mark.parametrize("path", ["HKLM\\SOFTWARE", "SOFTWARE", "HKXX:\\a"])
def test_a_path_that_is_none_fails(guest: Guest, path: str) -> None:
    assert "is not a valid" in guest.run("win_regedit", path=path, name="v")["msg"]


def test_a_number_too_large_fails(guest: Guest) -> None:
    message = guest.run("win_regedit", path=KEY, name="v", data=1 << 33, type="dword")["msg"]
    assert message == "data cannot be larger than 0xffffffff when type is dword"
