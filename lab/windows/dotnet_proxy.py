# SPDX-License-Identifier: GPL-3.0-or-later
"""The .NET Framework's machine.config, and the proxy that it may name: it wins over WinINet's for .NET programs."""

from __future__ import annotations

import re
import typing as t
import urllib.parse
import xml.etree.ElementTree as ET

from lab.windows.errors import WindowsError

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

FRAMEWORKS = ("Framework", "Framework64")
# The stock file without most of its sections; with Windows' line ends, as every line of it has.
_STOCK = """\
<?xml version="1.0" encoding="UTF-8"?>
<!--
    Please refer to machine.config.comments for a description and
    the default values of each configuration section.
-->
<configuration>
    <configSections>
        <section name="runtime" type="System.Configuration.IgnoreSection, System.Configuration" allowLocation="false"/>
        <sectionGroup name="system.net" type="System.Net.Configuration.NetSectionGroup, System">
            <section name="defaultProxy" type="System.Net.Configuration.DefaultProxySection, System"/>
        </sectionGroup>
    </configSections>
    <configProtectedData defaultProvider="RsaProtectedConfigurationProvider"/>
    <runtime/>
    <system.web>
        <processModel autoConfig="true"/>
    </system.web>
</configuration>
"""


def path(framework: str) -> str:
    """Give the path of a framework's machine.config."""
    return f"C:\\Windows\\Microsoft.NET\\{framework}\\v4.0.30319\\Config\\machine.config"


def add_files(machine: Machine) -> None:
    """Lay out the stock files, for 32 and for 64 bits."""
    for framework in FRAMEWORKS:
        machine.files.write(path(framework), _STOCK.replace("\n", "\r\n").encode(), parents=True)


def find(machine: Machine) -> ET.Element | None:
    """Give the default proxy of 64-bit programs, or None: then they ask WinINet.

    :raises WindowsError: the file is no XML, so no .NET program can start.
    """
    if not machine.files.is_file(path("Framework64")):
        return None
    try:
        root = ET.fromstring(machine.files.read(path("Framework64")))  # noqa: S314 - the machine's own file
    except ET.ParseError as exc:
        raise WindowsError(1359, message=f"Configuration system failed to initialize: {exc}") from exc
    found = root.findall("system.net/defaultProxy")
    if len(found) > 1 or len(root.findall("system.net")) > 1:
        raise WindowsError(1359, message="Configuration system failed to initialize: a section is there twice")
    return found[0] if found and found[0].find("proxy") is not None else None


def for_url(settings: ET.Element, url: str) -> str | None:
    """Give the proxy for a URL as ``http://host:port``, or None for none; its patterns are regular expressions."""
    proxy = settings.find("proxy")
    address = proxy.get("proxyaddress") if proxy is not None else None
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    asked = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}" + (f":{parts.port}" if parts.port else "")
    patterns = [item.get("address", "") for item in settings.findall("bypasslist/add")]
    local = proxy is not None and proxy.get("bypassonlocal", "").lower() == "true" and "." not in host
    if settings.get("enabled", "true").lower() == "false" or local:
        return None
    return None if any(re.search(pattern, asked, re.IGNORECASE) for pattern in patterns) else address
