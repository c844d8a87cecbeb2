# SPDX-License-Identifier: GPL-3.0-or-later
"""Cmdlets: how one is declared, and what it sees when it runs."""

from __future__ import annotations

import typing as t

from lab.powershell.convert import cast, to_bool, to_string
from lab.powershell.errors import CmdletError, MethodError, PSError, UnsupportedPowerShell
from lab.powershell.values import CaseDict, Value, listify

if t.TYPE_CHECKING:
    from lab.powershell.arguments import Argument
    from lab.powershell.interpreter import Interpreter
    from lab.windows.machine import Machine

SWITCH = "switch"


class P(t.NamedTuple):
    """A parameter: its type (a cast, or ``object``), place on the command line, and whether the pipeline fills it."""

    name: str
    type: str = "string"
    position: int | None = None
    pipeline: bool = False
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    required: bool = False


class Call:
    """One call of a cmdlet."""

    def __init__(self, shell: Interpreter, cmdlet: Cmdlet, values: CaseDict, piped: list[Value] | None) -> None:
        self.shell = shell
        self.cmdlet = cmdlet
        self.values = values
        self.piped = piped

    @property
    def machine(self) -> Machine:
        """The machine the script runs on."""
        return self.shell.machine

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    def get(self, name: str, default: Value = None) -> Value:
        """A parameter's value, or the default when it was not given."""
        return self.values.get(name, default)

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        value = self.values.get(name)
        return default if value is None else to_string(value)

    def flag(self, name: str) -> bool:
        """A switch."""
        return to_bool(self.values.get(name, False))

    def texts(self, name: str) -> list[str]:
        """A parameter as a list of text."""
        value = self.values.get(name)
        return [] if value is None else [to_string(item) for item in listify(value)]

    @property
    def items(self) -> list[Value]:
        """What came through the pipeline; nothing when the command is not in one."""
        return list(self.piped or [])

    def error(self, error: CmdletError | Exception) -> None:
        """Report a non-terminating error and go on, unless ErrorAction says stop."""
        self.shell.fail(error, self.cmdlet.name, self.text("ErrorAction") or None)


Body = t.Callable[[Call], t.Iterable[Value] | None]


class Cmdlet(t.NamedTuple):
    """A cmdlet's name, parameters and body."""

    name: str
    parameters: tuple[P, ...]
    body: Body


CMDLETS: dict[str, Cmdlet] = {}
ALIASES: dict[str, str] = {
    "%": "ForEach-Object",
    "?": "Where-Object",
    "foreach": "ForEach-Object",
    "where": "Where-Object",
    "echo": "Write-Output",
    "write": "Write-Output",
    "cat": "Get-Content",
    "gc": "Get-Content",
    "type": "Get-Content",
    "dir": "Get-ChildItem",
    "ls": "Get-ChildItem",
    "gci": "Get-ChildItem",
    "gi": "Get-Item",
    "rm": "Remove-Item",
    "del": "Remove-Item",
    "ri": "Remove-Item",
    "cp": "Copy-Item",
    "copy": "Copy-Item",
    "mv": "Move-Item",
    "move": "Move-Item",
    "md": "New-Item",
    "ni": "New-Item",
    "cd": "Set-Location",
    "sleep": "Start-Sleep",
    "select": "Select-Object",
    "sort": "Sort-Object",
    "measure": "Measure-Object",
    "sc": "Set-Content",
    "iwr": "Invoke-WebRequest",
    "gsv": "Get-Service",
    "sasv": "Start-Service",
    "spsv": "Stop-Service",
    "gcim": "Get-CimInstance",
    "gwmi": "Get-WmiObject",
    "sls": "Select-String",
}
ACTIONS = ("Continue", "SilentlyContinue", "Stop", "Ignore")
COMMON = (
    P("ErrorAction", choices=ACTIONS, aliases=("ea",)),
    P("WarningAction", choices=ACTIONS, aliases=("wa",)),
    P("InformationAction", choices=ACTIONS),
    P("Verbose", SWITCH, aliases=("vb",)),
    P("Debug", SWITCH),
    P("Confirm", SWITCH),
)


def cmdlet(name: str, *parameters: P) -> t.Callable[[Body], Body]:
    """Declare the decorated function as the body of a cmdlet."""

    def declare(body: Body) -> Body:
        CMDLETS[name.casefold()] = Cmdlet(name, parameters, body)
        return body

    return declare


