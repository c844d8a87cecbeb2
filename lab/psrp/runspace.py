# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest's PowerShell behind the protocol: runspaces that run pipelines on the model of Windows."""

from __future__ import annotations

import typing as t

from psrpcore import types as wire

from lab.execution import answer_of_ansible
from lab.powershell import UnsupportedPowerShell, parse
from lab.powershell import commands as engine
from lab.powershell.arguments import Argument
from lab.powershell.console import Console
from lab.powershell.convert import to_int, to_string
from lab.powershell.errors import ControlFlow, Exited, PSError
from lab.powershell.functions import invoke
from lab.powershell.interpreter import Interpreter
from lab.powershell.syntax import ScriptSyntaxError
from lab.powershell.values import ErrorRecord, PSObject, ScriptBlock, Value
from lab.psrp import records, values
from lab.psrp.types import Command, HostLine, Invocation, Outcome, Record, Stream
from lab.windows.errors import UnsupportedError, WindowsError

if t.TYPE_CHECKING:
    from lab.types import Completed
    from lab.windows.machine import Machine

# With what the psrp connection of Ansible runs a script file.
_RUN_FILE = "param([string]$Path, [Parameter(ValueFromRemainingArguments)][string[]]$ScriptArgs) & $Path @ScriptArgs"


class GuestPowerShell:
    """The PowerShell of a machine, for one user."""

    def __init__(self, machine: Machine, user: str) -> None:
        self._machine = machine
        self._user = user

    @property
    def version_table(self) -> dict[str, t.Any]:
        version = self._machine.version
        powershell = wire.PSVersion(version.powershell)
        return {
            "PSVersion": powershell,
            "PSEdition": "Desktop",
            "PSCompatibleVersions": [*(wire.PSVersion(f"{major}.0") for major in range(1, 6)), powershell],
            "CLRVersion": wire.PSVersion("4.0.30319.42000"),
            "BuildVersion": wire.PSVersion(version.full),
            "WSManStackVersion": wire.PSVersion("3.0"),
        }

    def runspace(self) -> GuestRunspace:
        return GuestRunspace(self._machine, self._user)


