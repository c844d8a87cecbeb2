# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables, modes of the language, dates, and finding and evaluating commands."""

from __future__ import annotations

import datetime
import time
import typing as t

from lab.powershell import commands, registry
from lab.powershell.dotnet_format import format_moment
from lab.powershell.errors import CmdletError, MethodError, UnsupportedPowerShell
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.scope import Undefined
from lab.powershell.syntax import ScriptSyntaxError, parse
from lab.powershell.values import PSObject, SecureString, Value, collapse
from lab.timings import LONGEST_SLEEP

_MODULES = (
    "netsecurity",
    "pki",
    "microsoft.powershell.management",
    "microsoft.powershell.utility",
    "microsoft.powershell.security",
    "microsoft.wsman.management",
    "scheduledtasks",
    "servermanager",
)


@cmdlet(
    "Set-Variable",
    P("Name", "string", 0, required=True),
    P("Value", "object", 1, pipeline=True),
    P("Scope"),
    P("Force", SWITCH),
    P("Option"),
)
def set_variable(call: Call) -> None:
    """``$name = value``."""
    value = call.get("Value")
    if call.piped is not None and isinstance(value, list):
        value = collapse(value)
    call.shell.set_variable(_scoped(call), value)


def _scoped(call: Call) -> str:
    scope = call.text("Scope")
    return f"{scope}:{call.text('Name')}" if scope else call.text("Name")


@cmdlet("Get-Variable", P("Name", "string", 0, required=True), P("ValueOnly", SWITCH), P("Scope"))
def get_variable(call: Call) -> t.Iterable[Value]:
    """A variable as an object."""
    name = _scoped(call)
    try:
        value = call.shell.scopes.get(name)
    except Undefined:
        message = f"Cannot find a variable with the name '{call.text('Name')}'."
        raise CmdletError(message, "ObjectNotFound", "VariableNotFound", call.text("Name")) from None
    if call.flag("ValueOnly"):
        return [value]
    return [PSObject("System.Management.Automation.PSVariable", {"Name": call.text("Name"), "Value": value})]


@cmdlet("Remove-Variable", P("Name", "string[]", 0, required=True), P("Scope"), P("Force", SWITCH))
def remove_variable(call: Call) -> None:
    """Forget variables."""
    for name in call.texts("Name"):
        if not call.shell.scopes.remove(name):
            call.error(
                CmdletError(f"Cannot find a variable with the name '{name}'.", "ObjectNotFound", "VariableNotFound")
            )


@cmdlet("Set-StrictMode", P("Version"), P("Off", SWITCH))
def set_strict_mode(call: Call) -> None:
    """Unset variables and properties become errors."""
    call.shell.strict = not call.flag("Off")


@cmdlet(
    "Set-ExecutionPolicy",
    P("ExecutionPolicy", "string", 0, choices=("Restricted", "RemoteSigned", "Unrestricted", "Bypass", "AllSigned")),
    P("Scope", "string", 1, choices=("Process", "CurrentUser", "LocalMachine")),
    P("Force", SWITCH),
)
def set_execution_policy(call: Call) -> None:
    """Kept in the registry; the lab runs every script anyway."""
    if call.text("Scope", "LocalMachine") == "LocalMachine":
        key = "HKLM\\SOFTWARE\\Microsoft\\PowerShell\\1\\ShellIds\\Microsoft.PowerShell"
        call.machine.registry.set(key, "ExecutionPolicy", call.text("ExecutionPolicy"))


@cmdlet("Import-Module", P("Name", "string[]", 0, required=True), P("Force", SWITCH), P("DisableNameChecking", SWITCH))
def import_module(call: Call) -> None:
    """The modules whose cmdlets are declared here."""
    for name in call.texts("Name"):
        if name.casefold() not in _MODULES:
            raise UnsupportedPowerShell(f"the module {name}", call.shell.line)


@cmdlet("Start-Sleep", P("Seconds", "double", 0, pipeline=True), P("Milliseconds", "int"))
def start_sleep(call: Call) -> None:
    """Wait, but never for long: the lab's time is the tests' time."""
    wanted = float(call.get("Seconds", 0)) + call.get("Milliseconds", 0) / 1000
    time.sleep(min(wanted, LONGEST_SLEEP))


@cmdlet("Get-Date", P("Date", "datetime", 0), P("Format"), P("UFormat"))
def get_date(call: Call) -> t.Iterable[Value]:
    """Now, or a given moment."""
    if "UFormat" in call:
        raise UnsupportedPowerShell("the parameter -UFormat of Get-Date", call.shell.line)
    moment: datetime.datetime = call.get("Date") or call.machine.clock()
    return [format_moment(moment, call.text("Format")) if "Format" in call else moment]


@cmdlet(
    "New-TimeSpan",
    P("Start", "datetime", 0),
    P("End", "datetime", 1),
    *(P(n, "int") for n in ("Days", "Hours", "Minutes", "Seconds")),
)
def new_time_span(call: Call) -> t.Iterable[Value]:
    """A length of time."""
    if "Start" in call:
        return [(call.get("End") or call.machine.clock()) - call["Start"]]
    return [datetime.timedelta(**{name.lower(): call.get(name, 0) for name in ("Days", "Hours", "Minutes", "Seconds")})]


@cmdlet("Get-Command", P("Name", "string[]", 0, required=True), P("CommandType"))
def get_command(call: Call) -> t.Iterable[Value]:
    """Which commands of these names exist."""
    for name in call.texts("Name"):
        real = registry.ALIASES.get(name.casefold(), name)
        program = None if real.casefold() in registry.CMDLETS else commands.find_program(call.shell, real)
        if real.casefold() in registry.CMDLETS or real in call.shell.functions:
            kind = "Function" if real in call.shell.functions else "Cmdlet"
            yield PSObject("System.Management.Automation.CommandInfo", {"Name": real, "CommandType": kind}, text=real)
        elif program:
            details = {
                "Name": program.rpartition("\\")[2],
                "CommandType": "Application",
                "Source": program,
                "Path": program,
            }
            yield PSObject("System.Management.Automation.ApplicationInfo", details, text=program)
        else:
            call.error(
                CmdletError(
                    commands.not_recognized(name),
                    "ObjectNotFound",
                    "CommandNotFoundException",
                    name,
                )
            )


@cmdlet("Invoke-Expression", P("Command", "string", 0, pipeline=True, required=True))
def invoke_expression(call: Call) -> t.Iterable[Value]:
    """Run text as PowerShell."""
    try:
        tree = parse(call.text("Command"))
    except ScriptSyntaxError as exc:
        raise MethodError(str(exc), "System.Management.Automation.ParseException") from exc
    out: list[Value] = []
    call.shell.run(tree, out)
    return out


@cmdlet(
    "ConvertTo-SecureString",
    P("String", "string", 0, pipeline=True, required=True),
    P("AsPlainText", SWITCH),
    P("Force", SWITCH),
)
def convert_to_secure_string(call: Call) -> t.Iterable[Value]:
    """A password that prints as its type."""
    if not (call.flag("AsPlainText") and call.flag("Force")):
        raise UnsupportedPowerShell("ConvertTo-SecureString without -AsPlainText -Force", call.shell.line)
    return [SecureString(call.text("String"))]


@cmdlet("Get-Random", P("Minimum", "int"), P("Maximum", "int", 0))
def get_random(call: Call) -> t.Iterable[Value]:
    """A number below a maximum."""
    import secrets

    low = call.get("Minimum", 0)
    return [low + secrets.randbelow(max(call.get("Maximum", 2**31 - 1) - low, 1))]
