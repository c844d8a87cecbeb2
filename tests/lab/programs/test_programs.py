# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows' own programs, and the launch agents'."""

from __future__ import annotations

import json

import pytest

from lab.types import Completed
from lab.windows import appx, identity, programs
from lab.windows.errors import UnsupportedError
from lab.windows.machine import Machine
from lab.windows.programs import ec2launch_v1, ec2launch_v2, task_runner
from lab.windows.proxy import read_winhttp
from lab.windows.tasks import Action, Task
from tests.lab.powershell.guests import running

V2 = '"C:\\Program Files\\Amazon\\EC2Launch\\EC2Launch.exe"'
PACKAGE = "Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe"


@pytest.fixture
def machine() -> Machine:
    return running()


def run(machine: Machine, line: str, user: str = "SYSTEM") -> Completed:
    return programs.run(machine, line, user)


def test_a_program_runs_only_if_its_file_is_there(machine: Machine) -> None:
    assert run(machine, "hostname").stdout.decode().strip() == machine.name
    machine.files.delete("C:\\Windows\\System32\\hostname.exe")
    done = run(machine, "hostname")
    assert done.rc == 1
    assert b"is not recognized as an internal or external command" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "winrm.cmd quickconfig",
        "netsh int show",
        "sc.exe qc WinRM",
        "shutdown /h",
        "schtasks /Create /TN x",
        "msiexec /j x.msi",
        "cmd /c echo a & echo b",
        "powershell.exe -Sta2 x",
        f"{V2} wallpaper",
        "C:\\Windows\\System32\\Sysprep\\sysprep.exe /audit",
    ],
)
def test_a_use_that_the_lab_does_not_know_is_named(machine: Machine, line: str) -> None:
    with pytest.raises(UnsupportedError):
        run(machine, line)


# --- shutdown, netsh, sc, schtasks, cmd ------------------------------------------------------------------------------


def test_shutdown_asks_once(machine: Machine) -> None:
    assert run(machine, "shutdown /a").rc == 1116
    assert run(machine, 'shutdown /r /t 5 /c "a b" /d p:4:1 /f').rc == 0
    assert run(machine, "shutdown -s -t 0").rc == 1190
    assert machine.extras["power"] == ["reboot"]


def test_netsh_sets_shows_and_resets_winhttps_proxy(machine: Machine) -> None:
    assert run(machine, 'netsh winhttp set proxy proxy-server=p:3128 "bypass-list=a;b"').rc == 0
    assert read_winhttp(machine)[:2] == ("p:3128", "a;b")
    assert b"p:3128" in run(machine, "netsh winhttp show proxy").stdout
    assert run(machine, "netsh winhttp set proxy http://user:pw@p:3128").rc == 1
    run(machine, "netsh winhttp reset proxy")
    assert b"Direct access" in run(machine, "netsh winhttp show proxy").stdout


def test_netsh_adds_and_deletes_rules(machine: Machine) -> None:
    line = 'netsh advfirewall firewall add rule "name=Octopus" dir=in action=allow protocol=TCP localport=10933'
    assert run(machine, line).rc == 0
    assert machine.firewall.admits("10.0.0.1", 10933)
    assert run(machine, "netsh advfirewall firewall delete rule name=Octopus").rc == 0
    assert run(machine, "netsh advfirewall firewall delete rule name=Octopus").rc == 1


def test_sc_answers_with_the_service_managers_codes(machine: Machine) -> None:
    lines = ("sc.exe query none", "sc.exe start WinRM", "sc.exe stop WinRM", "sc.exe stop WinRM", "sc.exe start WinRM")
    assert [run(machine, line).rc for line in lines] == [1060, 1056, 0, 1062, 0]
    run(machine, "sc.exe config WinRM start= disabled")
    assert machine.services.get("WinRM").start_mode == "disabled"


def test_a_task_runs_its_actions_and_remembers_the_result(machine: Machine) -> None:
    task = machine.tasks.put(Task("T", actions=[Action("cmd.exe", "/c exit /b 4")], user="SYSTEM"))
    assert run(machine, "schtasks /Run /TN T").rc == 0
    assert (task.last_result, task.running) == (4, False)
    assert run(machine, "schtasks /Delete /TN T").rc == 1
    assert run(machine, "schtasks /Delete /TN T /F").rc == 0
    assert machine.tasks.find("T") is None


def test_a_registration_trigger_starts_its_task(machine: Machine) -> None:
    task = machine.tasks.put(Task("T", actions=[Action("hostname.exe")], triggers=[{"type": "registration"}]))
    task_runner.registered(machine, task)
    assert task.last_result == 0


def test_a_task_that_cannot_run_says_so_in_the_log(machine: Machine) -> None:
    task = machine.tasks.put(Task("T", actions=[Action("winrm.cmd", "id")]))
    assert task_runner.run(machine, task) == 1
    assert "task \\T: the program C:\\Windows\\System32\\winrm.cmd" in machine.extras["log"][0]


