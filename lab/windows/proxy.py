# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows' two proxy settings: WinHTTP for services, WinINet for users and .NET. Both are binary registry values."""

from __future__ import annotations

import fnmatch
import struct
import typing as t
import urllib.parse

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

SETTINGS = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
WINHTTP_KEY = f"HKLM\\{SETTINGS}\\Connections"
POLICY_KEY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
DIRECT, MANUAL, AUTO_CONFIG, AUTO_DETECT = 1, 2, 4, 8


class Proxy(t.NamedTuple):
    """One setting; ``server`` is ``host:port`` or ``http=host:port;https=…``, ``bypass`` is separated by semicolons."""

    server: str = ""
    bypass: str = ""
    auto_config_url: str = ""
    auto_detect: bool = False

    @property
    def flags(self) -> int:
        """Give the flags of the binary form."""
        return (
            DIRECT
            | (MANUAL if self.server else 0)
            | (AUTO_CONFIG if self.auto_config_url else 0)
            | (AUTO_DETECT if self.auto_detect else 0)
        )

    def for_url(self, url: str) -> str | None:
        """Give the proxy to use for a URL as ``http://host:port``, or None to go there directly."""
        parts = urllib.parse.urlsplit(url)
        if not self.server or self._bypassed(parts.hostname or ""):
            return None
        servers = dict(item.split("=", 1) for item in self.server.split(";") if "=" in item)
        server = servers.get(parts.scheme) if servers else self.server
        return None if not server else server if "://" in server else f"http://{server}"

    def _bypassed(self, host: str) -> bool:
        for item in filter(None, (part.strip().lower() for part in self.bypass.split(";"))):
            if item == "<local>":
                if "." not in host:
                    return True
            elif fnmatch.fnmatchcase(host.lower(), item.split("://")[-1]):
                return True
        return False


def encode(proxy: Proxy, counter: int, version: int) -> bytes:
    """Give the binary form (version 0x28 for WinHttpSettings, 0x46 for DefaultConnectionSettings)."""
    parts = [struct.pack("<III", version, counter, proxy.flags)]
    for text in (proxy.server, proxy.bypass, *((proxy.auto_config_url,) if version == 0x46 else ())):
        data = text.encode("latin-1")
        parts += [struct.pack("<I", len(data)), data]
    return b"".join([*parts, b"\0" * 32 if version == 0x46 else b""])


def decode(data: bytes | None) -> Proxy:
    """Read the binary form; nothing means no proxy."""
    if not data:
        return Proxy()
    version, _, flags = struct.unpack_from("<III", data)
    texts, offset = [], 12
    for _ in range(3 if version == 0x46 else 2):
        (length,) = struct.unpack_from("<I", data, offset)
        texts.append(data[offset + 4 : offset + 4 + length].decode("latin-1"))
        offset += 4 + length
    server, bypass, url = [*texts, ""][:3]
    manual = bool(flags & MANUAL)
    return Proxy(
        server if manual else "",
        bypass if manual else "",
        url if flags & AUTO_CONFIG else "",
        bool(flags & AUTO_DETECT),
    )


def read_winhttp(machine: Machine) -> Proxy:
    """Give the machine's WinHTTP proxy (``netsh winhttp show proxy``)."""
    return decode(machine.registry.data(WINHTTP_KEY, "WinHttpSettings"))


def write_winhttp(machine: Machine, proxy: Proxy) -> None:
    """Set the machine's WinHTTP proxy; an empty one resets it."""
    machine.registry.set(WINHTTP_KEY, "WinHttpSettings", encode(proxy, 0, 0x28), "Binary")


def _wininet_key(machine: Machine, user: str) -> str:
    """Give the key in force for a user: the machine's when policy makes the setting machine-wide."""
    if machine.registry.data(POLICY_KEY, "ProxySettingsPerUser", 1) == 0:
        return f"HKLM\\{SETTINGS}"
    return f"HKU\\{machine.user_sid(user)}\\{SETTINGS}"


def read_wininet(machine: Machine, user: str) -> Proxy:
    """Give the WinINet proxy in force for a user: what .NET, and so win_get_url, uses by default."""
    key = _wininet_key(machine, user)
    binary = machine.registry.data(f"{key}\\Connections", "DefaultConnectionSettings")
    if binary:
        return decode(binary)
    if not machine.registry.data(key, "ProxyEnable", 0):
        return Proxy(auto_detect=True)  # what Windows starts with
    data = machine.registry.data
    return Proxy(str(data(key, "ProxyServer", "")), str(data(key, "ProxyOverride", "")))


def write_wininet(machine: Machine, user: str, proxy: Proxy, connection: str = "DefaultConnectionSettings") -> None:
    """Set the WinINet proxy of a user, in the binary form and in the plain values."""
    key = _wininet_key(machine, user)
    old: t.Any = machine.registry.data(f"{key}\\Connections", connection)
    counter = struct.unpack_from("<I", old, 4)[0] + 1 if old else 1
    machine.registry.set(f"{key}\\Connections", connection, encode(proxy, counter, 0x46), "Binary")
    if connection != "DefaultConnectionSettings":
        return
    machine.registry.set(key, "ProxyEnable", int(bool(proxy.server)))
    for name, text in (
        ("ProxyServer", proxy.server),
        ("ProxyOverride", proxy.bypass),
        ("AutoConfigURL", proxy.auto_config_url),
    ):
        if text:
            machine.registry.set(key, name, text)
        else:
            machine.registry.delete_value(key, name)
