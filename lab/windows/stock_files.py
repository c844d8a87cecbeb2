# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a stock Amazon Windows AMI that something looks at."""

from __future__ import annotations

import json
import typing as t

from lab.windows import dotnet_proxy, ec2config_files

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

# The content of a program: what it does is written in Python (lab.windows.programs).
PROGRAM = b"MZ lab program\r\n"

DIRECTORIES = r"""
C:\Program Files\Common Files
C:\Program Files (x86)\Common Files
C:\ProgramData\Microsoft\Windows\Start Menu\Programs
C:\ProgramData\Package Cache
C:\Users\Public
C:\Users\Default
C:\Windows\Panther\UnattendGC
C:\Windows\System32\Sysprep\Panther
C:\Windows\System32\config\systemprofile\AppData\Local\Temp
C:\Windows\System32\drivers\etc
C:\Windows\System32\Tasks
C:\Windows\SysWOW64
C:\Windows\Temp
C:\Windows\WinSxS
"""
PROGRAMS = r"""
C:\Program Files\Amazon\SSM\amazon-ssm-agent.exe
C:\Program Files\Amazon\SSM\ssm-cli.exe
C:\Program Files\Amazon\NVMe\awsnvme.exe
C:\Program Files\Windows Defender\MsMpEng.exe
C:\Windows\explorer.exe
C:\Windows\servicing\TrustedInstaller.exe
C:\Windows\System32\cmd.exe
C:\Windows\System32\cscript.exe
C:\Windows\System32\dism.exe
C:\Windows\System32\hostname.exe
C:\Windows\System32\icacls.exe
C:\Windows\System32\ipconfig.exe
C:\Windows\System32\lsass.exe
C:\Windows\System32\msdtc.exe
C:\Windows\System32\msiexec.exe
C:\Windows\System32\net.exe
C:\Windows\System32\netsh.exe
C:\Windows\System32\reg.exe
C:\Windows\System32\sc.exe
C:\Windows\System32\schtasks.exe
C:\Windows\System32\services.exe
C:\Windows\System32\shutdown.exe
C:\Windows\System32\spoolsv.exe
C:\Windows\System32\svchost.exe
C:\Windows\System32\Sysprep\sysprep.exe
C:\Windows\System32\systeminfo.exe
C:\Windows\System32\vssvc.exe
C:\Windows\System32\wevtutil.exe
C:\Windows\System32\whoami.exe
C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe
C:\Windows\System32\winrm.cmd
"""
EVENT_LOGS = (
    "Application",
    "Microsoft-Windows-PowerShell%4Operational",
    "Microsoft-Windows-TaskScheduler%4Operational",
    "Microsoft-Windows-WinRM%4Operational",
    "Security",
    "Setup",
    "System",
    "Windows PowerShell",
)
V2_PROGRAMS = r"""
C:\Program Files\Amazon\EC2Launch\EC2Launch.exe
C:\Program Files\Amazon\EC2Launch\service\EC2LaunchService.exe
"""
V2_ROOT = "C:\\ProgramData\\Amazon\\EC2Launch"
V2_AGENT_CONFIG = """\
version: 1.0
config:
- stage: boot
  tasks:
  - task: extendRootPartition
- stage: preReady
  tasks:
  - task: activateWindows
    inputs:
      activation:
        type: amazon
  - task: setDnsSuffix
    inputs:
      suffixes:
      - $REGION.ec2-utilities.amazonaws.com
  - task: setAdminAccount
    inputs:
      password:
        type: random
  - task: setWallpaper
    inputs:
      path: C:\\ProgramData\\Amazon\\EC2Launch\\wallpaper\\Ec2Wallpaper.jpg
      attributes:
      - hostName
      - instanceId
      - privateIpAddress
      - publicIpAddress
      - instanceSize
      - availabilityZone
      - architecture
      - memory
      - network
- stage: postReady
  tasks:
  - task: startSsm
"""
V1_ROOT = "C:\\ProgramData\\Amazon\\EC2-Windows\\Launch"
V1_SCRIPTS = ("InitializeInstance.ps1", "SysprepInstance.ps1", "InitializeDisks.ps1", "SendWindowsIsReady.ps1")
V1_LAUNCH_CONFIG = {
    "setComputerName": False,
    "setMonitorAlwaysOn": True,
    "setWallpaper": True,
    "addDnsSuffixList": True,
    "extendBootVolumeSize": True,
    "handleUserData": True,
    "adminPasswordType": "Random",
    "adminPassword": "",
}
UNATTEND = """\
<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="generalize"/>
  <settings pass="specialize"/>
  <settings pass="oobeSystem"/>
</unattend>
"""


