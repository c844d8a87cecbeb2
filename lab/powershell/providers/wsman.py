# SPDX-License-Identifier: GPL-3.0-or-later
"""WSMan:\\localhost: listeners and settings of WinRM. Every access needs the running service, as in Windows."""

from __future__ import annotations

import fnmatch
import typing as t
import zlib

from lab.powershell.convert import to_bool, to_string
from lab.powershell.errors import CmdletError, UnsupportedPowerShell
from lab.powershell.providers.base import Provider
from lab.powershell.values import PSObject, Value
from lab.windows import winrm

if t.TYPE_CHECKING:
    from lab.powershell.registry import Call

# Settings that change nothing in the lab, but that scripts set: path -> registry value of the WSMAN key.
_NUMBERS = {
    "maxtimeoutms": ("", "maxtimeoutms"),
    "maxenvelopesizekb": ("", "maxenvelopesizekb"),
    "shell\\maxmemorypershellmb": ("Shell", "MaxMemoryPerShellMB"),
    "shell\\maxshellsperuser": ("Shell", "MaxShellsPerUser"),
    "shell\\maxprocessespershell": ("Shell", "MaxProcessesPerShell"),
    "service\\maxconcurrentoperationsperuser": ("Service", "MaxConcurrentOperationsPerUser"),
}


class WSManProvider(Provider):
    """The configuration of WinRM."""

    name = "WSMan"

    def kind(self, path: str) -> str:
        """Settings are leaves."""
        return "Leaf" if self._flag(self._below(path)) else "Container"

    def find(self, path: str, literal: bool) -> list[PSObject]:
        """A setting, or listeners."""
        below = self._below(path)
        flag = self._flag(below)
        if flag:
            text = "true" if self.machine.winrm.flag(flag) else "false"
            return [PSObject("Microsoft.WSMan.Management.WSManConfigLeafElement", {"Name": below[-1], "Value": text})]
        if below and below[0].casefold() == "listener":
            if len(below) == 1:
                return [PSObject("Microsoft.WSMan.Management.WSManConfigContainerElement", {"Name": "Listener"})]
            if len(below) == 2:
                return [item(one) for one in self._matching(below[1])]
        if not below or [part.casefold() for part in below] in (["service"], ["service", "auth"]):
            return [
                PSObject(
                    "Microsoft.WSMan.Management.WSManConfigContainerElement", {"Name": (below or ["localhost"])[-1]}
                )
            ]
        raise UnsupportedPowerShell(f"the path WSMan:\\{path}", self.shell.line)

    def children(self, path: str) -> list[PSObject]:
        """Listeners, or the settings of the service."""
        below = [part.casefold() for part in self._below(path)]
        if below == ["listener"]:
            return [item(one) for one in self.machine.winrm.listeners()]
        if below == ["service", "auth"]:
            return [found for name in winrm.SERVICE_FLAGS if name.startswith("Auth/") for found in self._setting(name)]
        raise UnsupportedPowerShell(f"Get-ChildItem WSMan:\\{path}", self.shell.line)

    def _setting(self, name: str) -> list[PSObject]:
        return self.find("localhost\\Service\\" + name.replace("/", "\\"), literal=True)

    def new(self, path: str, call: Call) -> PSObject:
        """A listener."""
        if [part.casefold() for part in self._below(path)] != ["listener"]:
            raise UnsupportedPowerShell(f"New-Item WSMan:\\{path}", self.shell.line)
        transport, address = call.text("Transport"), call.text("Address")
        if not transport or not address:
            raise CmdletError(
                "Cannot process command because of one or more missing mandatory parameters: Address Transport."
            )
        made = self.machine.winrm.add_listener(
            transport,
            address=address,
            port=call.get("Port", 0),
            hostname=call.text("HostName"),
            thumbprint=call.text("CertificateThumbPrint"),
        )
        return item(made)

    def remove(self, path: str, recurse: bool, force: bool, literal: bool) -> None:
        """Delete listeners."""
        below = self._below(path)
        if len(below) != 2 or below[0].casefold() != "listener":
            raise UnsupportedPowerShell(f"Remove-Item WSMan:\\{path}", self.shell.line)
        found = self._matching(below[1])
        if not found and not any(char in below[1] for char in "*?"):
            raise self.missing(f"WSMan:\\{path}")
        if found and not recurse:
            raise self.has_children(f"WSMan:\\{path}")
        for one in found:
            self.machine.winrm.remove_listener(one.transport, one.address)

    def set(self, path: str, value: Value) -> None:
        """Change a setting."""
        below = self._below(path)
        flag = self._flag(below)
        number = _NUMBERS.get("\\".join(below).casefold())
        if flag:
            text = to_string(value).casefold()
            if text not in ("true", "false"):
                raise CmdletError(f"The value '{text}' is not valid for {flag}: use true or false.", "InvalidArgument")
            self.machine.winrm.set_flag(flag, to_bool(text == "true"))
        elif number:
            folder, name = number
            self.machine.registry.set(f"{winrm.ROOT}\\{folder}".rstrip("\\"), name, int(to_string(value)))
        else:
            raise UnsupportedPowerShell(f"Set-Item WSMan:\\{path}", self.shell.line)

    def _below(self, path: str) -> list[str]:
        parts = [part for part in path.split("\\") if part]
        if not parts or parts[0].casefold() != "localhost":
            raise UnsupportedPowerShell(f"the path WSMan:\\{path}", self.shell.line)
        if not self.machine.winrm.running:
            raise CmdletError(
                "The client cannot connect to the destination specified in the request. Verify that the service on the "
                "destination is running and is accepting requests.",
                "InvalidOperation",
                "WsManError",
            )
        return parts[1:]

    @staticmethod
    def _flag(below: list[str]) -> str:
        wanted = "/".join(below[1:]).casefold()
        if not below or below[0].casefold() != "service":
            return ""
        return next((name for name in winrm.SERVICE_FLAGS if name.casefold() == wanted), "")

    def _matching(self, pattern: str) -> list[winrm.Listener]:
        return [
            one for one in self.machine.winrm.listeners() if fnmatch.fnmatchcase(_name(one).lower(), pattern.lower())
        ]


def _name(listener: winrm.Listener) -> str:
    """Windows names a listener by a checksum of its keys."""
    return f"Listener_{zlib.crc32(listener.key.encode())}"


def item(listener: winrm.Listener) -> PSObject:
    """A listener as scripts see it."""
    name = _name(listener)
    return PSObject(
        "Microsoft.WSMan.Management.WSManConfigContainerElement",
        {
            "Name": name,
            "Keys": [f"Transport={listener.transport}", f"Address={listener.address}"],
            "PSPath": f"WSMan:\\localhost\\Listener\\{name}",
            "PSChildName": name,
        },
    )