class GuestRunspace:
    """A session: what a pipeline sets, the next one finds, unless it asked for a scope of its own."""

    def __init__(self, machine: Machine, user: str) -> None:
        self._machine = machine
        self._user = user
        self._shell: Interpreter | None = None

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run a pipeline. What the lab does not understand ends it with an error record that names it."""
        try:
            return self._ansible(invocation) or self._run(invocation)
        except UnsupportedError as exc:
            self._machine.log(f"unsupported: {exc}")
            return records.failure(f"The lab does not support this: {exc}")
        except WindowsError as exc:
            return records.failure(str(exc), "System.ComponentModel.Win32Exception")
        finally:
            if self._machine.attached.changed is not None:
                self._machine.attached.changed()

    def _ansible(self, invocation: Invocation) -> Outcome | None:
        """Answer Ansible's own scripts; None when it is another pipeline."""
        if [len(line) for line in invocation.statements] != [1]:
            return None
        ((script,),) = invocation.statements
        piped = invocation.piped or ()
        if not script.is_script or script.parameters or not all(isinstance(one, str) for one in piped):
            return None
        stdin = "".join(f"{line}\n" for line in piped).encode()
        answer = answer_of_ansible(self._machine, script.text, stdin, self._user)
        return None if answer is None else _outcome_of(answer)

    def _run(self, invocation: Invocation) -> Outcome:
        shell = self._session()
        stream = _Streams()
        shell.console = stream
        piped = None if invocation.piped is None else [values.from_wire(one) for one in invocation.piped]
        exit_code, failure = None, None
        try:
            with shell.errors_to(stream.error_record):
                for statement in invocation.statements:
                    self._statement(shell, statement, piped, stream)
        except Exited as exc:
            exit_code = to_int(exc.code)
        except ControlFlow:
            pass  # return, break or continue outside of everything just ends the pipeline
        except PSError as exc:
            failure = values.error_record(exc.record)
        except ScriptSyntaxError as exc:
            failure = records.error_record(str(exc), exception="System.Management.Automation.ParseException")
        except UnsupportedPowerShell as exc:
            exc.line = exc.line or shell.line
            self._machine.log(str(exc))
            failure = records.error_record(str(exc), identity="LabUnsupported")
        return Outcome(tuple(stream.written), exit_code, failure)

    def _statement(
        self, shell: Interpreter, statement: tuple[Command, ...], piped: list[Value] | None, stream: _Streams
    ) -> None:
        *first, last = statement
        for command in first:
            between: list[Value] = []
            self._command(shell, command, piped, between)
            piped = between
        self._command(shell, last, piped, _Objects(stream))

    def _command(self, shell: Interpreter, command: Command, piped: list[Value] | None, out: list[Value]) -> None:
        arguments = [_argument(name, values.from_wire(value)) for name, value in command.parameters]
        with shell.errors_to(out.append if command.errors_to_output else None):
            if not command.is_script:
                engine.run(shell, command.text, arguments, piped, out)
            elif command.text == _RUN_FILE:
                path, *rest = arguments
                engine.run(shell, path.word, rest, piped, out)
            else:
                block = ScriptBlock(parse(command.text))
                given = engine.paired(block, arguments)
                shell.scopes.set("input", [])  # not what an earlier pipeline was given
                invoke(shell, block, given, piped, out, new_scope=command.local_scope)

    def _session(self) -> Interpreter:
        if self._shell is None:
            self._shell = Interpreter(self._machine, self._user, self._machine.environment_of(self._user))
            host = PSObject("System.Management.Automation.Internal.Host.InternalHost", {"Name": "ServerRemoteHost"})
            self._shell.scopes.set("Host", host)
        return self._shell


class _Streams(Console):
    """The streams of a pipeline, in the order in which it writes to them."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[Record | HostLine] = []

    def write(self, text: str) -> None:
        """Text past the pipeline, for the console of the client."""
        super().write(text)
        line = text.removesuffix("\n").removesuffix("\r")
        self.written.append(HostLine(line, newline=text.endswith("\n")))

    def error(self, text: str) -> None:
        super().error(text)
        self.written.append(HostLine(text.rstrip("\r\n"), error=True))

    def host(self, text: str) -> None:
        self.written.append(Record("information", (text.rstrip("\r\n"), ["PSHOST"])))
        self.write(text)

    def message(self, stream: str, text: str, shown: bool = True) -> None:
        if stream.casefold() == "information":
            self.written.append(Record("information", (text, [])))
        elif shown:
            self.written.append(Record(t.cast("Stream", stream.casefold()), text))

    def error_record(self, record: ErrorRecord) -> None:
        """A non-terminating error."""
        self.written.append(Record("error", values.error_record(record)))


class _Objects(list[Value]):
    """The end of the outermost pipeline: what arrives is sent as it is, so nothing is lost when the script stops."""

    def __init__(self, stream: _Streams) -> None:
        super().__init__()
        self._stream = stream

    def append(self, value: Value) -> None:
        """Send one object."""
        self._stream.written.append(Record("output", values.to_wire(value)))

    def extend(self, objects: t.Iterable[Value]) -> None:
        """Send several."""
        for value in objects:
            self.append(value)


def _argument(name: str | None, value: Value) -> Argument:
    return Argument(name or "", value, to_string(value))


def _outcome_of(answer: Completed) -> Outcome:
    """What a wrapper would have written, had it not run in a process: lines are strings, errors go to the host."""
    lines = answer.stdout.decode().removesuffix("\r\n")
    output = [Record("output", line) for line in lines.split("\r\n")] if answer.stdout else []
    errors = [HostLine(line, error=True) for line in answer.stderr.decode().rstrip("\r\n").split("\r\n") if line]
    return Outcome((*output, *errors), answer.rc or None)