def add_files(machine: Machine, launch_agent: str) -> None:
    """Lay out the stock files."""
    files = machine.files
    files.add_drive("C")
    for path in DIRECTORIES.split("\n"):
        if path:
            files.mkdir(path)
    for path in (PROGRAMS + (V2_PROGRAMS if launch_agent == "v2" else "")).split("\n"):
        if path:
            files.write(path, PROGRAM, parents=True)
    files.write("C:\\Windows\\System32\\drivers\\etc\\hosts", "# hosts\r\n")
    files.write("C:\\Windows\\System32\\drivers\\etc\\services", "# services\r\n")
    for log in EVENT_LOGS:
        files.write(f"C:\\Windows\\System32\\winevt\\Logs\\{log}.evtx", b"ElfFile\0events of the image", parents=True)
    files.write("C:\\ProgramData\\Amazon\\SSM\\Logs\\amazon-ssm-agent.log", b"", parents=True)
    dotnet_proxy.add_files(machine)
    {"v2": _add_v2, "v1": _add_v1, "ec2config": _add_ec2config}[launch_agent](machine)


def _add_v2(machine: Machine) -> None:
    for path, content in (
        ("config\\agent-config.yml", V2_AGENT_CONFIG),
        ("sysprep\\unattend.xml", UNATTEND),
        ("sysprep\\BeforeSysprep.cmd", "@echo off\r\n"),
        ("sysprep\\SysprepSpecialize.cmd", "@echo off\r\n"),
        ("log\\agent.log", b""),
        ("log\\console.log", b""),
        ("log\\error.log", b""),
    ):
        machine.files.write(f"{V2_ROOT}\\{path}", content, parents=True)
    machine.files.mkdir(f"{V2_ROOT}\\state")


def _add_v1(machine: Machine) -> None:
    for script in V1_SCRIPTS:
        machine.files.write(f"{V1_ROOT}\\Scripts\\{script}", PROGRAM, parents=True)
    for path, content in (
        ("Config\\LaunchConfig.json", json.dumps(V1_LAUNCH_CONFIG, indent=4)),
        ("Sysprep\\Unattend.xml", UNATTEND),
        ("Sysprep\\BeforeSysprep.cmd", "@echo off\r\n"),
        ("Sysprep\\SysprepSpecialize.cmd", "@echo off\r\n"),
    ):
        machine.files.write(f"{V1_ROOT}\\{path}", content, parents=True)
    machine.files.mkdir(f"{V1_ROOT}\\Log")


def _add_ec2config(machine: Machine) -> None:
    machine.files.write(ec2config_files.PROGRAM, PROGRAM, parents=True)
    machine.files.write(
        ec2config_files.SETTINGS, ec2config_files.STOCK_SETTINGS.replace("Disabled", "Enabled"), parents=True
    )
    machine.files.write(ec2config_files.BUNDLE, ec2config_files.STOCK_BUNDLE, parents=True)
    machine.files.write(f"{ec2config_files.ROOT}\\sysprep2008.xml", UNATTEND)
    # Ec2SetPassword would make a new password at every boot: a stock AMI has asked for one after sysprep only.
    ec2config_files.disable(machine, "Ec2SetPassword")
    ec2config_files.disable(machine, "Ec2SetComputerName")
    machine.extras[ec2config_files.PENDING] = True
