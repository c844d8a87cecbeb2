# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts that others send: Packer's, Ansible's and this project's own, as they are."""

from __future__ import annotations

import base64
import pathlib
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.ansible.windows.plugins.plugin_utils import _reboot

from lab.execution import execute
from lab.windows import identity, pending
from lab.windows.boot import LOGON_UI_KEY, boot
from lab.windows.machine import Machine
from lab.windows.programs import task_runner
from lab.windows.tasks import Action, Task
from tests.lab.powershell.guests import Instance, run, running

ROOT = pathlib.Path(__file__).parents[3]
PACKER_CHECK = (
    "if (Test-Path variable:global:ProgressPreference){$ProgressPreference='SilentlyContinue'};"
    'echo "WinRM connected."'
)


def test_packer_finds_winrm_connected() -> None:
    encoded = base64.b64encode(PACKER_CHECK.encode("utf-16-le")).decode()
    done = execute(running(), f"powershell.exe -EncodedCommand {encoded}", b"", "Administrator")
    assert (done.rc, done.stdout, done.stderr) == (0, b"WinRM connected.\r\n", b"")


class Connection:
    """As much of a connection plugin as win_reboot uses; commands run on a machine, unless it is down."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.down = 0
        self.options: dict[str, t.Any] = {"connection_timeout": 30}
        machine.attach(power=self._power)

    def _power(self, action: str, delay: float) -> None:
        self.machine.extras["power"].append((action, delay))
        self.machine.power_off()
        self.down = 1

    def exec_command(self, command: str, **_: t.Any) -> tuple[int, bytes, bytes]:
        if self.down:
            self.down = 0
            boot(self.machine)
            raise AnsibleConnectionFailure("connection refused")
        return tuple(execute(self.machine, command, b"", "Administrator"))  # type: ignore[return-value]

    def get_option(self, name: str) -> t.Any:
        return self.options[name]

    def set_option(self, name: str, value: t.Any) -> None:
        self.options[name] = value

    def reset(self) -> None:
        """Nothing to reset."""

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """win_reboot without its waits."""
    monkeypatch.setattr(_reboot.time, "sleep", lambda seconds: None)


def test_win_reboot_reboots(quick: None) -> None:
    machine = running()
    boot(machine)
    machine.registry.create_key(pending.CBS)
    before = machine.boot_time
    result = _reboot.reboot_host("win_reboot", t.cast("t.Any", Connection(machine)), msg='It\'s time to "reboot" & go')
    assert (result["failed"], result["rebooted"], result["changed"]) == (False, True, True), result
    assert machine.extras["power"] == [("reboot", 2.0)]
    assert machine.boot_time > before
    assert not machine.pending_reboot


def test_win_reboot_waits_for_the_logon_screen() -> None:
    machine = running()
    machine.registry.delete_key(LOGON_UI_KEY)
    test = f"Get-Item -LiteralPath '{_reboot._LOGON_UI_KEY}' -ErrorAction Stop; 'success'"
    assert run(test, machine).rc == 1
    machine.registry.create_key(LOGON_UI_KEY)
    assert "success" in run(test, machine).lines


def test_win_reboot_reports_that_a_shutdown_is_under_way(quick: None) -> None:
    machine = running()
    machine.attach(power=lambda action, delay: None)
    rc, out, _ = _reboot._execute_command(
        "win_reboot", t.cast("t.Any", _Plain(machine)), "C:\\Windows\\System32\\shutdown.exe /r /t 5; 'asked'"
    )
    assert (rc, out) == (0, "asked")
    rc, _, err = _reboot._execute_command(
        "win_reboot", t.cast("t.Any", _Plain(machine)), "C:\\Windows\\System32\\shutdown.exe /r /t 5"
    )
    assert rc == 1190
    assert "(1190)" in err


class _Plain(Connection):
    def __init__(self, machine: Machine) -> None:
        self.machine, self.down = machine, 0


# --- this project's own ---------------------------------------------------------------------------------------------


def user_data(proxy: str = "http://127.16.0.3:3128", addresses: str = "127.0.0.1/32") -> str:
    """packer/bootstrap/winrm.ps1 with its placeholders filled as packer/locals.pkr.hcl does."""
    text = (ROOT / "packer/bootstrap/winrm.ps1").read_text()
    for name, value in (
        ("PROXY_URL", proxy),
        ("PROXY_BYPASS", "169.254.169.254,localhost"),
        ("BUILDER_ADDRESSES", addresses),
    ):
        text = text.replace(f"@{name}@", value)
    return text


def test_the_user_data_opens_winrm() -> None:
    machine = running()
    done = run(user_data(addresses="10.1.2.3/32,10.9.0.0/16"), machine)
    assert (done.rc, done.err) == (0, "")
    assert machine.files.read_text("C:\\ProgramData\\Golden\\first-boot.signal").strip() == "0"
    listener = machine.winrm.listening(5986)
    assert listener is not None
    assert machine.certificates.find(listener.thumbprint).friendly_name == "Golden build WinRM"  # type: ignore[union-attr]
    assert machine.winrm.listening(5985) is None
    assert [machine.winrm.flag(name) for name in ("AllowUnencrypted", "Auth/Basic", "Auth/Negotiate")] == [
        False,
        False,
        True,
    ]
    assert machine.firewall.admits("10.1.2.3", 5986)
    assert machine.firewall.admits("10.9.8.7", 5986)
    assert not machine.firewall.admits("10.1.2.4", 5986)
    assert machine.environment.get("HTTPS_PROXY") == "http://127.16.0.3:3128"


def test_user_data_that_fails_signals_it_and_says_why() -> None:
    machine = running()
    machine.files.delete("C:\\Windows\\System32\\netsh.exe")
    done = run(user_data(), machine)
    assert done.rc == 1
    assert machine.files.read_text("C:\\ProgramData\\Golden\\first-boot.signal").strip() == "-1"
    log = machine.files.read_text("C:\\ProgramData\\Golden\\first-boot.log")
    assert "FAILED: The term 'netsh.exe' is not recognized" in log
    assert machine.winrm.listening(5986) is not None, "it is opened all the same, so that somebody can read the log"


def seal(machine: Machine, agent: str) -> Task:
    """Run the sysprep role's script as its task does, on the build of an image."""
    machine.files.write("C:\\ProgramData\\Golden\\build.json", '{"image": "x"}')
    machine.files.write("C:\\ProgramData\\Golden\\seal.ps1", (ROOT / "roles/sysprep/files/seal.ps1").read_text())
    path = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
    line = (
        f'-NoProfile -NonInteractive -ExecutionPolicy Bypass -File "C:\\ProgramData\\Golden\\seal.ps1" -Agent {agent}'
    )
    task = machine.tasks.put(
        Task(
            "Golden seal",
            actions=[Action(path, f"{line} -BuildProxy http://127.16.0.3:3128")],
            triggers=[{"type": "registration", "delay": "PT5S"}],
        )
    )
    task_runner.registered(machine, task)
    return task


