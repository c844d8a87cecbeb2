# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.lab.modules.calls import Guest


def test_a_machine_variable_is_set_and_removed(guest: Guest) -> None:
    made = guest.ok("win_environment", name="HTTP_PROXY", value="http://p:1", level="machine")
    assert made["env_values"]["HTTP_PROXY"] == {"changed": True, "before": None, "after": "http://p:1"}
    assert guest.machine.environment_of("SYSTEM")["HTTP_PROXY"] == "http://p:1"
    assert not guest.ok("win_environment", name="HTTP_PROXY", value="http://p:1", level="machine")["changed"]
    gone = guest.ok("win_environment", variables={"HTTP_PROXY": "", "OTHER": None}, level="machine")
    assert gone["changed"]
    assert guest.machine.environment.get("HTTP_PROXY") is None


def test_a_users_variable_is_not_the_machines(guest: Guest) -> None:
    guest.ok("win_environment", name="MINE", value="1", level="user", state="present")
    assert guest.machine.environment_of("Administrator")["MINE"] == "1"
    assert "MINE" not in guest.machine.environment_of("SYSTEM")


def test_environment_options_exclude_each_other(guest: Guest) -> None:
    message = guest.run("win_environment", variables={"A": "1"}, name="A", level="machine")["msg"]
    assert message == "parameters are mutually exclusive: variables, name"
    assert guest.run("win_environment", level="machine")["msg"] == "one of the following is required: name, variables"


def test_path_keeps_what_is_there(guest: Guest) -> None:
    result = guest.ok("win_path", elements=["%SystemRoot%\\system32", "C:\\Octopus"])
    assert result["changed"]
    assert result["path_value"].startswith("%SystemRoot%\\system32;%SystemRoot%;")
    assert result["path_value"].endswith(";C:\\Octopus")
    assert not guest.ok("win_path", elements=["C:\\octopus\\"])["changed"]
    assert guest.ok("win_path", elements=["C:\\Octopus"], state="absent")["changed"]


def test_a_new_name_waits_for_the_reboot(guest: Guest) -> None:
    result = guest.ok("win_hostname", name="web-1")
    assert (result["changed"], result["reboot_required"]) == (True, True)
    assert guest.machine.name == "WIN-STOCKAMI"
    assert guest.machine.pending_reboot.reasons() == ["computer name"]
    guest.machine.power_off()
    guest.machine.power_on()
    assert guest.machine.name == "WEB-1"
    assert not guest.ok("win_hostname", name="web-1")["changed"]


def test_a_name_that_is_none_fails(guest: Guest) -> None:
    assert guest.run("win_hostname", name="a_b c")["msg"].startswith("Failed to rename computer")


def test_certificates_of_a_store_are_listed(guest: Guest) -> None:
    made = guest.machine.certificates.create_self_signed(["host.example"], friendly_name="x", bits=1024)
    one = guest.ok("win_certificate_info", thumbprint=made.thumbprint)["certificates"][0]
    assert (one["subject"], one["has_private_key"]) == ("CN=host.example", True)
    assert one["dns_names"] == ["host.example", "host.example"]
    assert one["intended_purposes"] == ["Server Authentication"]
    assert guest.ok("win_certificate_info", thumbprint="00")["certificates"] == []


def test_find_filters(guest: Guest) -> None:
    guest.machine.files.write("C:\\f\\a\\1.log", b"12345", parents=True)
    guest.machine.files.write("C:\\f\\2.txt", b"1")
    found = guest.ok("win_find", paths=["C:\\f"], recurse=True, patterns=["*.LOG"])
    assert [one["path"] for one in found["files"]] == ["C:\\f\\a\\1.log"]
    assert (found["examined"], found["matched"]) == (3, 1)
    assert guest.ok("win_find", paths=["C:\\f"], recurse=True, depth=1)["matched"] == 1
    assert guest.ok("win_find", paths=["C:\\f"], recurse=True, size="2b")["matched"] == 1
    assert guest.ok("win_find", paths=["C:\\f"], file_type="directory")["matched"] == 1
    assert "skipping" in guest.ok("win_find", paths=["C:\\none"])["warnings"][0]
    assert guest.run("win_find", paths=["C:\\f"], size="big")["msg"] == "Invalid size pattern specified"


def test_a_temporary_file_is_new_each_time(guest: Guest) -> None:
    one, two = (guest.ok("win_tempfile", suffix=".x")["path"] for _ in range(2))
    assert one != two
    assert guest.machine.files.is_file(one)
    assert guest.machine.files.is_directory(guest.ok("win_tempfile", state="directory")["path"])


def test_facts_tell_of_the_machine(guest: Guest) -> None:
    facts = guest.ok("setup")["ansible_facts"]
    assert facts["ansible_os_family"] == "Windows"
    assert facts["ansible_distribution"] == "Microsoft Windows Server 2022 Datacenter"
    assert facts["ansible_distribution_version"] == "10.0.20348.0"
    assert facts["ansible_machine_id"] == guest.machine.sid
    assert facts["ansible_env"]["SystemRoot"] == "C:\\Windows"
    assert facts["ansible_user_id"] == "Administrator"


def test_subsets_of_facts(guest: Guest) -> None:
    facts = guest.ok("setup", gather_subset=["!all", "!min", "uptime", "colours"], filter=["ansible_*"])
    assert "ansible_uptime_seconds" in facts["ansible_facts"]
    assert "ansible_os_family" not in facts["ansible_facts"]
    assert facts["warnings"] == ["invalid value colours specified in gather_subset"]


@pytest.mark.parametrize(("version", "agent"), [("2016", "v1"), ("2019", "v1"), ("2022", "v2"), ("2025", "v2")])
def test_every_version_boots(version: str, agent: str) -> None:
    from tests.lab.modules.calls import make_guest

    other = make_guest(version, agent)
    assert version in other.ok("setup", gather_subset=["!all", "min"])["ansible_facts"]["ansible_distribution"]
    assert other.ok("win_service_info", name="TermService")["services"][0]["state"] == "stopped"
