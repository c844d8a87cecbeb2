# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes with a feature: services, files, registry keys."""

from __future__ import annotations

import typing as t

from lab.windows import iis

if t.TYPE_CHECKING:
    from lab.windows.features import Feature
    from lab.windows.machine import Machine

_SVCHOST = "%SystemRoot%\\system32\\svchost.exe -k "
INETSRV = "C:\\Windows\\System32\\inetsrv"


class NewService(t.NamedTuple):
    """A service that a feature brings."""

    name: str
    display_name: str
    path: str
    start_mode: str
    dependencies: tuple[str, ...] = ()
    running: bool = True


SERVICES: dict[str, tuple[NewService, ...]] = {
    "WAS-Process-Model": (
        NewService("WAS", "Windows Process Activation Service", _SVCHOST + "iissvcs", "manual", ("RpcSs",)),
    ),
    "Web-WebServer": (
        NewService("WAS", "Windows Process Activation Service", _SVCHOST + "iissvcs", "manual", ("RpcSs",)),
        NewService("AppHostSvc", "Application Host Helper Service", _SVCHOST + "apphost", "auto"),
        NewService("W3SVC", "World Wide Web Publishing Service", _SVCHOST + "iissvcs", "auto", ("WAS",)),
        NewService("w3logsvc", "W3C Logging Service", _SVCHOST + "apphost", "manual", (), False),
    ),
    "Web-Mgmt-Service": (
        NewService(
            "WMSVC", "Web Management Service", "%SystemRoot%\\system32\\inetsrv\\wmsvc.exe", "manual", (), False
        ),
    ),
    "Web-Ftp-Service": (NewService("FTPSVC", "Microsoft FTP Service", _SVCHOST + "ftpsvc", "auto"),),
    "DNS": (NewService("DNS", "DNS Server", "%SystemRoot%\\system32\\dns.exe", "auto", ("RpcSs",)),),
    "SNMP-Service": (NewService("SNMP", "SNMP Service", "%SystemRoot%\\System32\\snmp.exe", "auto"),),
}
FILES: dict[str, tuple[str, ...]] = {
    "Web-WebServer": (f"{INETSRV}\\w3wp.exe", f"{INETSRV}\\appcmd.exe", f"{INETSRV}\\config\\applicationHost.config"),
    "Web-Default-Doc": ("C:\\inetpub\\wwwroot\\iisstart.htm", "C:\\inetpub\\wwwroot\\iisstart.png"),
    "Web-Mgmt-Console": (f"{INETSRV}\\InetMgr.exe",),
    "Web-Mgmt-Service": (f"{INETSRV}\\wmsvc.exe",),
    "Web-Scripting-Tools": (iis.POWERSHELL,),
    "Web-Asp-Net45": ("C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\aspnet_isapi.dll",),
    "Telnet-Client": ("C:\\Windows\\System32\\telnet.exe",),
    "DNS": ("C:\\Windows\\System32\\dns.exe",),
    "SNMP-Service": ("C:\\Windows\\System32\\snmp.exe",),
}
# Feature -> value below HKLM\SOFTWARE\Microsoft\InetStp\Components.
COMPONENTS = {
    "Web-WebServer": "W3SVC",
    "Web-Default-Doc": "DefaultDocument",
    "Web-Dir-Browsing": "DirectoryBrowse",
    "Web-Http-Errors": "HttpErrors",
    "Web-Static-Content": "StaticContent",
    "Web-Http-Logging": "HttpLogging",
    "Web-Stat-Compression": "HttpCompressionStatic",
    "Web-Dyn-Compression": "HttpCompressionDynamic",
    "Web-Filtering": "RequestFiltering",
    "Web-Windows-Auth": "WindowsAuthentication",
    "Web-Basic-Auth": "BasicAuthentication",
    "Web-Net-Ext45": "NetFxExtensibility45",
    "Web-Asp-Net45": "ASPNET45",
    "Web-ISAPI-Ext": "ISAPIExtensions",
    "Web-ISAPI-Filter": "ISAPIFilter",
    "Web-WebSockets": "WebSockets",
    "Web-Mgmt-Console": "ManagementConsole",
}
INETSTP = "HKLM\\SOFTWARE\\Microsoft\\InetStp"


def installed(machine: Machine, feature: Feature) -> None:
    """Bring what a feature brings."""
    for path in FILES.get(feature.name, ()):
        machine.files.write(path, b"MZ lab" if path.endswith((".exe", ".dll")) else b"", parents=True)
    for service in SERVICES.get(feature.name, ()):
        if machine.services.find(service.name) is None:
            machine.services.create(
                service.name,
                service.path,
                display_name=service.display_name,
                start_mode=service.start_mode,
                dependencies=service.dependencies,
            )
        if service.running and not feature.restart_to_install:
            machine.services.start(service.name)
    if feature.name in COMPONENTS:
        machine.registry.set(f"{INETSTP}\\Components", COMPONENTS[feature.name], 1)
    if feature.name == "Web-WebServer":
        machine.files.write(iis.CONFIG, iis.STOCK)
        machine.registry.set(INETSTP, "MajorVersion", 10)
        machine.registry.set(INETSTP, "MinorVersion", 0)
        machine.registry.set(INETSTP, "VersionString", "Version 10.0")
        machine.registry.set(INETSTP, "PathWWWRoot", "%SystemDrive%\\inetpub\\wwwroot", "ExpandString")
        machine.registry.set(INETSTP, "InstallPath", INETSRV)
        for path in ("C:\\inetpub\\wwwroot", "C:\\inetpub\\logs\\LogFiles", "C:\\inetpub\\temp"):
            machine.files.mkdir(path)
        _open_web_ports(machine)


def removed(machine: Machine, feature: Feature) -> None:
    """Take away what a feature brought; ``C:\\inetpub`` stays, as on Windows."""
    for service in reversed(SERVICES.get(feature.name, ())):
        if machine.services.find(service.name):
            machine.services.stop(service.name, force=True)
            machine.services.delete(service.name)
    for path in FILES.get(feature.name, ()):
        if machine.files.exists(path) and not path.startswith("C:\\inetpub"):
            machine.files.delete(path)
    if feature.name in COMPONENTS:
        machine.registry.delete_value(f"{INETSTP}\\Components", COMPONENTS[feature.name])
    if feature.name == "Web-WebServer":
        machine.registry.delete_key(INETSTP)
        for name in ("IIS-WebServerRole-HTTP-In-TCP", "IIS-WebServerRole-HTTPS-In-TCP"):
            rule = machine.firewall.find(name)
            if rule:
                machine.firewall.remove(rule)


def _open_web_ports(machine: Machine) -> None:
    from lab.windows.firewall import Rule

    for scheme, port in (("HTTP", "80"), ("HTTPS", "443")):
        machine.firewall.add(
            Rule(
                name=f"IIS-WebServerRole-{scheme}-In-TCP",
                display_name=f"World Wide Web Services ({scheme} Traffic-In)",
                protocol="TCP",
                local_ports=port,
                program="System",
                group=f"@%windir%\\system32\\inetsrv\\iisres.dll,-3050{0 if scheme == 'HTTP' else 2}",
            )
        )
