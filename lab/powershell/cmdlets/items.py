# SPDX-License-Identifier: GPL-3.0-or-later
"""Items of any drive, and registry values as their properties."""

from __future__ import annotations

import fnmatch
import typing as t

from lab.powershell import providers
from lab.powershell.convert import to_string
from lab.powershell.errors import CmdletError, UnsupportedPowerShell
from lab.powershell.providers.base import Provider
from lab.powershell.providers.files import FileProvider
from lab.powershell.providers.registry import KINDS, RegistryProvider
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import PSObject, Value
from lab.windows import errors as windows_errors

PATH = P("Path", "string[]", 0, pipeline=True, aliases=("PSPath", "FullName"))
LITERAL = P("LiteralPath", "string[]", aliases=("LP",))
FORCE = P("Force", SWITCH)


def each_path(call: Call, *names: str) -> t.Iterator[tuple[Provider, str, bool]]:
    """Provider, path and whether it is literal, for every path given; a bad drive is reported and passed over."""
    given = [(path, name == "LiteralPath") for name in names or ("Path", "LiteralPath") for path in call.texts(name)]
    for path, literal in given:
        text = path.removeprefix("Microsoft.PowerShell.Security\\Certificate::")
        text = text if text == path else "Cert:\\" + text
        try:
            provider, below = providers.resolve(call.shell, text)
        except CmdletError as exc:
            call.error(exc)
            continue
        yield provider, below, literal


def _guard(call: Call, action: t.Callable[..., t.Any], *arguments: t.Any) -> t.Any:
    """Run an action on one path; its failure is reported and the others go on."""
    try:
        return action(*arguments)
    except (CmdletError, windows_errors.WindowsError) as exc:
        call.error(exc)
        return None


@cmdlet("Test-Path", PATH, LITERAL, P("PathType", choices=("Any", "Leaf", "Container"), aliases=("Type",)))
def test_path(call: Call) -> t.Iterable[Value]:
    """Say whether something is there; a drive that does not exist is false."""
    for name in ("Path", "LiteralPath"):
        for path in call.texts(name):
            try:
                provider, below = providers.resolve(call.shell, path)
                yield provider.exists(below, call.text("PathType", "Any"))
            except CmdletError:
                yield False


@cmdlet("Get-Item", PATH, LITERAL, FORCE)
def get_item(call: Call) -> t.Iterable[Value]:
    """What is at a path."""
    for provider, path, literal in each_path(call):
        found = _guard(call, provider.find, path, literal)
        if found == [] and not any(char in path for char in "*?"):
            call.error(provider.missing(_shown(provider, path)))
        yield from found or []


def _shown(provider: Provider, path: str) -> str:
    if isinstance(provider, FileProvider):
        return provider.full(path)
    return (
        f"{path.partition(chr(92))[0]}:\\{path.partition(chr(92))[2]}"
        if isinstance(provider, RegistryProvider)
        else path
    )


@cmdlet(
    "Get-ChildItem",
    PATH,
    LITERAL,
    P("Filter", "string", 1),
    P("Include", "string[]"),
    P("Exclude", "string[]"),
    P("Name", SWITCH),
    P("Recurse", SWITCH),
    P("File", SWITCH),
    P("Directory", SWITCH),
    FORCE,
)
def get_child_item(call: Call) -> t.Iterable[Value]:
    """What is below a path."""
    if "Path" not in call and "LiteralPath" not in call:
        call.values["Path"] = [call.shell.location]
    for provider, path, _literal in each_path(call):
        for item in _below(call, provider, path):
            if _wanted(call, item):
                yield item.properties["Name"] if call.flag("Name") else item


def _below(call: Call, provider: Provider, path: str) -> t.Iterator[PSObject]:
    for item in _guard(call, provider.children, path) or []:
        yield item
        if call.flag("Recurse"):
            if not isinstance(provider, FileProvider):
                raise UnsupportedPowerShell(f"Get-ChildItem -Recurse on the {provider.name} provider", call.shell.line)
            if item.properties["PSIsContainer"]:
                yield from _below(call, provider, to_string(item.properties["FullName"]))


def _wanted(call: Call, item: PSObject) -> bool:
    name = to_string(item.properties.get("PSChildName", item.properties.get("Name", ""))).casefold()
    container = bool(item.properties.get("PSIsContainer", False))
    included = [one.casefold() for one in [*call.texts("Include"), *call.texts("Filter")]]
    excluded = [one.casefold() for one in call.texts("Exclude")]
    return (
        (not included or any(fnmatch.fnmatchcase(name, one) for one in included))
        and not any(fnmatch.fnmatchcase(name, one) for one in excluded)
        and not (call.flag("File") and container)
        and not (call.flag("Directory") and not container)
    )


