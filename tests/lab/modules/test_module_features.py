# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from tests.lab.modules.calls import Guest


def test_iis_brings_its_service_and_its_defaults(guest: Guest) -> None:
    result = guest.ok("win_feature", name=["Web-Server", "Web-Asp-Net45"], include_management_tools=True)
    assert result["changed"]
    assert (result["exitcode"], result["reboot_required"], result["success"]) == ("Success", False, True)
    names = {one["display_name"] for one in result["feature_result"]}
    assert {"Web Server (IIS)", "Default Document", "ASP.NET 4.8", "IIS Management Console"} <= names
    assert guest.machine.services.get("W3SVC").state == "Running"
    again = guest.ok("win_feature", name=["Web-Server", "Web-Asp-Net45"], include_management_tools=True)
    assert (again["changed"], again["exitcode"], again["feature_result"]) == (False, "NoChangeNeeded", [])


def test_check_mode_only_says_what_would_come(guest: Guest) -> None:
    would = guest.ok("win_feature", name="Web-Server", check=True)
    assert would["changed"]
    assert len(would["feature_result"]) > 5
    assert not guest.machine.features.get("Web-Server").installed


def test_a_payload_that_is_gone_needs_a_source(guest: Guest) -> None:
    result = guest.run("win_feature", name="NET-Framework-Core")
    assert result["failed"]
    assert "The source files could not be found" in result["msg"]
    guest.machine.files.mkdir("C:\\sxs")
    assert guest.ok("win_feature", name="NET-Framework-Core", source="C:\\sxs")["changed"]


def test_an_unknown_feature_fails(guest: Guest) -> None:
    result = guest.run("win_feature", name="Web-Sevrer")
    assert "Web-Sevrer" in result["msg"]


def test_a_feature_that_needs_a_restart_leaves_it_pending(guest: Guest) -> None:
    result = guest.ok("win_feature", name="Containers")
    assert (result["exitcode"], result["reboot_required"]) == ("SuccessRestartRequired", True)
    facts = guest.ok("setup", gather_subset=["!all", "platform"])["ansible_facts"]
    assert facts["ansible_reboot_pending"]
    guest.machine.power_off()
    guest.machine.power_on()
    facts = guest.ok("setup", gather_subset=["!all", "platform"])["ansible_facts"]
    assert not facts["ansible_reboot_pending"]


def test_removal_takes_what_is_below(guest: Guest) -> None:
    guest.ok("win_feature", name="Web-Server")
    result = guest.ok("win_feature", name="Web-Server", state="absent")
    assert result["reboot_required"]
    assert guest.machine.services.find("W3SVC") is None
    assert guest.ok("win_feature_info", name="Web-Default-Doc")["features"][0]["install_state"] == "Available"


def test_info_has_the_tree(guest: Guest) -> None:
    found = guest.ok("win_feature_info", name="Web-WebServer")["features"]
    assert found[0]["parent"] == "Web-Server"
    assert found[0]["feature_type"] == "Role Service"
    assert "Web-Common-Http" in found[0]["sub_features"]
    assert not guest.ok("win_feature_info", name="Nothing*")["exists"]
