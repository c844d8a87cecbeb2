# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives: the same cmdlets (Get-Item, New-Item, Test-Path …) on files, registry, certificates, WinRM and variables."""

from __future__ import annotations

import typing as t

from lab.powershell.errors import CmdletError
from lab.powershell.providers.base import Provider
from lab.powershell.providers.certificates import CertificateProvider
from lab.powershell.providers.files import FileProvider
from lab.powershell.providers.registry import RegistryProvider
from lab.powershell.providers.variables import EnvironmentProvider, FunctionProvider, VariableProvider
from lab.powershell.providers.wsman import WSManProvider

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter

_DRIVES: dict[str, type[Provider]] = {
    "hklm": RegistryProvider,
    "hkcu": RegistryProvider,
    "registry": RegistryProvider,
    "cert": CertificateProvider,
    "wsman": WSManProvider,
    "env": EnvironmentProvider,
    "variable": VariableProvider,
    "function": FunctionProvider,
}


def resolve(shell: Interpreter, path: str) -> tuple[Provider, str]:
    """The provider of a path, and the path as that provider wants it.

    Raises:
        CmdletError: there is no such drive.
    """
    text = path.removeprefix("Microsoft.PowerShell.Core\\")
    head, colon, rest = text.partition(":")
    if text.casefold().startswith("filesystem::"):
        return FileProvider(shell), text.partition("::")[2]
    if not colon or len(head) == 1:
        return _by_location(shell, text)
    provider = _DRIVES.get(head.casefold())
    if provider is None:
        message = f"Cannot find drive. A drive with the name '{head}' does not exist."
        raise CmdletError(message, "ObjectNotFound", "DriveNotFound", head)
    if provider is RegistryProvider:
        return provider(shell), rest.lstrip(":") if head.casefold() == "registry" else f"{head}\\{rest.lstrip(chr(92))}"
    return provider(shell), rest.strip("\\")


def _by_location(shell: Interpreter, text: str) -> tuple[Provider, str]:
    """A path without a drive is below the current location, which may be on another drive than C:."""
    if (len(text) > 1 and text[1] == ":") or len(shell.location.partition(":")[0]) == 1:
        return FileProvider(shell), text
    return resolve(shell, shell.location.rstrip("\\") + "\\" + text.removeprefix(".\\"))
