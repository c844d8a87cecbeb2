# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a running script, and the two ways to walk its tree: for a value, or for output."""

from __future__ import annotations

import contextlib
import typing as t

from lab.powershell import expressions, statements
from lab.powershell.console import Console
from lab.powershell.errors import CmdletError, MethodError, PSError, UnsupportedPowerShell
from lab.powershell.scope import PREFERENCES, Scopes, Undefined
from lab.powershell.syntax import Node
from lab.powershell.syntax import statements as statements_of
from lab.powershell.values import CaseDict, ErrorRecord, PSObject, ScriptBlock, Value, collapse
from lab.windows import paths

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine


class Interpreter:
    """One PowerShell process on a machine."""

    def __init__(self, machine: Machine, user: str, environment: t.Mapping[str, str], stdin: bytes = b"") -> None:
        self.machine = machine
        self.user = user
        self.environment = CaseDict(environment.items())
        self.stdin = stdin
        self.console = Console()
        self.functions: CaseDict = CaseDict()
        self.error_records: list[ErrorRecord] = []
        self.strict = False
        self.success = True  # $?
        self.protected = 0  # how many try blocks are open
        self.location = self.environment.get("USERPROFILE", "C:\\")
        self.script_path = ""
        self.line = 0
        self._error_sinks: list[t.Callable[[ErrorRecord], None]] = [self._print_error]
        self.scopes = Scopes({**PREFERENCES, **_automatic_variables(self)})

    # --- walking -----------------------------------------------------------------------------------------------

    def run(self, node: Node, out: list[Value]) -> None:
        """Execute every statement in a block, writing to ``out``."""
        for statement in statements_of(node):
            self.execute(statement, out)

    def execute(self, node: Node, out: list[Value]) -> None:
        """Execute one statement; an error nobody catches ends the statement, or the script when it is fatal."""
        self.line = node.line
        try:
            statements.execute(self, node, out)
        except PSError as exc:
            if exc.fatal or self.protected:
                raise
            if self.preference("ErrorActionPreference") == "stop":
                exc.fatal = True
                raise
            self.success = False
            self.report(exc.record)

    def evaluate(self, node: Node) -> Value:
        """The value of an expression, or what a command or statement writes, as a variable would get it."""
        if expressions.is_expression(node):
            try:
                return expressions.evaluate(self, node)
            except MethodError as exc:
                raise PSError(self.record(str(exc), exc.exception_type, identity=exc.exception_type)) from exc
        return collapse(self.collect(node))

    def collect(self, node: Node) -> list[Value]:
        """Everything that statements write."""
        out: list[Value] = []
        for statement in statements_of(node):
            statements.execute(self, statement, out)
        return out

    # --- errors ------------------------------------------------------------------------------------------------

    def record(self, message: str, exception_type: str = "", **details: t.Any) -> ErrorRecord:
        """An error record that knows the current line."""
        kind = exception_type or "System.Management.Automation.RuntimeException"
        full = kind if "." in kind else f"System.Management.Automation.{kind}"
        return ErrorRecord(message, full, position=f"At line:{self.line} char:1", **details)

    def report(self, record: ErrorRecord) -> None:
        """Write a record to $Error and to the error stream, wherever that goes now."""
        self.error_records.insert(0, record)
        self._error_sinks[-1](record)

    def fail(self, error: CmdletError | Exception, command: str, action: str | None = None) -> None:
        """A non-terminating error of a command: report it, swallow it or stop, as ErrorAction says."""
        category = getattr(error, "category", "NotSpecified")
        record = self.record(
            str(error),
            getattr(error, "exception_type", "") or "System.Management.Automation.RuntimeException",
            category=category,
            identity=getattr(error, "identity", type(error).__name__),
            target=getattr(error, "target", ""),
            command=command,
        )
        if getattr(error, "recommended_action", ""):
            details = {"Message": str(error), "RecommendedAction": getattr(error, "recommended_action", "")}
            record.properties["ErrorDetails"] = PSObject("System.Management.Automation.ErrorDetails", details)
        choice = (action or self.preference("ErrorActionPreference")).casefold()
        self.success = False
        if choice == "stop":
            raise PSError(record, fatal=True)
        if choice == "ignore":
            return
        if choice == "silentlycontinue":
            self.error_records.insert(0, record)
            return
        if choice != "continue":
            raise UnsupportedPowerShell(f"ErrorAction {choice}")
        self.report(record)

    @contextlib.contextmanager
    def errors_to(self, sink: t.Callable[[ErrorRecord], None] | None) -> t.Iterator[None]:
        """Send the error stream elsewhere for a while; None leaves it."""
        if sink is None:
            yield
            return
        self._error_sinks.append(sink)
        try:
            yield
        finally:
            self._error_sinks.pop()

    @property
    def errors_redirected(self) -> bool:
        """Say whether the error stream goes somewhere else than the console."""
        return len(self._error_sinks) > 1

    def _print_error(self, record: ErrorRecord) -> None:
        self.console.error(record.report())

    # --- variables ---------------------------------------------------------------------------------------------

    def preference(self, name: str) -> str:
        """A preference variable in lower case."""
        return str(self.scopes.get(name)).casefold()

    def get_variable(self, name: str) -> Value:
        """``$name``, of any drive.

        Raises:
            PSError: strict mode, and it was never set.
        """
        drive, _, bare = name.partition(":")
        if bare and drive.casefold() == "env":
            return self.environment.get(bare)
        computed = _COMPUTED.get(name.casefold())
        if computed:
            return computed(self)
        try:
            return self.scopes.get(name)
        except Undefined:
            if self.strict:
                message = f"The variable '${name}' cannot be retrieved because it has not been set."
                raise PSError(self.record(message, identity="VariableIsUndefined")) from None
            return None

    def set_variable(self, name: str, value: Value) -> None:
        """``$name = value``, of any drive."""
        from lab.powershell.convert import to_string

        drive, _, bare = name.partition(":")
        if bare and drive.casefold() == "env":
            if value in (None, ""):
                self.environment.pop(bare)
            else:
                self.environment[bare] = to_string(value)
            return
        if name.casefold() in _COMPUTED:
            raise UnsupportedPowerShell(f"an assignment to ${name}", self.line)
        self.scopes.set(name, value)

    # --- script blocks -----------------------------------------------------------------------------------------

    def call_block(
        self, block: ScriptBlock, out: list[Value], variables: t.Mapping[str, Value] | None = None, scope: bool = True
    ) -> None:
        """Run a script block with variables such as ``$_`` set."""
        from lab.powershell.functions import invoke

        invoke(self, block, [], None, out, variables=variables, new_scope=scope)


def _automatic_variables(shell: Interpreter) -> dict[str, Value]:
    version = shell.machine.version
    return {
        "PSVersionTable": CaseDict(
            [
                (
                    "PSVersion",
                    PSObject("System.Version", {"Major": 5, "Minor": 1}, text=f"5.1.{version.build}.{version.ubr}"),
                ),
                ("PSEdition", "Desktop"),
            ]
        ),
        "HOME": shell.environment.get("USERPROFILE", "C:\\"),
        "PID": 4242,
        "Matches": None,
        "Host": PSObject("System.Management.Automation.Internal.Host.InternalHost", {"Name": "ConsoleHost"}),
    }


_COMPUTED: dict[str, t.Callable[[Interpreter], Value]] = {
    "?": lambda shell: shell.success,
    "error": lambda shell: shell.error_records,
    "pwd": lambda shell: PSObject(
        "System.Management.Automation.PathInfo", {"Path": shell.location}, text=shell.location
    ),
    "psscriptroot": lambda shell: paths.parent(shell.script_path) if shell.script_path else "",
    "pscommandpath": lambda shell: shell.script_path,
}
