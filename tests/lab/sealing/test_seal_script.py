# SPDX-License-Identifier: GPL-3.0-or-later
"""What the script of the role sysprep takes away, and when it refuses to seal."""

from __future__ import annotations

import pytest

from lab.windows import ec2config_files as ec2config
from lab.windows import identity
from lab.windows.boot import boot
from lab.windows.machine import TCPIP, Machine
from lab.windows.programs import ec2launch_v1, ec2launch_v2, task_runner
from lab.windows.programs.wevtutil import DIRECTORY as EVENT_LOGS
from lab.windows.tasks import Action, Task
from tests.lab.powershell.guests import Instance, running
from tests.lab.sealing.guests import ROOT

AGENTS = [("2016", "v1"), ("2019", "v1"), ("2022", "v2"), ("2025", "v2"), ("2016", "ec2config")]
POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
PROXY = "http://127.16.0.3:3128"
TEMPORARY = (
    r"C:\Windows\Temp\installer\setup.log",
    r"C:\Users\Administrator\AppData\Local\Temp\ansible.txt",
    r"C:\Windows\System32\config\systemprofile\AppData\Local\Temp\EC2Launch1\UserScript.ps1",
)


def built(version: str = "2022", agent: str = "v2") -> Machine:
    machine = running(version, agent)
    machine.attach(metadata=Instance())
    boot(machine)
    return machine


MARKER = r"C:\ProgramData\Golden\build.json"


def seal(machine: Machine, agent: str, *arguments: str, marked: bool = True) -> int:
    """Run the script as its task does, on the build of an image unless said otherwise."""
    if marked:
        machine.files.write(MARKER, '{"image": "x"}', parents=True)
    machine.files.write(
        r"C:\ProgramData\Golden\seal.ps1", (ROOT / "roles/sysprep/files/seal.ps1").read_text(), parents=True
    )
    path = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
    line = r"-NoProfile -NonInteractive -ExecutionPolicy Bypass -File C:\ProgramData\Golden\seal.ps1 -Agent"
    task = machine.tasks.put(Task("Golden seal", actions=[Action(path, " ".join([line, agent, *arguments]))]))
    return task_runner.run(machine, task)


def log(machine: Machine) -> str:
    return machine.files.read_text(r"C:\ProgramData\Golden\seal.log")


@pytest.mark.parametrize(("version", "agent"), AGENTS)
def test_nothing_of_the_build_stays(version: str, agent: str) -> None:
    machine = built(version, agent)
    if agent == "ec2config":
        bundle(machine, "/quit")
    for path in TEMPORARY:
        machine.files.write(path, "x", parents=True)
    for route in ("169.254.169.254,255.255.255.255,127.16.0.1,15", "10.0.0.0,255.0.0.0,127.16.0.1,1"):
        machine.registry.set(TCPIP + "\\PersistentRoutes", route, "")
    assert seal(machine, agent) == 0, log(machine)
    assert identity.is_sealed(machine)
    assert [path for path in TEMPORARY if machine.files.exists(path)] == []
    assert machine.files.is_directory(r"C:\Windows\Temp")
    assert list(machine.registry.values(TCPIP + "\\PersistentRoutes")) == ["10.0.0.0,255.0.0.0,127.16.0.1,1"]
    assert machine.files.read(EVENT_LOGS + "\\System.evtx"), "only on request"


def test_event_logs_go_on_request() -> None:
    machine = built()
    assert seal(machine, "v2", "-ClearEventLogs") == 0, log(machine)
    assert {node.size for node in machine.files.list(EVENT_LOGS)} == {0}


@pytest.mark.parametrize(("per_user", "stays"), [(0, True), (1, False), (None, False)])
def test_the_proxy_stays_where_a_role_has_made_it_the_machines_own(per_user: int | None, stays: bool) -> None:
    machine = built()
    machine.environment.set("HTTP_PROXY", PROXY)
    if per_user is not None:
        machine.registry.set(POLICY, "ProxySettingsPerUser", per_user)
    assert seal(machine, "v2", "-BuildProxy", PROXY) == 0, log(machine)
    assert (machine.environment.get("HTTP_PROXY") is not None) is stays


@pytest.mark.parametrize(("version", "agent"), AGENTS)
def test_a_server_that_runs_is_not_sealed_by_the_script_alone(version: str, agent: str) -> None:
    machine = built(version, agent)
    assert seal(machine, agent, marked=False) == 1
    assert not identity.is_sealed(machine)
    assert machine.winrm.listeners()
    assert "is not the build of an image" in log(machine)


def test_v1_is_not_sealed_when_the_next_boot_would_set_no_password() -> None:
    machine = built("2019", "v1")
    ec2launch_v1.write_config(machine, adminPasswordType="DoNothing")
    assert seal(machine, "v1") == 1
    assert not identity.is_sealed(machine)
    assert "does not ask for a random password" in log(machine)


def test_v2_is_not_sealed_with_a_configuration_that_it_does_not_accept() -> None:
    machine = built()
    machine.files.write(ec2launch_v2.CONFIG, "version: 9\nconfig: []\n")
    assert seal(machine, "v2") == 1
    assert not identity.is_sealed(machine)
    assert "validate" in log(machine)


def test_ec2config_is_not_waited_for_without_end() -> None:
    machine = built("2016", "ec2config")
    bundle(machine, "/quit")
    machine.pending_reboot.require_updates()
    assert seal(machine, "ec2config", "-Patience", "0") == 1
    assert "not generalized: ImageState is IMAGE_STATE_COMPLETE" in log(machine)
    assert "require a reboot" in log(machine)


def bundle(machine: Machine, switch: str) -> None:
    """Let EC2Config's sysprep quit, as the role does."""
    text = machine.files.read_text(ec2config.BUNDLE)
    machine.files.write(ec2config.BUNDLE, text.replace("/shutdown", switch))
