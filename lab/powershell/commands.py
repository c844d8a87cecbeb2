# SPDX-License-Identifier: GPL-3.0-or-later
"""From a command's name to what it does: function, cmdlet, script file or program."""

from __future__ import annotations

import subprocess
import typing as t

from lab.powershell import functions, registry, render
from lab.powershell.arguments import Argument
from lab.powershell.convert import to_string
from lab.powershell.errors import CmdletError, Exited, PSError, UnsupportedPowerShell
from lab.powershell.syntax import ScriptSyntaxError, parse
from lab.powershell.values import ErrorRecord, ScriptBlock, Value
from lab.windows import errors as windows_errors

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter

_EXTENSIONS = ("", ".exe", ".cmd", ".bat", ".com")


def run(
    shell: Interpreter,
    command: str | ScriptBlock,
    arguments: list[Argument],
    piped: list[Value] | None,
    out: list[Value],
    dot: bool = False,
) -> None:
    """Run a command by name, or a script block.

    Raises:
        UnsupportedPowerShell: a cmdlet that the lab does not have.
        PSError: a program or script that is not there.
    """
    if isinstance(command, ScriptBlock):
        functions.invoke(shell, command, paired(command, arguments), piped, out, new_scope=not dot)
        return
    name = registry.ALIASES.get(command.casefold(), command)
    if name in shell.functions:
        function = shell.functions[name]
        functions.invoke(shell, function, paired(function, arguments), piped, out, new_scope=not dot)
        return
    known = registry.CMDLETS.get(name.casefold())
    if known:
        run_cmdlet(shell, known, arguments, piped, out)
        return
    if name.casefold().endswith(".ps1"):
        _run_script(shell, name, arguments, piped, out, dot)
        return
    _run_program(shell, name, arguments, piped, out)


def paired(block: ScriptBlock, arguments: list[Argument]) -> list[Argument]:
    """Give each bare ``-name`` its value: the next argument, unless the function declares a switch of that name."""
    declared = functions.parameters(block) or []
    paired: list[Argument] = []
    queue = list(arguments)
    while queue:
        argument = queue.pop(0)
        if argument.name and not argument.has_value:
            matches = [one for one in declared if one.name.casefold().startswith(argument.name.casefold())]
            switch = len(matches) == 1 and matches[0].is_switch
            if switch or not queue or queue[0].name:
                argument = argument._replace(value=True)
            else:
                argument = argument._replace(value=queue.pop(0).value)
        paired.append(argument)
    return paired


def run_cmdlet(
    shell: Interpreter,
    command: registry.Cmdlet,
    arguments: list[Argument],
    piped: list[Value] | None,
    out: list[Value],
) -> None:
    """Bind and run a cmdlet; errors of the model become error records."""
    call = registry.bind(shell, command, arguments, piped)
    try:
        for value in command.body(call) or ():
            out.append(value)
    except (CmdletError, windows_errors.WindowsError, windows_errors.NetworkError) as exc:
        call.error(exc)
    except windows_errors.UnsupportedError as exc:
        raise UnsupportedPowerShell(str(exc), shell.line) from exc


def _run_script(
    shell: Interpreter, name: str, arguments: list[Argument], piped: list[Value] | None, out: list[Value], dot: bool
) -> None:
    """Run a .ps1: one the lab knows as a program (the launch agent's), or its text."""
    from lab.windows import programs

    path = shell_path(shell, name)
    if not shell.machine.files.is_file(path):
        raise not_found(shell, name)
    if programs.knows(path):
        _run_program(shell, path, arguments, piped, out)
        return
    try:
        tree = parse(shell.machine.files.read_text(path))
    except ScriptSyntaxError as exc:
        raise PSError(shell.record(str(exc), "System.Management.Automation.ParseException"), fatal=True) from exc
    block = ScriptBlock(tree, path)
    before, shell.script_path = shell.script_path, path
    try:
        functions.invoke(shell, block, paired(block, arguments), piped, out, new_scope=not dot)
    except Exited as exc:
        shell.scopes.set("global:LASTEXITCODE", exc.code)
        shell.success = exc.code == 0
    finally:
        shell.script_path = before


