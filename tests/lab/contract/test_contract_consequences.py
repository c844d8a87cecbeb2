# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with one module shows in the others, in programs and from outside: state has consequences.

What an image carries on is in tests/lab/test_boot.py and tests/lab/ec2.
"""

from __future__ import annotations

import pytest

from lab.execution import execute
from lab.windows import ports
from tests.lab.contract import example_guest
from tests.lab.modules.calls import PASSWORD, Guest, encoded

FIREWALL = "community.windows.win_firewall_rule"
UNINSTALL = "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
WINLOGON = "HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon"


@pytest.fixture(scope="module")
def pristine() -> Guest:
    return example_guest.make()


@pytest.fixture
def guest(pristine: Guest) -> Guest:
    """A guest with some files, a web server to ask and accounts."""
    guest = Guest(pristine.machine.snapshot())
    guest.machine.attach(network=pristine.machine.network)
    return guest


def _restart(guest: Guest) -> None:
    guest.machine.power_off()
    guest.machine.power_on()


def _says(guest: Guest, script: str) -> str:
    done = execute(guest.machine, encoded(script), b"", "Administrator")
    return (done.stdout + done.stderr).decode().strip()


def test_a_service_does_not_start_once_its_program_is_gone(guest: Guest) -> None:
    guest.ok("win_service", name="service1", state="started")
    guest.ok("win_service", name="service1", state="stopped")
    guest.ok("win_file", path="C:\\temp\\test.exe", state="absent")
    assert "cannot be started" in guest.run("win_service", name="service1", state="started")["msg"]
    assert execute(guest.machine, "sc.exe start service1", b"", "SYSTEM").rc != 0
    assert "service1" in _says(guest, "Start-Service service1")
    _restart(guest)
    assert guest.ok("win_service_info", name="service1")["services"][0]["state"] == "stopped"


def test_a_service_does_not_run_without_those_it_depends_on(guest: Guest) -> None:
    guest.ok("win_service", name="service2", dependencies=["service1"])
    guest.ok("win_service", name="service2", state="started")
    assert guest.ok("win_service_info", name="service1")["services"][0]["state"] == "started"
    guest.ok("win_service", name="service2", state="stopped")
    guest.ok("win_service", name="service1", state="stopped", start_mode="disabled")
    assert guest.run("win_service", name="service2", state="started")["failed"]


def test_what_a_package_brought_goes_with_it(guest: Guest) -> None:
    zipper = "C:\\Program Files\\7-Zip\\7z.exe"
    guest.ok("win_package", path="C:\\temp\\7z.exe", product_id="7-Zip", arguments="/S")
    assert guest.ok("win_stat", path=zipper)["stat"]["exists"]
    assert guest.ok("win_reg_stat", path=f"{UNINSTALL}\\7-Zip", name="DisplayName")["value"] == "7-Zip"
    guest.ok("win_service", name="zip", path=f'"{zipper}"', state="started")
    guest.ok("win_service", name="zip", state="stopped")
    guest.ok("win_package", product_id="7-Zip", state="absent")
    assert not guest.ok("win_stat", path=zipper)["stat"]["exists"]
    assert guest.run("win_service", name="zip", state="started")["failed"]
    assert not guest.ok("win_reg_stat", path=f"{UNINSTALL}\\7-Zip")["exists"]


def test_a_download_needs_a_way_out(guest: Guest) -> None:
    call = {"url": "http://www.example.com/earthrise.jpg", "dest": "C:\\bar\\picture.jpg"}
    guest.machine.network.direct = False
    for module, args in (("win_get_url", call), ("win_package", {"path": example_guest.RDCMAN_URL})):
        assert "Unable to connect to the remote server" in guest.run(module, **args)["msg"]
    assert "Unable to connect" in _says(guest, f"Invoke-WebRequest {call['url']} -OutFile C:\\x -UseBasicParsing")
    guest.ok("win_inet_proxy", proxy="10.0.0.1:8080")
    assert guest.ok("win_get_url", **call)["changed"]
    guest.ok("win_inet_proxy", proxy="10.0.0.2:8080")
    assert guest.run("win_get_url", force=True, **call)["failed"]


def test_an_account_that_is_gone_or_off_cannot_log_on(guest: Guest) -> None:
    def logs_on() -> bool:
        become = {"become_user": "bob", "become_password": PASSWORD}
        return not guest.run("win_whoami", **become).get("failed")

    assert logs_on()
    guest.ok("win_user", name="bob", account_disabled=True, update_password="on_create")
    assert not logs_on()
    guest.ok("win_user", name="bob", account_disabled=False, update_password="on_create")
    assert logs_on()
    guest.ok("win_user", name="bob", password="Zz9!zzzz-yyyy")
    assert not logs_on()
    guest.ok("win_user", name="bob", state="absent")
    assert not logs_on()


def test_rights_follow_the_group(guest: Guest) -> None:
    as_bob = {"become_user": "bob", "become_password": PASSWORD}

    def groups() -> list[str]:
        return [one["account_name"] for one in guest.ok("win_whoami", **as_bob)["groups"]]

    assert "Administrators" not in groups()
    guest.ok("win_group_membership", name="Administrators", members=["bob"], state="present")
    assert "Administrators" in groups()


def test_a_web_server_listens_while_it_runs(guest: Guest) -> None:
    def waits(state: str) -> bool:
        return not guest.run("win_wait_for", port=80, state=state, timeout=1).get("failed")

    assert waits("stopped")
    guest.ok("win_feature", name="Web-Server")
    assert waits("started")
    guest.ok("win_service", name="W3SVC", state="stopped")
    assert waits("stopped")
    guest.ok("win_service", name="W3SVC", state="started")
    guest.ok("win_feature", name="Web-Server", state="absent")
    _restart(guest)
    assert guest.ok("win_service_info", name="W3SVC")["exists"] is False
    assert waits("stopped")


def test_the_firewall_decides_who_reaches_a_port(guest: Guest) -> None:
    admits = guest.machine.firewall.admits
    rule = {"name": "web", "localport": "80", "direction": "in", "action": "allow", "protocol": "tcp"}
    assert not admits("10.0.0.9", 80)
    guest.ok(FIREWALL, **rule, remoteip="10.0.0.0/24")
    assert (admits("10.0.0.9", 80), admits("10.0.1.9", 80)) == (True, False)
    guest.ok(FIREWALL, name="not him", localport="80", direction="in", action="block", protocol="tcp")
    assert not admits("10.0.0.9", 80)
    guest.ok("win_firewall", state="disabled", profiles=["Domain", "Private", "Public"])
    assert admits("10.0.0.9", 80)


def test_winrm_falls_silent_with_its_certificate_or_its_service(guest: Guest) -> None:
    made = guest.machine.certificates.create_self_signed(["host"])
    guest.machine.winrm.add_listener("HTTPS", thumbprint=made.thumbprint)
    assert 5986 in ports.listening(guest.machine)
    guest.ok("win_certificate_store", thumbprint=made.thumbprint, state="absent")
    assert 5986 not in ports.listening(guest.machine)
    assert 5985 in ports.listening(guest.machine)
    guest.ok("win_service", name="WinRM", state="stopped")
    assert not {5985, 5986} & ports.listening(guest.machine)


def test_a_new_name_is_in_force_after_the_restart(guest: Guest) -> None:
    old = _says(guest, "hostname")
    assert guest.ok("win_hostname", name="renamed")["reboot_required"]
    assert (_says(guest, "hostname"), _says(guest, "$env:COMPUTERNAME")) == (old, old)
    _restart(guest)
    assert _says(guest, "hostname").lower() == "renamed"
    assert guest.ok("setup", gather_subset=["min"])["ansible_facts"]["ansible_hostname"].lower() == "renamed"


def test_a_process_sees_the_environment_of_its_start(guest: Guest) -> None:
    guest.ok("win_environment", level="machine", variables={"ANSWER": "42"})
    guest.ok("win_path", elements=["C:\\Program Files\\My Application"])
    assert _says(guest, "$env:ANSWER") == "42"
    assert guest.ok("win_command", cmd="run.exe -force")["rc"] == 0
    guest.ok("win_path", elements=["C:\\Program Files\\My Application"], state="absent")
    assert "cannot find the file" in guest.run("win_command", cmd="run.exe -force")["msg"]


def test_a_task_that_is_off_does_not_run(guest: Guest) -> None:
    name = "community.windows.win_scheduled_task"
    guest.ok(name, name="TaskName2", enabled=False)
    assert execute(guest.machine, "schtasks.exe /Run /TN TaskName2", b"", "SYSTEM").rc != 0
    guest.ok(name, name="TaskName2", state="absent")
    assert execute(guest.machine, "schtasks.exe /Run /TN TaskName2", b"", "SYSTEM").rc != 0


def test_the_registry_is_what_modules_and_scripts_share(guest: Guest) -> None:
    key = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\service1"
    guest.ok("win_regedit", path=key, name="Start", data=4, type="dword")
    assert guest.ok("win_service_info", name="service1")["services"][0]["start_mode"] == "disabled"
    guest.ok("win_regedit", path=WINLOGON, name="Shell", data="mine", type="string")
    assert _says(guest, f"(Get-ItemProperty '{WINLOGON}').Shell") == "mine"
