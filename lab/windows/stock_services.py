# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a stock Amazon Windows AMI: ``name | display name | image path | start | account | needs``.

Accounts: S LocalSystem, L LocalService, N NetworkService.
"""

from __future__ import annotations

import typing as t

from lab.windows import service_triggers
from lab.windows.errors import WindowsError

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

ACCOUNTS = {"S": "LocalSystem", "L": "NT AUTHORITY\\LocalService", "N": "NT AUTHORITY\\NetworkService"}
_SYS32 = "%SystemRoot%\\system32\\"
_HOST = _SYS32 + "svchost.exe -k "

TABLE = rf"""
AmazonSSMAgent | Amazon SSM Agent | "C:\Program Files\Amazon\SSM\amazon-ssm-agent.exe" | auto | S |
Appinfo | Application Information | {_HOST}netsvcs -p | manual | S | RpcSs ProfSvc
AppMgmt | Application Management | {_HOST}netsvcs -p | manual | S |
AWSNVMe | AWS NVMe Helper | "C:\Program Files\Amazon\NVMe\awsnvme.exe" | manual | S |
BFE | Base Filtering Engine | {_HOST}LocalServiceNoNetworkFirewall -p | auto | L | RpcSs
BITS | Background Intelligent Transfer Service | {_HOST}netsvcs -p | manual | S | RpcSs
CertPropSvc | Certificate Propagation | {_HOST}netsvcs | manual | S | RpcSs
CryptSvc | Cryptographic Services | {_HOST}NetworkService -p | auto | N | RpcSs
DcomLaunch | DCOM Server Process Launcher | {_HOST}DcomLaunch -p | auto | S |
Dhcp | DHCP Client | {_HOST}LocalServiceNetworkRestricted -p | auto | L |
Dnscache | DNS Client | {_HOST}NetworkService -p | auto | N |
EventLog | Windows Event Log | {_HOST}LocalServiceNetworkRestricted -p | auto | L |
EventSystem | COM+ Event System | {_HOST}LocalService -p | auto | L | RpcSs
gpsvc | Group Policy Client | {_HOST}netsvcs -p | auto | S | RpcSs
iphlpsvc | IP Helper | {_HOST}NetSvcs -p | auto | S | RpcSs
LanmanServer | Server | {_HOST}netsvcs -p | auto | S |
LanmanWorkstation | Workstation | {_HOST}NetworkService -p | auto | N |
lmhosts | TCP/IP NetBIOS Helper | {_HOST}LocalServiceNetworkRestricted -p | manual | L |
mpssvc | Windows Defender Firewall | {_HOST}LocalServiceNoNetworkFirewall -p | auto | L | BFE
MSDTC | Distributed Transaction Coordinator | {_SYS32}msdtc.exe | delayed | N | RpcSs
msiserver | Windows Installer | {_SYS32}msiexec.exe /V | manual | S | RpcSs
Netlogon | Netlogon | {_SYS32}lsass.exe | manual | S | LanmanWorkstation
netprofm | Network List Service | {_HOST}LocalService -p | manual | L | RpcSs NlaSvc
NlaSvc | Network Location Awareness | {_HOST}NetworkService -p | auto | N | RpcSs Dhcp EventLog
nsi | Network Store Interface Service | {_HOST}LocalService -p | auto | L | RpcSs
PlugPlay | Plug and Play | {_HOST}DcomLaunch -p | manual | S |
Power | Power | {_HOST}DcomLaunch -p | auto | S |
ProfSvc | User Profile Service | {_HOST}netsvcs -p | auto | S | RpcSs
RemoteRegistry | Remote Registry | {_HOST}localService -p | manual | L | RpcSs
RpcEptMapper | RPC Endpoint Mapper | {_HOST}RPCSS -p | auto | N |
RpcSs | Remote Procedure Call (RPC) | {_HOST}rpcss -p | auto | N | RpcEptMapper DcomLaunch
SamSs | Security Accounts Manager | {_SYS32}lsass.exe | auto | S | RpcSs
Schedule | Task Scheduler | {_HOST}netsvcs -p | auto | S | RpcSs
seclogon | Secondary Logon | {_HOST}netsvcs -p | manual | S |
SENS | System Event Notification Service | {_HOST}netsvcs -p | auto | S | EventSystem
SessionEnv | Remote Desktop Configuration | {_HOST}netsvcs -p | manual | S | RpcSs LanmanWorkstation
Spooler | Print Spooler | {_SYS32}spoolsv.exe | auto | S | RpcSs
TermService | Remote Desktop Services | {_HOST}termsvcs | manual | N | RpcSs
TrustedInstaller | Windows Modules Installer | %SystemRoot%\servicing\TrustedInstaller.exe | manual | S |
UmRdpService | Remote Desktop Services UserMode Port Redirector | {_HOST}LocalSystem -p | manual | S | TermService
VSS | Volume Shadow Copy | {_SYS32}vssvc.exe | manual | S | RpcSs
W32Time | Windows Time | {_HOST}LocalService | manual | L |
WinDefend | Microsoft Defender Antivirus Service | "C:\Program Files\Windows Defender\MsMpEng.exe" | auto | S | RpcSs
WinHttpAutoProxySvc | WinHTTP Web Proxy Auto-Discovery Service | {_HOST}LocalService -p | manual | L | Dhcp
Winmgmt | Windows Management Instrumentation | {_HOST}netsvcs -p | auto | S | RpcSs
WinRM | Windows Remote Management (WS-Management) | {_HOST}NetworkService -p | auto | N | RpcSs
wuauserv | Windows Update | {_HOST}netsvcs -p | manual | S | RpcSs
"""
_V2_BINARY = "C:\\Program Files\\Amazon\\EC2Launch\\service\\EC2LaunchService.exe"
V2 = f'Amazon EC2Launch | Amazon EC2Launch | "{_V2_BINARY}" | auto | S |'
EC2CONFIG = r"Ec2Config | Ec2Config | C:\Program Files\Amazon\Ec2ConfigService\Ec2Config.exe | auto | S |"
# Manual services that something starts right after each boot.
ALSO_RUNNING = ("netprofm", "PlugPlay", "TermService", "UmRdpService", "WinHttpAutoProxySvc", "SessionEnv", "Appinfo")


def add_services(machine: Machine, launch_agent: str) -> None:
    """Define the stock services; nothing runs yet."""
    own = {"v2": [V2], "ec2config": [EC2CONFIG]}
    lines = [*TABLE.strip().splitlines(), *own.get(launch_agent, [])]
    for line in lines:
        name, display, path, start, account, needs = (part.strip() for part in line.split("|"))
        machine.services.create(
            name, path, display_name=display, start_mode=start, account=ACCOUNTS[account], dependencies=needs.split()
        )
    # The clock is set by itself in a domain only.
    time = machine.services.get("W32Time")
    for action, sub_type in (("start_service", "domain_join"), ("stop_service", "domain_leave")):
        service_triggers.write(machine.registry, time, "domain_join", action, sub_type)


def start_triggered(machine: Machine) -> None:
    """Start the manual services that Windows starts by itself."""
    for name in ALSO_RUNNING:
        try:
            machine.services.start(name)
        except WindowsError as exc:
            machine.log(f"{name} did not start: {exc}")
