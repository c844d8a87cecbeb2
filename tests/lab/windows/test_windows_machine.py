# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime

import pytest

from lab.windows.errors import NetworkError, WindowsError
from lab.windows.machine import Clock, Machine, stock_machine
from lab.windows.pending import CBS
from lab.windows.stock import IMAGE_STATE_KEY, SEALED
from lab.windows.stock import stock_machine as build

AGENTS = [("2016", "v1"), ("2019", "v1"), ("2022", "v2"), ("2025", "v2")]


@pytest.fixture
def machine() -> Machine:
    made = stock_machine("2022", "v2")
    made.power_on()
    return made


@pytest.mark.parametrize(("version", "agent"), AGENTS)
def test_a_stock_machine_is_sealed_and_starts_all_its_services(version: str, agent: str) -> None:
    machine = stock_machine(version, agent)
    assert machine.registry.data(IMAGE_STATE_KEY, "ImageState") == SEALED
    assert machine.users.password_of("Administrator") is None
    assert machine.power_on() == []
    assert machine.services.get("AmazonSSMAgent").state == "Running"
    v2 = machine.files.is_file("C:\\Program Files\\Amazon\\EC2Launch\\EC2Launch.exe")
    v1 = machine.files.is_file("C:\\ProgramData\\Amazon\\EC2-Windows\\Launch\\Scripts\\SysprepInstance.ps1")
    assert (v1, v2) == (agent == "v1", agent == "v2")


def test_only_known_versions_and_agents() -> None:
    with pytest.raises(KeyError):
        stock_machine("2012", "v1")
    with pytest.raises(ValueError, match="cloudbase-init"):
        stock_machine("2022", "cloudbase-init")


def test_two_machines_share_nothing() -> None:
    one, two = stock_machine("2022", "v2"), stock_machine("2022", "v2")
    one.files.write("C:\\a", b"1")
    one.registry.set("HKLM:\\SOFTWARE\\G", "v", 1)
    one.environment.set("X", "1")
    assert not two.files.exists("C:\\a")
    assert not two.registry.key_exists("HKLM:\\SOFTWARE\\G")
    assert two.environment.get("X") is None


def test_a_snapshot_is_the_state_without_attachments(machine: Machine) -> None:
    asked: list[str] = []
    machine.attach(power=lambda action, delay: asked.append(action), log=asked.append)
    copy = machine.snapshot()
    machine.files.write("C:\\later", b"")
    machine.services.stop("Spooler")
    assert (copy.name, copy.sid) == (machine.name, machine.sid)
    assert not copy.files.exists("C:\\later")
    assert copy.services.get("Spooler").state == "Running"
    machine.power("reboot")
    assert asked == ["reboot"]
    with pytest.raises(WindowsError, match="power"):
        copy.power("reboot")
    with pytest.raises(NetworkError):
        _ = copy.network


def test_stores_of_a_snapshot_belong_together(machine: Machine) -> None:
    copy = machine.snapshot()
    copy.services.create("New", "C:\\new.exe")
    assert copy.registry.key_exists("HKLM:\\SYSTEM\\CurrentControlSet\\Services\\New")
    assert machine.services.find("New") is None
    copy.winrm.remove_listener("HTTP")
    assert copy.winrm.listening(5985) is None
    assert machine.winrm.listening(5985) is not None


def test_core_has_no_desktop_features() -> None:
    assert stock_machine("2022", "v2", core=True).features.find("XPS-Viewer") is None
    assert stock_machine("2022", "v2").features.find("XPS-Viewer") is not None


def test_a_service_is_its_registry_key(machine: Machine) -> None:
    machine.registry.set("HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Spooler", "Start", 4)
    assert machine.services.get("Spooler").start_mode == "disabled"
    machine.services.stop("Spooler")
    with pytest.raises(WindowsError, match="disabled"):
        machine.services.start("Spooler")


def test_a_service_starts_what_it_needs_and_not_without_its_binary(machine: Machine) -> None:
    machine.files.write("C:\\app\\a b.exe", b"MZ", parents=True)
    machine.services.create("Base", "C:\\app\\missing.exe")
    machine.services.create("Top", "C:\\app\\a b.exe -k", dependencies=["Base"])
    with pytest.raises(WindowsError) as caught:
        machine.services.start("Base")
    assert caught.value.code == 2
    with pytest.raises(WindowsError) as caught:
        machine.services.start("Top")
    assert caught.value.code == 1068
    machine.files.write("C:\\app\\missing.exe", b"MZ")
    machine.services.start("Top")
    assert machine.services.get("Base").state == "Running"
    with pytest.raises(WindowsError) as caught:
        machine.services.stop("Base")
    assert caught.value.code == 1051
    machine.services.restart("Base")
    assert machine.services.get("Top").state == "Running"


