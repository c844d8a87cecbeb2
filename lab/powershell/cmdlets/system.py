# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine itself: CIM classes, power, names, processes, accounts."""

from __future__ import annotations

import subprocess
import typing as t

from lab.powershell import commands
from lab.powershell.errors import CmdletError, UnsupportedPowerShell
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import PSObject, SecureString, Value
from lab.windows import updates
from lab.windows.errors import WindowsError


def _operating_system(call: Call) -> dict[str, Value]:
    machine = call.machine
    return {
        "LastBootUpTime": machine.boot_time,
        "Caption": machine.version.caption,
        "Version": f"10.0.{machine.version.build}",
        "BuildNumber": str(machine.version.build),
        "CSName": machine.name,
        "LocalDateTime": machine.clock(),
        "OSArchitecture": "64-bit",
        "ProductType": 3,
    }


def _computer_system(call: Call) -> dict[str, Value]:
    return {
        "Name": call.machine.name,
        "DNSHostName": call.machine.name,
        "Domain": "WORKGROUP",
        "PartOfDomain": False,
        "Manufacturer": "Amazon EC2",
        "Model": call.machine.metadata.instance_type if call.machine.metadata else "",
    }


_CLASSES: dict[str, t.Callable[[Call], dict[str, Value]]] = {
    "win32_operatingsystem": _operating_system,
    "win32_computersystem": _computer_system,
}


def _cim(name: str) -> None:
    @cmdlet(name, P("ClassName", "string", 0, required=True, aliases=("Class",)), P("Property", "string[]", 1))
    def get(call: Call) -> t.Iterable[Value]:
        reader = _CLASSES.get(call.text("ClassName").casefold())
        if reader is None:
            raise UnsupportedPowerShell(f"the CIM class {call.text('ClassName')}", call.shell.line)
        return [PSObject("CimInstance", reader(call), text=call.text("ClassName"))]


_cim("Get-CimInstance")
_cim("Get-WmiObject")


def _power(name: str, action: str) -> None:
    @cmdlet(name, P("Force", SWITCH), P("ComputerName", "string[]", 0))
    def run(call: Call) -> None:
        if call.texts("ComputerName") not in ([], ["localhost"], ["."], [call.machine.name]):
            raise UnsupportedPowerShell(f"{name} of another computer", call.shell.line)
        call.machine.power(action)


_power("Restart-Computer", "reboot")
_power("Stop-Computer", "shutdown")


@cmdlet(
    "Rename-Computer",
    P("NewName", "string", 0, required=True),
    P("Force", SWITCH),
    P("Restart", SWITCH),
    P("PassThru", SWITCH),
)
def rename_computer(call: Call) -> None:
    """Another name, after the next boot."""
    call.machine.rename(call.text("NewName"))
    if call.flag("Restart"):
        call.machine.power("reboot")


@cmdlet(
    "Start-Process",
    P("FilePath", "string", 0, required=True, aliases=("PSPath",)),
    P("ArgumentList", "string[]", 1, aliases=("Args",)),
    P("Wait", SWITCH),
    P("PassThru", SWITCH),
    P("NoNewWindow", SWITCH),
    P("WindowStyle"),
    P("WorkingDirectory"),
)
def start_process(call: Call) -> t.Iterable[Value]:
    """Run a program; without -Wait beside the script."""
    from lab.windows import programs

    path = commands.find_program(call.shell, call.text("FilePath"))
    if path is None:
        raise CmdletError(
            "This command cannot be run due to the error: The system cannot find the file specified.",
            "InvalidOperation",
            "InvalidOperationException",
            call.text("FilePath"),
        )
    # The arguments are joined by blanks, not quoted: that is what Start-Process does.
    line = " ".join([subprocess.list2cmdline([path]), *call.texts("ArgumentList")])
    machine, user, environment = call.machine, call.shell.user, dict(call.shell.environment)
    if not call.flag("Wait"):
        machine.background(lambda: _detached(call, line))
        return
    done = programs.run(machine, line, user, environment=environment)
    if call.flag("PassThru"):
        yield PSObject("System.Diagnostics.Process", {"ExitCode": done.rc, "HasExited": True, "Name": path, "Id": 4711})


def _detached(call: Call, line: str) -> None:
    from lab.windows import programs

    programs.run(call.machine, line, call.shell.user, environment=dict(call.shell.environment))


@cmdlet("Get-LocalUser", P("Name", "string[]", 0, pipeline=True))
def get_local_user(call: Call) -> t.Iterable[Value]:
    """Accounts."""
    users = call.machine.users
    for name in call.texts("Name") or [user.name for user in users.all()]:
        user = users.find(name)
        if user is None:
            call.error(CmdletError(f"User {name} was not found.", "ObjectNotFound", "UserNotFound", name))
            continue
        details = {
            "Name": user.name,
            "Enabled": user.enabled,
            "Description": user.description,
            "SID": users.sid_of(user),
        }
        yield PSObject("Microsoft.PowerShell.Commands.LocalUser", details, text=user.name)


@cmdlet(
    "Set-LocalUser",
    P("Name", "string", 0, required=True),
    P("Password", "object"),
    P("Description"),
    P("PasswordNeverExpires", "bool"),
)
def set_local_user(call: Call) -> None:
    """Change an account."""
    user = call.machine.users.get(call.text("Name"))
    password = call.get("Password")
    if password is not None:
        if not isinstance(password, SecureString):
            raise CmdletError(
                "Cannot bind parameter 'Password'. Cannot convert the value to type SecureString.", "InvalidArgument"
            )
        call.machine.users.set_password(user.name, password.plain)
    user.description = call.text("Description", user.description)
    user.password_never_expires = call.get("PasswordNeverExpires", user.password_never_expires)


@cmdlet("Get-HotFix", P("Id", "string[]", 0, aliases=("HFID",)))
def get_hot_fix(call: Call) -> t.Iterable[Value]:
    """Updates that are installed."""
    found = updates.installed(call.machine)
    for name in call.texts("Id"):
        if name.upper() not in found:
            text = f"Cannot find the requested hotfix on the '{call.machine.name}' computer. Verify the input."
            call.error(CmdletError(text, "ObjectNotFound", "System.ArgumentException", name))
    for name in found:
        if not call.texts("Id") or name in map(str.upper, call.texts("Id")):
            details = {"Source": call.machine.name, "Description": "Update", "HotFixID": name, "InstalledBy": ""}
            yield PSObject(
                "System.Management.ManagementObject#root\\cimv2\\Win32_QuickFixEngineering", details, text=name
            )


@cmdlet("Get-WinSystemLocale")
def get_win_system_locale(call: Call) -> t.Iterable[Value]:
    """Every guest of the lab speaks American English."""
    return [PSObject("System.Globalization.CultureInfo", {"Name": "en-US"}, text="en-US")]


@cmdlet("Enable-PSRemoting", P("Force", SWITCH), P("SkipNetworkProfileCheck", SWITCH))
def enable_remoting(call: Call) -> None:
    """Start WinRM with an HTTP listener and its firewall rules."""
    machine = call.machine
    machine.services.configure("WinRM", start_mode="auto")
    machine.services.start("WinRM")
    if machine.winrm.find("HTTP") is None:
        machine.winrm.add_listener("HTTP")
    rules = machine.firewall.in_display_group("Windows Remote Management")
    if not rules:
        raise WindowsError(2, message="The firewall has no rules of the group Windows Remote Management")
    for rule in rules:
        rule.enabled = True
