# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the lab's Windows: Python functions at the real paths. A program runs only if its file is there."""

from __future__ import annotations

import typing as t

from lab.types import Completed
from lab.windows import paths
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.programs import (
    cmd,
    ec2config,
    ec2launch_v1,
    ec2launch_v2,
    installers,
    netsh,
    powershell,
    service_control,
    small,
    sysprep,
    task_scheduler,
    tentacle,
    wevtutil,
)
from lab.windows.programs.base import Invocation, Program, failed

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

_SYSTEM32 = "c:\\windows\\system32\\"
_V1_SCRIPTS = "c:\\programdata\\amazon\\ec2-windows\\launch\\scripts\\"
_BY_PATH: dict[str, Program] = {
    _SYSTEM32 + "cmd.exe": cmd.main,
    _SYSTEM32 + "hostname.exe": small.hostname,
    _SYSTEM32 + "whoami.exe": small.whoami,
    _SYSTEM32 + "shutdown.exe": small.shutdown,
    _SYSTEM32 + "msiexec.exe": installers.msiexec,
    _SYSTEM32 + "netsh.exe": netsh.main,
    _SYSTEM32 + "sc.exe": service_control.main,
    _SYSTEM32 + "schtasks.exe": task_scheduler.main,
    _SYSTEM32 + "sysprep\\sysprep.exe": sysprep.main,
    _SYSTEM32 + "wevtutil.exe": wevtutil.main,
    _SYSTEM32 + "windowspowershell\\v1.0\\powershell.exe": powershell.main,
    "c:\\program files\\amazon\\ec2configservice\\ec2config.exe": ec2config.main,
    "c:\\program files\\amazon\\ec2launch\\ec2launch.exe": ec2launch_v2.main,
    _V1_SCRIPTS + "initializeinstance.ps1": ec2launch_v1.initialize_main,
    _V1_SCRIPTS + "sysprepinstance.ps1": ec2launch_v1.sysprep_main,
}
_DIRECTORIES = ("C:\\Windows\\System32", "C:\\Windows", "C:\\Windows\\System32\\WindowsPowerShell\\v1.0")
_EXTENSIONS = ("", ".exe", ".cmd", ".bat", ".com")


def knows(path: str) -> bool:
    """Say whether a path is that of a program the lab has, whatever the file there contains."""
    return paths.normalise(path).lower() in _BY_PATH


def find(machine: Machine, name: str, environment: t.Mapping[str, str], cwd: str = "C:\\") -> str | None:
    """The path of the file that a command's first word means: as given, or looked up in PATH."""
    text = name.replace("/", "\\")
    folders = next((value for key, value in environment.items() if key.lower() == "path"), "").split(";")
    bases = (
        [text] if "\\" in text else [paths.join(folder, text) for folder in [cwd, *folders, *_DIRECTORIES] if folder]
    )
    for base in bases:
        for extension in _EXTENSIONS:
            candidate = paths.normalise(base + extension, cwd)
            if machine.files.is_file(candidate):
                return machine.files.stat(candidate).path
    return None


def run(
    machine: Machine,
    command_line: str,
    user: str,
    *,
    environment: t.Mapping[str, str] | None = None,
    cwd: str = "C:\\",
) -> Completed:
    """Run a command line and wait for it.

    Raises:
        UnsupportedError: the file is there, but the lab has no such program, or not that use of it.
    """
    block = dict(environment or machine.environment_of(user))
    words = paths.split_command(command_line)
    if not words:
        raise WindowsError(87)
    path = find(machine, words[0], block, cwd)
    if path is None:
        return failed(
            f"'{words[0]}' is not recognized as an internal or external command,\noperable program or batch file."
        )
    return program_at(machine, path)(Invocation(machine, path, words[1:], user, block, cwd))


def program_at(machine: Machine, path: str) -> Program:
    """The function behind an executable.

    Raises:
        UnsupportedError: there is none.
    """
    known = _BY_PATH.get(path.lower())
    if known:
        return known
    content = machine.files.read(path)
    if content.startswith(tentacle.MAGIC):
        return tentacle.main
    if installers.is_installer(content):
        return installers.executable
    raise UnsupportedError(f"the program {path}")
