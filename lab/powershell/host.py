# SPDX-License-Identifier: GPL-3.0-or-later
"""One powershell.exe process: from a script's text to exit code and output."""

from __future__ import annotations

import typing as t

from lab.powershell import cmdlets as _declared  # noqa: F401 - importing cmdlets declares them
from lab.powershell import commands, functions
from lab.powershell.arguments import Argument
from lab.powershell.console import Output
from lab.powershell.convert import to_int
from lab.powershell.errors import ControlFlow, Exited, PSError, UnsupportedPowerShell
from lab.powershell.interpreter import Interpreter
from lab.powershell.syntax import ScriptSyntaxError, parse
from lab.powershell.values import ScriptBlock, Value
from lab.types import Completed
from lab.windows.errors import UnsupportedError

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine


def run_script(
    machine: Machine,
    text: str,
    stdin: bytes = b"",
    user: str = "SYSTEM",
    *,
    environment: t.Mapping[str, str] | None = None,
    variables: t.Mapping[str, Value] | None = None,
) -> Completed:
    """Run a script as ``powershell.exe -Command`` does.

    ``environment`` is that of the calling process, by default a fresh one of the user. The exit code is that of
    ``exit``, else 1 when the script or its last statement failed, else 0.
    """
    shell = Interpreter(machine, user, environment or machine.environment_of(user), stdin)
    for name, value in (variables or {}).items():
        shell.scopes.set(name, value)

    def body(out: list[Value]) -> None:
        functions.invoke(shell, ScriptBlock(parse(text)), [], None, out, new_scope=False)

    return _finish(shell, body, last_statement=True)


def run_file(
    machine: Machine,
    path: str,
    arguments: t.Sequence[Argument] = (),
    user: str = "SYSTEM",
    *,
    environment: t.Mapping[str, str] | None = None,
) -> Completed:
    """Run a script file as ``powershell.exe -File`` does: a failing last statement does not count."""
    shell = Interpreter(machine, user, environment or machine.environment_of(user))
    shell.script_path = path

    def body(out: list[Value]) -> None:
        block = ScriptBlock(parse(machine.files.read_text(path)), path)
        functions.invoke(shell, block, commands.paired(block, list(arguments)), None, out, new_scope=False)

    return _finish(shell, body, last_statement=False)


def _finish(shell: Interpreter, body: t.Callable[[list[Value]], None], last_statement: bool) -> Completed:
    code = 0
    try:
        body(Output(shell.console))
        if last_statement and not shell.success:
            code = 1
    except Exited as exc:
        code = exc.code
    except ControlFlow:
        code = 0  # return, break or continue outside of everything just ends the script
    except PSError as exc:
        shell.console.error(exc.record.report())
        code = 1
    except ScriptSyntaxError as exc:
        shell.console.error(f"{exc}\n")
        code = 1
    except (UnsupportedPowerShell, UnsupportedError) as exc:
        known = exc if isinstance(exc, UnsupportedPowerShell) else UnsupportedPowerShell(str(exc))
        known.line = known.line or shell.line
        shell.console.error(f"{known}\n")
        shell.machine.log(str(known))
        code = 1
    return Completed(to_int(code) & 0xFFFFFFFF, shell.console.stdout(), shell.console.stderr())