def bind(shell: Interpreter, command: Cmdlet, arguments: list[Argument], piped: list[Value] | None) -> Call:
    """Match arguments with parameters, as PowerShell does.

    Raises:
        UnsupportedPowerShell: a parameter that the lab's cmdlet does not have.
        PSError: a value that does not convert, or a required one that is missing.
    """
    values = CaseDict()
    everything = (*command.parameters, *COMMON)
    pending: P | None = None
    rest: list[Value] = []
    for argument in arguments:
        if argument.name:
            _no_value(shell, command, pending)
            pending = None
            parameter = _find(shell, command, everything, argument.name)
            if argument.has_value:
                values[parameter.name] = _convert(shell, command, parameter, argument.value)
            elif parameter.type == SWITCH:
                values[parameter.name] = True
            else:
                pending = parameter
        elif pending:
            values[pending.name] = _convert(shell, command, pending, argument.value)
            pending = None
        else:
            rest.append(argument.value)
    _no_value(shell, command, pending)
    _positional(shell, command, values, rest)
    _pipeline(shell, command, values, piped)
    _check(shell, command, values)
    return Call(shell, command, values, piped)


def _find(shell: Interpreter, command: Cmdlet, parameters: tuple[P, ...], name: str) -> P:
    wanted = name.casefold()
    for one in parameters:
        if wanted in (one.name.casefold(), *(alias.casefold() for alias in one.aliases)):
            return one
    found = [one for one in parameters if one.name.casefold().startswith(wanted)]
    if len(found) != 1:
        raise UnsupportedPowerShell(f"the parameter -{name} of {command.name}", shell.line)
    return found[0]


def _no_value(shell: Interpreter, command: Cmdlet, pending: P | None) -> None:
    if pending:
        raise _invalid(shell, command, f"Missing an argument for parameter '{pending.name}'.", "MissingArgument")


def _positional(shell: Interpreter, command: Cmdlet, values: CaseDict, rest: list[Value]) -> None:
    places = sorted((one for one in command.parameters if one.position is not None), key=lambda one: one.position or 0)
    free = [one for one in places if one.name not in values]
    for value in rest:
        if not free:
            text = to_string(value)
            raise _invalid(
                shell,
                command,
                f"A positional parameter cannot be found that accepts argument '{text}'.",
                "PositionalParameterNotFound",
            )
        parameter = free.pop(0)
        if parameter.type == "remaining":
            values.setdefault(parameter.name, [])
            values[parameter.name].append(value)
            free.insert(0, parameter)
        else:
            values[parameter.name] = _convert(shell, command, parameter, value)


def _pipeline(shell: Interpreter, command: Cmdlet, values: CaseDict, piped: list[Value] | None) -> None:
    taker = next((one for one in command.parameters if one.pipeline and one.name not in values), None)
    if taker is None or piped is None:
        return
    values[taker.name] = [_from_property(taker, item) for item in piped]


def _from_property(parameter: P, item: Value) -> Value:
    """An object in the pipeline hands over the property that has the parameter's name or alias."""
    properties = getattr(item, "properties", None)
    if properties is None or parameter.type == "object":
        return item
    for name in (*parameter.aliases, parameter.name):
        if name in properties:
            return properties[name]
    return item


def _check(shell: Interpreter, command: Cmdlet, values: CaseDict) -> None:
    if to_bool(values.get("Confirm", False)):
        raise UnsupportedPowerShell(f"-Confirm of {command.name}: nobody is there to answer", shell.line)
    missing = [one.name for one in command.parameters if one.required and one.name not in values]
    if missing:
        raise _invalid(
            shell,
            command,
            f"Cannot process command because of one or more missing mandatory parameters: {' '.join(missing)}.",
            "MissingMandatoryParameter",
        )


def _convert(shell: Interpreter, command: Cmdlet, parameter: P, value: Value) -> Value:
    try:
        converted = (
            value
            if parameter.type in ("object", "remaining")
            else cast(_CASTS.get(parameter.type, parameter.type), value)
        )
    except MethodError as exc:
        message = f"Cannot bind parameter '{parameter.name}'. {exc}"
        raise _invalid(shell, command, message, "CannotConvertArgumentNoMessage") from exc
    if parameter.choices:
        return _choice(shell, command, parameter, converted)
    return converted


_CASTS = {SWITCH: "bool"}


def _choice(shell: Interpreter, command: Cmdlet, parameter: P, value: Value) -> Value:
    def one(item: Value) -> str:
        text = to_string(item)
        found = next((choice for choice in parameter.choices if choice.casefold() == text.casefold()), None)
        if found is None:
            raise _invalid(
                shell,
                command,
                f"Cannot validate argument on parameter '{parameter.name}'. The argument \"{text}\" does not belong to "
                f'the set "{",".join(parameter.choices)}" specified by the ValidateSet attribute.',
                "ParameterArgumentValidationError",
            )
        return found

    return [one(item) for item in value] if isinstance(value, list) else one(value)


def _invalid(shell: Interpreter, command: Cmdlet, message: str, identity: str) -> PSError:
    return PSError(
        shell.record(
            message,
            "System.Management.Automation.ParameterBindingException",
            category="InvalidArgument",
            identity=f"{identity},{command.name}",
            command=command.name,
        )
    )