def _run_program(
    shell: Interpreter, name: str, arguments: list[Argument], piped: list[Value] | None, out: list[Value]
) -> None:
    """Run an executable; its lines are the output, its standard error becomes error records when redirected."""
    from lab.windows import programs

    path = find_program(shell, name)
    if path is None:
        raise not_found(shell, name)
    if piped:
        raise UnsupportedPowerShell(f"a pipeline into the program {name}", shell.line)
    line = subprocess.list2cmdline([path, *(word for argument in arguments for word in _words(argument))])
    try:
        done = programs.run(shell.machine, line, shell.user, environment=dict(shell.environment), cwd=_directory(shell))
    except windows_errors.UnsupportedError as exc:
        raise UnsupportedPowerShell(str(exc), shell.line) from exc
    except windows_errors.WindowsError as exc:
        raise PSError(shell.record(f"Program '{name}' failed to run: {exc}", identity="NativeCommandFailed")) from exc
    out.extend(_lines(done.stdout))
    shell.scopes.set("global:LASTEXITCODE", done.rc)
    shell.success = done.rc == 0
    for text in _lines(done.stderr):
        _program_error(shell, name, text)


def _words(argument: Argument) -> list[str]:
    """What a program gets for an argument: an array is one word for each element."""
    if not argument.name and isinstance(argument.value, list):
        return [to_string(item) for item in argument.value]
    return [argument.word]


def _directory(shell: Interpreter) -> str:
    """The working directory of a program: the location, unless that is no directory."""
    return shell.location if shell.location[1:2] == ":" else "C:\\"


def _program_error(shell: Interpreter, name: str, text: str) -> None:
    if not shell.errors_redirected:
        shell.console.error(text + "\n")
        return
    record = shell.record(
        text,
        "System.Management.Automation.RemoteException",
        category="NotSpecified",
        identity="NativeCommandError",
        target=text,
        command=name,
    )
    # Windows PowerShell turns redirected standard error into error records, and those stop a script that says Stop.
    if shell.preference("ErrorActionPreference") == "stop":
        raise PSError(record, fatal=True)
    shell.report(record)


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", errors="replace").replace("\r\n", "\n").splitlines()


def find_program(shell: Interpreter, name: str) -> str | None:
    """The full path of a program by name or path, looked up in PATH, or None."""
    files = shell.machine.files
    text = name.replace("/", "\\")
    folders = [""] if "\\" in text else shell.environment.get("Path", "").split(";")
    for folder in folders:
        base = shell_path(shell, text) if not folder else folder.rstrip("\\") + "\\" + text
        for extension in _EXTENSIONS:
            if base[1:2] == ":" and files.is_file(base + extension):
                return files.stat(base + extension).path
    return None


def shell_path(shell: Interpreter, text: str) -> str:
    """An absolute file system path."""
    from lab.windows import paths

    return paths.normalise(text, shell.location)


def not_found(shell: Interpreter, name: str) -> PSError | UnsupportedPowerShell:
    """What to raise for a name that is nothing: cmdlets are the lab's gap, programs are the script's."""
    verb, dash, noun = name.partition("-")
    if dash and verb.isalpha() and noun.replace("-", "").isalnum() and "\\" not in name:
        return UnsupportedPowerShell(f"the cmdlet {name}", shell.line)
    return PSError(
        shell.record(
            not_recognized(name),
            "System.Management.Automation.CommandNotFoundException",
            category="ObjectNotFound",
            identity="CommandNotFoundException",
            target=name,
            command=name,
        )
    )


def not_recognized(name: str) -> str:
    """What PowerShell says of a name that is no command."""
    return (
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )


def write_file(shell: Interpreter, target: str, values: list[Value], append: bool) -> None:
    """``> path``: what the console would show, in UTF-16 as Windows PowerShell writes it."""
    text = "".join(v.report() if isinstance(v, ErrorRecord) else render.lines(v) for v in values)
    data = text.replace("\n", "\r\n").encode("utf-16-le")
    path = shell_path(shell, to_string(target))
    try:
        if append and shell.machine.files.exists(path):
            shell.machine.files.append(path, data)
        else:
            shell.machine.files.write(path, b"\xff\xfe" + data)
    except windows_errors.WindowsError as exc:
        raise PSError(
            shell.record(str(exc), "System.IO.IOException", category="OpenError", command="Out-File")
        ) from exc