def test_listeners_need_their_certificate_and_the_service(machine: Machine) -> None:
    with pytest.raises(WindowsError, match="certificate"):
        machine.winrm.add_listener("HTTPS", thumbprint="00" * 20)
    made = machine.certificates.create_self_signed(["x"], bits=1024)
    machine.winrm.add_listener("HTTPS", thumbprint=made.thumbprint)
    with pytest.raises(WindowsError, match="already exists"):
        machine.winrm.add_listener("HTTPS", thumbprint=made.thumbprint)
    assert machine.winrm.listening(5986) is not None
    machine.services.stop("WinRM")
    assert machine.winrm.listening(5986) is None
    machine.services.start("WinRM")
    machine.certificates.remove(made.thumbprint)
    assert machine.winrm.listening(5986) is None
    machine.winrm.set_flag("Auth/Basic", True)
    machine.winrm.reset()
    assert [one.transport for one in machine.winrm.listeners()] == ["HTTP"]
    assert not machine.winrm.flag("Auth/Basic")


def test_a_reboot_does_what_was_pending(machine: Machine) -> None:
    machine.files.write("C:\\old", b"1")
    machine.files.write("C:\\gone", b"1")
    machine.pending_reboot.rename_at_boot("C:\\old", "C:\\new")
    machine.pending_reboot.rename_at_boot("C:\\gone")
    machine.install_features(["Containers"])
    assert machine.pending_reboot.reasons() == ["servicing", "renames"]
    machine.power_off()
    assert machine.services.get("WinRM").state == "Stopped"
    machine.power_on()
    assert not machine.pending_reboot
    assert not machine.registry.key_exists(CBS)
    assert machine.files.read("C:\\new") == b"1"
    assert not machine.files.exists("C:\\gone")


def test_a_new_sid_moves_the_users_hives(machine: Machine) -> None:
    old = machine.user_sid("Administrator")
    machine.registry_as("Administrator").set("HKCU:\\Software\\G", "v", "x")
    machine.sid = "S-1-5-21-9-9-9"
    assert machine.user_sid("Administrator") == "S-1-5-21-9-9-9-500"
    assert machine.registry_as("Administrator").data("HKCU:\\Software\\G", "v") == "x"
    assert not machine.registry.key_exists(f"HKU\\{old}")


def test_the_environment_of_a_process(machine: Machine) -> None:
    machine.environment.set("Path", "C:\\mine", machine.user_sid("Administrator"))
    machine.environment.set("HOME2", "%USERPROFILE%\\x")
    block = machine.environment_of("Administrator")
    assert block["Path"].endswith("OpenSSH\\;C:\\mine")
    assert block["HOME2"] == "C:\\Users\\Administrator\\x"
    assert machine.expand("%windir%\\%unknown%") == "C:\\Windows\\%unknown%"


def test_the_clock_can_be_given() -> None:
    now = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    machine = build("2022", "v2", clock=Clock(lambda: now))
    assert machine.boot_time == now
    assert machine.files.write("C:\\a", b"").modified == now.timestamp()


def test_features_pull_in_what_they_need(machine: Machine) -> None:
    result = machine.install_features(["Web-Asp-Net45"])
    names = {feature.name for feature in result.changed}
    assert {"Web-Server", "Web-App-Dev", "Web-Net-Ext45", "Web-ISAPI-Ext", "NET-Framework-45-ASPNET"} <= names
    assert "Web-Default-Doc" not in names
    gone = machine.remove_features(["Web-ISAPI-Ext"])
    assert {feature.name for feature in gone.changed} == {"Web-ISAPI-Ext", "Web-Asp-Net45"}


def test_every_feature_that_another_names_is_there() -> None:
    for version, agent in AGENTS:
        features = stock_machine(version, agent).features
        for feature in features.all():
            assert all(features.find(name) for name in feature.depends_on), feature.name
            assert not feature.parent or features.find(feature.parent)