# --- sysprep and the launch agents -----------------------------------------------------------------------------------


def test_v2_resets_and_seals(machine: Machine) -> None:
    ec2launch_v2.write_state(machine, "success")
    machine.files.write(ec2launch_v2.RUN_ONCE, b"")
    identity.set_image_state(machine, identity.COMPLETE)
    assert run(machine, f"{V2} status").rc == 0
    assert run(machine, f"{V2} reset --block").rc == 0
    assert run(machine, f"{V2} status -b").rc == 5
    assert machine.files.exists(ec2launch_v2.PREVIOUS)
    assert run(machine, f"{V2} sysprep --shutdown --block").rc == 0
    assert identity.is_sealed(machine)
    assert machine.extras["power"] == ["shutdown"]
    assert machine.registry.data(identity.TERMINAL_SERVER, "fDenyTSConnections") == 1
    assert machine.files.read(identity.PANTHER + "\\setuperr.log") == b""
    assert b"succeeded" in machine.files.read(identity.PANTHER + "\\setupact.log")


def test_generalize_takes_winrms_settings_and_the_use_of_keys(machine: Machine) -> None:
    certificate = machine.certificates.create_self_signed(["x"])
    machine.winrm.add_listener("HTTPS", thumbprint=certificate.thumbprint)
    run(machine, f"{V2} sysprep --block")
    assert [one.transport for one in machine.winrm.listeners()] == ["HTTP"]
    assert certificate.key_pem == b""
    assert machine.extras["power"] == []


@pytest.mark.parametrize("agent", ["v2", "v1"])
def test_a_package_of_one_user_stops_sysprep(agent: str) -> None:
    machine = running("2022" if agent == "v2" else "2019", agent)
    identity.set_image_state(machine, identity.COMPLETE)
    appx.install_for_user(machine, "Administrator", PACKAGE)
    line = f"{V2} sysprep --shutdown --block" if agent == "v2" else f"powershell -File {ec2launch_v1.SYSPREP}"
    done = run(machine, line)
    assert done.rc == (1 if agent == "v2" else 0), "Amazon's v1 script does not look at sysprep's exit code"
    assert identity.image_state(machine) == identity.COMPLETE
    assert machine.extras["power"] == []
    log = machine.files.read_text(identity.PANTHER + "\\setuperr.log")
    assert f"Package {PACKAGE} was installed for a user, but not provisioned for all users" in log
    assert "0x80073cf2" in log
    appx.provision(machine, PACKAGE)
    run(machine, line)
    assert identity.is_sealed(machine)


def test_a_restart_that_is_due_stops_sysprep(machine: Machine) -> None:
    machine.pending_reboot.require_servicing()
    assert run(machine, f"{V2} sysprep --block").rc == 1
    assert "reboot the computer" in machine.files.read_text(identity.PANTHER + "\\setuperr.log")


def test_only_an_administrator_seals(machine: Machine) -> None:
    machine.users.add("bob", "Passw0rd!")
    assert run(machine, f"{V2} sysprep --block", "bob").rc == 1
    assert run(machine, f"{V2} reset", "bob").rc == 1
    assert not machine.files.exists(identity.PANTHER + "\\setupact.log")


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ("version: 9.0\nconfig: []", "version"),
        ("a: [", "YAML"),
        ("version: 1.0\nconfig: [{stage: preReady, tasks: [{task: nonsense}]}]", "nonsense"),
        (
            "version: 1.0\nconfig: [{stage: preReady, tasks: "
            "[{task: setAdminAccount, inputs: {password: {type: good}}}]}]",
            "random, static, doNothing",
        ),
    ],
)
def test_v2_refuses_a_configuration_it_does_not_understand(machine: Machine, config: str, text: str) -> None:
    assert run(machine, f"{V2} validate").rc == 0
    machine.files.write(ec2launch_v2.CONFIG, config)
    assert run(machine, f"{V2} sysprep --block").rc == 1
    done = run(machine, f"{V2} validate")
    assert done.rc == 1
    assert text in done.stderr.decode()


def test_v1_schedules_the_next_boot_and_seals() -> None:
    machine = running("2019", "v1")
    machine.tasks.remove(ec2launch_v1.TASK)
    assert run(machine, f"powershell -File {ec2launch_v1.INITIALIZE} -Schedule").rc == 0
    task = machine.tasks.find(ec2launch_v1.TASK)
    assert task is not None
    assert task.enabled
    assert run(machine, f"powershell -File {ec2launch_v1.SYSPREP} -NoShutdown").rc == 0
    assert identity.is_sealed(machine)
    assert machine.extras["power"] == []
    assert json.loads(machine.files.read_text(ec2launch_v1.CONFIG))["adminPasswordType"] == "Random"