@pytest.mark.parametrize(("version", "agent"), [("2022", "v2"), ("2019", "v1")])
def test_the_seal_script_seals_and_shuts_down(version: str, agent: str) -> None:
    machine = running(version, agent)
    machine.attach(metadata=Instance())
    boot(machine)
    run(user_data(), machine)
    assert not identity.is_sealed(machine)
    task = seal(machine, agent)
    assert task.last_result == 0, machine.extras["log"]
    assert identity.is_sealed(machine)
    assert machine.extras["power"] == ["shutdown"]
    assert machine.winrm.listeners() == []
    assert machine.certificates.store("My") == {}
    assert machine.firewall.named("Golden build WinRM") == []
    assert machine.tasks.find("Golden seal") is None
    assert machine.environment.get("HTTP_PROXY") is None


def test_the_seal_script_leaves_a_machine_up_that_sysprep_refuses() -> None:
    from lab.windows import appx

    machine = running()
    boot(machine)
    run(user_data(), machine)
    appx.install_for_user(machine, "Administrator", "Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe")
    task = seal(machine, "v2")
    assert task.last_result == 1
    assert machine.extras["power"] == []
    assert machine.winrm.listening(5986) is not None
    log = machine.files.read_text("C:\\ProgramData\\Golden\\seal.log")
    assert "Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe was installed for a user, but not provisioned for all users" in log
