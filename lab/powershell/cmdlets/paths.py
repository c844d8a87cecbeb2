# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths as text, and the current location."""

from __future__ import annotations

import typing as t

from lab.powershell import commands, providers
from lab.powershell.errors import CmdletError
from lab.powershell.providers.files import FileProvider
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import PSObject, Value
from lab.windows import paths


@cmdlet(
    "Join-Path",
    P("Path", "string[]", 0, pipeline=True, required=True),
    P("ChildPath", "string", 1, required=True),
    P("Resolve", SWITCH),
)
def join_path(call: Call) -> t.Iterable[Value]:
    """Two parts with one separator."""
    for base in call.texts("Path"):
        yield paths.join(base, call.text("ChildPath"))


@cmdlet(
    "Split-Path",
    P("Path", "string[]", 0, pipeline=True, required=True, aliases=("LiteralPath",)),
    P("Parent", SWITCH),
    P("Leaf", SWITCH),
    P("Qualifier", SWITCH),
)
def split_path(call: Call) -> t.Iterable[Value]:
    """The part before, or after, the last separator."""
    for path in call.texts("Path"):
        if call.flag("Qualifier"):
            yield path.partition(":")[0] + ":"
        else:
            yield paths.name(path) if call.flag("Leaf") else paths.parent(path.rstrip("\\"))


@cmdlet("Resolve-Path", P("Path", "string[]", 0, pipeline=True, required=True, aliases=("LiteralPath",)))
def resolve_path(call: Call) -> t.Iterable[Value]:
    """The absolute path of something that is there."""
    for path in call.texts("Path"):
        full = commands.shell_path(call.shell, path)
        if not call.machine.files.exists(full):
            call.error(
                CmdletError(f"Cannot find path '{full}' because it does not exist.", "ObjectNotFound", "PathNotFound")
            )
            continue
        yield PSObject("System.Management.Automation.PathInfo", {"Path": full}, text=full)


@cmdlet("Get-Location")
def get_location(call: Call) -> t.Iterable[Value]:
    """Where the script is."""
    here = call.shell.location
    return [PSObject("System.Management.Automation.PathInfo", {"Path": here}, text=here)]


@cmdlet("Set-Location", P("Path", "string", 0, required=True, aliases=("LiteralPath",)))
def set_location(call: Call) -> None:
    """Go elsewhere."""
    path = call.text("Path")
    provider, below = providers.resolve(call.shell, path)
    if not provider.exists(below):
        raise provider.missing(path)
    is_file = isinstance(provider, FileProvider)
    call.shell.location = commands.shell_path(call.shell, path) if is_file else path
