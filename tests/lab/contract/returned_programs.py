# SPDX-License-Identifier: GPL-3.0-or-later
"""Return values of the modules that run programs and scripts, wait, or look at the server as a whole."""

from __future__ import annotations

import typing as t

from lab.windows.artefacts import catalogue
from tests.lab.contract.returned import Result, returns
from tests.lab.modules.calls import Guest

ASYNC = "C:\\async"


@returns("ansible.windows.setup")
def setup(guest: Guest) -> t.Iterator[Result]:
    """Nothing is documented."""
    yield guest.ok("setup")


@returns("ansible.windows.win_ping")
def win_ping(guest: Guest) -> t.Iterator[Result]:
    """A ping."""
    yield guest.ok("win_ping")


@returns("ansible.windows.win_command")
def win_command(guest: Guest) -> t.Iterator[Result]:
    """One that works, one that fails, one that need not run."""
    yield guest.ok("win_command", _raw_params="whoami")
    yield guest.run("win_command", _raw_params="nothing.exe")
    yield guest.run("win_command", _raw_params="whoami", creates="C:\\Windows")


@returns("ansible.windows.win_shell")
def win_shell(guest: Guest) -> t.Iterator[Result]:
    """One that works, one that fails, one that need not run."""
    yield guest.ok("win_shell", _raw_params="Write-Output 1")
    yield guest.run("win_shell", _raw_params="exit 3")
    yield guest.run("win_shell", _raw_params="exit 3", removes="C:\\nothing")


STREAMS = """
$VerbosePreference = 'Continue'; $DebugPreference = 'Continue'
Write-Warning 'warned'; Write-Verbose 'said'; Write-Debug 'looked'
Write-Information 'told' -Tags 'one', 'two'
Write-Host 'shown'
$Ansible.Result = @{ a = 1 }
'output'
Write-Error 'wrong' -RecommendedAction 'do it right' -TargetObject 'thing'
Get-Item -LiteralPath 'C:\\nothing'
"""


@returns("ansible.windows.win_powershell")
def win_powershell(guest: Guest) -> t.Iterator[Result]:
    """Everything that a script can write, a script that throws, and one that is skipped."""
    yield guest.ok("win_powershell", script=STREAMS)
    yield guest.run("win_powershell", script="throw 'no'")
    yield guest.ok("win_powershell", script="1", creates="C:\\Windows")


@returns("ansible.windows.win_package")
def win_package(guest: Guest) -> t.Iterator[Result]:
    """Installed, refused for its exit code with everything that helps to find out why, and removed."""
    name, content = next((name, content) for name, content in catalogue().items() if name.endswith(".msi"))
    path = f"C:\\{name}"
    guest.machine.files.write(path, content)
    yield guest.run("win_package", path=path, expected_return_code=[1])
    yield guest.ok("win_package", path=path, state="absent")
    yield guest.ok("win_package", path=path, checksum_algorithm="sha256")


@returns("ansible.windows.async_status")
def async_status(guest: Guest) -> t.Iterator[Result]:
    """A job that ended, the removal of its file, and a job that nobody knows."""
    environment = {"ANSIBLE_ASYNC_DIR": ASYNC}
    job = guest.ok("win_command", _raw_params="whoami", async_timeout=30, environment=environment)["ansible_job_id"]
    for mode in ("status", "cleanup"):
        yield guest.ok("async_status", jid=job, mode=mode, _async_dir=ASYNC)
    yield guest.run("async_status", jid=job, _async_dir=ASYNC)


@returns("ansible.windows.win_wait_for")
def win_wait_for(guest: Guest) -> t.Iterator[Result]:
    """A port that listens, and a file that does not come."""
    yield guest.ok("win_wait_for", port=5985)
    yield guest.run("win_wait_for", path="C:\\nothing", timeout=0)
