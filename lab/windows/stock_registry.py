# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of a stock Amazon Windows AMI, as far as something looks at it."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

MICROSOFT = "HKLM\\SOFTWARE\\Microsoft"
CURRENT_VERSION = MICROSOFT + "\\Windows NT\\CurrentVersion"
DOTNET = MICROSOFT + "\\NET Framework Setup\\NDP\\v4"
UNINSTALL = MICROSOFT + "\\Windows\\CurrentVersion\\Uninstall"
CONTROL = "HKLM\\SYSTEM\\CurrentControlSet\\Control"
INTERNET_SETTINGS = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
POLICIES = "SOFTWARE\\Policies\\Microsoft\\Windows"
_PATH = (
    "%SystemRoot%\\system32;%SystemRoot%;%SystemRoot%\\System32\\Wbem;"
    "%SYSTEMROOT%\\System32\\WindowsPowerShell\\v1.0\\;%SYSTEMROOT%\\System32\\OpenSSH\\"
)
_ENVIRONMENT = {
    "ComSpec": "%SystemRoot%\\system32\\cmd.exe",
    "DriverData": "C:\\Windows\\System32\\Drivers\\DriverData",
    "NUMBER_OF_PROCESSORS": "2",
    "OS": "Windows_NT",
    "Path": _PATH,
    "PATHEXT": ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC",
    "PROCESSOR_ARCHITECTURE": "AMD64",
    "PSModulePath": "%ProgramFiles%\\WindowsPowerShell\\Modules;"
    "%SystemRoot%\\system32\\WindowsPowerShell\\v1.0\\Modules;C:\\Program Files (x86)\\AWS Tools\\PowerShell\\",
    "TEMP": "%SystemRoot%\\TEMP",
    "TMP": "%SystemRoot%\\TEMP",
    "USERNAME": "SYSTEM",
    "windir": "%SystemRoot%",
}
# Product -> (version, publisher) as "Programs and Features" lists them.
PRODUCTS = {
    "{6F3A2B41-0C5D-4E0E-9B2A-5B1C4E7D1101}": ("Amazon SSM Agent", "3.3.3050.0", "Amazon Web Services"),
    "{6F3A2B41-0C5D-4E0E-9B2A-5B1C4E7D1102}": ("AWS Tools for Windows", "3.15.3200", "Amazon Web Services, Inc."),
    "{6F3A2B41-0C5D-4E0E-9B2A-5B1C4E7D1103}": ("AWS PV Drivers", "8.6.0", "Amazon Web Services"),
}
V2_PRODUCT = {"{6F3A2B41-0C5D-4E0E-9B2A-5B1C4E7D1104}": ("Amazon EC2Launch", "2.3.119", "Amazon Web Services")}


def add_registry(machine: Machine, launch_agent: str) -> None:
    """Write the stock keys and values."""
    _add_version(machine)
    _add_control(machine)
    for name, text in _ENVIRONMENT.items():
        machine.environment.set(name, text)
    products = PRODUCTS | (V2_PRODUCT if launch_agent == "v2" else {})
    for code, (product, version, publisher) in products.items():
        add_product(machine, code, product, version, publisher)
    registry = machine.registry
    for path in (f"HKLM\\{INTERNET_SETTINGS}\\Connections", f"HKU\\.DEFAULT\\{INTERNET_SETTINGS}\\Connections"):
        registry.create_key(path)
    registry.create_key("HKU\\.DEFAULT\\Environment")
    registry.create_key("HKU\\S-1-5-18\\Environment")
    registry.create_key(f"{MICROSOFT}\\Windows\\CurrentVersion\\Policies\\System")
    registry.create_key(f"HKLM\\{POLICIES}\\CurrentVersion\\Internet Settings\\Cache")
    registry.set(MICROSOFT + "\\PowerShell\\3\\PowerShellEngine", "PowerShellVersion", machine.version.powershell)


def add_product(machine: Machine, code: str, name: str, version: str, publisher: str) -> None:
    """List a product in "Programs and Features"."""
    key = f"{UNINSTALL}\\{code}"
    for value, data in (("DisplayName", name), ("DisplayVersion", version), ("Publisher", publisher)):
        machine.registry.set(key, value, data)
    if code.startswith("{"):
        machine.registry.set(key, "UninstallString", f"MsiExec.exe /X{code}", "ExpandString")
        machine.registry.set(key, "WindowsInstaller", 1)


def _add_version(machine: Machine) -> None:
    version = machine.version
    for name, data in (
        ("ProductName", version.caption.removeprefix("Microsoft ")),
        ("CurrentBuild", str(version.build)),
        ("CurrentBuildNumber", str(version.build)),
        ("CurrentVersion", "6.3"),
        ("CurrentMajorVersionNumber", 10),
        ("CurrentMinorVersionNumber", 0),
        ("UBR", version.ubr),
        ("EditionID", version.edition),
        ("InstallationType", "Server Core" if machine.core else "Server"),
        ("ReleaseId", "2009" if version.build >= 20348 else version.display_version),
        ("SystemRoot", "C:\\Windows"),
        ("RegisteredOwner", "EC2"),
        ("RegisteredOrganization", "Amazon.com"),
        ("InstallDate", int(machine.clock.seconds()) & 0xFFFFFFFF),
    ):
        machine.registry.set(CURRENT_VERSION, name, data)
    if version.build >= 20348:
        machine.registry.set(CURRENT_VERSION, "DisplayVersion", version.display_version)
    for edition in ("Full", "Client"):
        machine.registry.set(f"{DOTNET}\\{edition}", "Release", version.dotnet_release)
        machine.registry.set(f"{DOTNET}\\{edition}", "Version", version.dotnet_version)
        machine.registry.set(f"{DOTNET}\\{edition}", "Install", 1)
        machine.registry.set(
            f"{DOTNET}\\{edition}", "InstallPath", "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\"
        )


def _add_control(machine: Machine) -> None:
    registry = machine.registry
    registry.set(CONTROL + "\\Terminal Server", "fDenyTSConnections", 0)
    registry.set(CONTROL + "\\Terminal Server\\WinStations\\RDP-Tcp", "PortNumber", 3389)
    registry.set(CONTROL + "\\Terminal Server\\WinStations\\RDP-Tcp", "UserAuthentication", 1)
    registry.set(CONTROL + "\\TimeZoneInformation", "TimeZoneKeyName", "UTC")
    registry.create_key(CONTROL + "\\Session Manager")
    registry.create_key(f"{MICROSOFT}\\Windows\\CurrentVersion\\Authentication\\LogonUI")
    registry.create_key(f"{MICROSOFT}\\Windows\\CurrentVersion\\Component Based Servicing\\Packages")
    registry.create_key(f"{MICROSOFT}\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update")
    registry.set(CURRENT_VERSION + "\\Winlogon", "AutoAdminLogon", "0")
    registry.set(
        f"{MICROSOFT}\\Cryptography", "MachineGuid", "00000000-0000-4000-8000-000000000000"
    )  # the first boot after sysprep makes a new one
