# SPDX-License-Identifier: GPL-3.0-or-later
"""The products whose installers the lab serves: the vendors' file names and versions, the lab's own content.

The product codes of the Tentacles are Octopus' own; the other codes are the lab's.
"""

from __future__ import annotations

from lab.windows.artefacts import Header
from lab.windows.programs.tentacle import MAGIC as TENTACLE_MAGIC
from lab.windows.stock_files import PROGRAM

_PROGRAM = PROGRAM.decode()
_START_MENU = "C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs"
_TENTACLE_UPGRADE_CODE = "{D8A5C8E5-6B1B-4E8C-A1F7-2C5E4B8F3A90}"


def _tentacle(version: str, product_code: str) -> Header:
    executable = TENTACLE_MAGIC.decode() + " {version}\r\n"
    return Header(
        kind="msi",
        product="Octopus Deploy Tentacle",
        version=version,
        product_code=product_code,
        publisher="Octopus Deploy Pty. Ltd.",
        upgrade_code=_TENTACLE_UPGRADE_CODE,
        directory="C:\\Program Files\\Octopus Deploy\\Tentacle\\",
        files={
            "{directory}\\Tentacle.exe": executable,
            "{directory}\\Tentacle.exe.config": "<configuration/>\r\n",
            "{directory}\\Octopus.Manager.Tentacle.exe": _PROGRAM,
            _START_MENU + "\\Octopus Deploy\\Octopus Tentacle Manager.lnk": "",
        },
        registry=(("HKLM\\SOFTWARE\\Octopus\\Tentacle", "InstallLocation", "String", "{directory}\\"),),
        properties=("installlocation",),
    )


def _hosting_bundle(version: str, product_code: str) -> Header:
    shared = "C:\\Program Files\\dotnet\\shared"
    module = "C:\\Program Files\\IIS\\Asp.Net Core Module\\V2"
    return Header(
        kind="exe",
        product="Microsoft ASP.NET Core {version} - Windows Server Hosting".replace("{version}", version),
        version=version,
        product_code=product_code,
        publisher="Microsoft Corporation",
        directory="C:\\Program Files\\dotnet\\",
        files={
            "C:\\Program Files\\dotnet\\dotnet.exe": _PROGRAM,
            f"{shared}\\Microsoft.NETCore.App\\{version}\\coreclr.dll": "",
            f"{shared}\\Microsoft.AspNetCore.App\\{version}\\Microsoft.AspNetCore.dll": "",
        },
        with_iis={f"{module}\\aspnetcorev2.dll": "", f"{module}\\{version}\\aspnetcorev2_outofprocess.dll": ""},
        registry=(
            (
                "HKLM\\SOFTWARE\\dotnet\\Setup\\InstalledVersions\\x64\\sharedfx\\Microsoft.AspNetCore.App",
                version,
                "DWord",
                1,
            ),
        ),
        path=("C:\\Program Files\\dotnet\\",),
        properties=("opt_no_runtime", "opt_no_sharedfx", "opt_no_x86", "opt_no_shared_config_check"),
    )


PRODUCTS: dict[str, Header] = {
    "Octopus.Tentacle.8.1.2007-x64.msi": _tentacle("8.1.2007", "{FCCF57EE-9F12-4386-829A-FB7E20C59DBC}"),
    "Octopus.Tentacle.8.2.2297-x64.msi": _tentacle("8.2.2297", "{413B5B02-4F6D-489C-B328-0F458CABADCA}"),
    "ndp48-x86-x64-allos-enu.exe": Header(
        kind="exe",
        product="Microsoft .NET Framework 4.8",
        version="4.8.3761",
        publisher="Microsoft Corporation",
        dotnet_release=528049,
        dotnet_version="4.8.03761",
        listed=False,  # it becomes a part of Windows
    ),
    "dotnet-hosting-8.0.30-win.exe": _hosting_bundle("8.0.30", "{1C4C1BC8-6B0E-4B4E-9C67-5C9C1E3B6A30}"),
    "dotnet-hosting-8.0.31-win.exe": _hosting_bundle("8.0.31", "{1C4C1BC8-6B0E-4B4E-9C67-5C9C1E3B6A31}"),
}