@cmdlet(
    "New-Item",
    P("Path", "string[]", 0, pipeline=True, required=True),
    P("Name"),
    P("ItemType", aliases=("Type",)),
    P("Value", "object"),
    FORCE,
    P("Transport", choices=("HTTP", "HTTPS")),
    P("Address"),
    P("Port", "int"),
    P("HostName"),
    P("CertificateThumbPrint"),
)
def new_item(call: Call) -> t.Iterable[Value]:
    """Make a file, a directory, a registry key or a WinRM listener."""
    for provider, path, _literal in each_path(call, "Path"):
        full = f"{path.rstrip(chr(92))}\\{call.text('Name')}" if "Name" in call else path
        made = _guard(call, provider.new, full, call)
        if made is not None:
            yield made


@cmdlet("Remove-Item", PATH, LITERAL, P("Recurse", SWITCH), FORCE, P("DeleteKey", SWITCH))
def remove_item(call: Call) -> None:
    """Delete what is at a path."""
    for provider, path, literal in each_path(call):
        _guard(call, provider.remove, path, call.flag("Recurse"), call.flag("Force"), literal)


@cmdlet("Set-Item", P("Path", "string[]", 0, required=True), P("Value", "object", 1), FORCE)
def set_item(call: Call) -> None:
    """Give an item a value."""
    for provider, path, _literal in each_path(call, "Path"):
        _guard(call, provider.set, path, call.get("Value"))


def _registry(call: Call) -> t.Iterator[tuple[RegistryProvider, str]]:
    for provider, path, _literal in each_path(call):
        if not isinstance(provider, RegistryProvider):
            raise UnsupportedPowerShell(f"{call.cmdlet.name} on the {provider.name} provider", call.shell.line)
        yield provider, path


@cmdlet("Get-ItemProperty", PATH, P("Name", "string[]", 1), LITERAL)
def get_item_property(call: Call) -> t.Iterable[Value]:
    """A key's values."""
    for provider, path in _registry(call):
        found = _guard(call, provider.values, path)
        if found is None:
            continue
        missing = [name for name in call.texts("Name") if name not in found.properties]
        for name in missing:
            message = f"Property {name} does not exist at path {provider._long(path).partition('::')[2]}."
            call.error(
                CmdletError(message, "InvalidArgument", "System.Management.Automation.PSArgumentException", name)
            )
        if not missing:
            yield found


@cmdlet("Get-ItemPropertyValue", PATH, P("Name", "string[]", 1, required=True), LITERAL)
def get_item_property_value(call: Call) -> t.Iterable[Value]:
    """The data of values."""
    for found in get_item_property(call) or ():
        for name in call.texts("Name"):
            yield found.properties[name]


_KIND = P("PropertyType", choices=KINDS, aliases=("Type",))


@cmdlet("Set-ItemProperty", PATH, P("Name", "string", 1, required=True), P("Value", "object", 2), LITERAL, _KIND, FORCE)
def set_item_property(call: Call) -> None:
    """Write a value."""
    for provider, path in _registry(call):
        _guard(call, provider.write, path, call.text("Name"), call.get("Value"), call.text("PropertyType"))


@cmdlet("New-ItemProperty", PATH, P("Name", "string", required=True), P("Value", "object"), LITERAL, _KIND, FORCE)
def new_item_property(call: Call) -> t.Iterable[Value]:
    """Write a value that must not be there yet, unless forced."""
    for provider, path in _registry(call):
        if provider.registry.get(path, call.text("Name")) is not None and not call.flag("Force"):
            call.error(CmdletError("The property already exists.", "ResourceExists", "System.IO.IOException", path))
            continue
        kind = call.text("PropertyType", "String" if not isinstance(call.get("Value"), int) else "")
        _guard(call, provider.write, path, call.text("Name"), call.get("Value"), kind)
        yield provider.values(path)


@cmdlet("Remove-ItemProperty", PATH, P("Name", "string[]", 1, required=True), LITERAL, FORCE)
def remove_item_property(call: Call) -> None:
    """Delete values."""
    for provider, path in _registry(call):
        for name in call.texts("Name"):
            _guard(call, provider.delete_value, path, name)
