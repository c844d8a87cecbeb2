# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a PowerShell script that talks to Ansible through ``$Ansible``."""

from __future__ import annotations

import datetime
import functools
import re
import typing as t

from lab.powershell.arguments import Argument
from lab.powershell.console import Record
from lab.powershell.errors import ControlFlow, Exited, PSError, UnsupportedPowerShell
from lab.powershell.functions import invoke
from lab.powershell.interpreter import Interpreter
from lab.powershell.syntax import ScriptSyntaxError, parse
from lab.powershell.values import ErrorRecord, HashTable, PSObject, ScriptBlock, SecureString, Value
from lab.windows.errors import UnsupportedError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.modules.win_command import skip

NAMES = ("ansible.windows.win_powershell",)

_SHOULD_PROCESS = re.compile(r"\[CmdletBinding\([^)]*SupportsShouldProcess(?!\s*=\s*\$false)", re.IGNORECASE)
_PREFERENCE = {"silently_continue": "SilentlyContinue", "continue": "Continue", "stop": "Stop"}

# System.Management.Automation.ErrorCategory, in the order of its numbers.
_CATEGORIES = (
    *("NotSpecified", "OpenError", "CloseError", "DeviceError", "DeadlockDetected", "InvalidArgument", "InvalidData"),
    *("InvalidOperation", "InvalidResult", "InvalidType", "MetadataError", "NotImplemented", "NotInstalled"),
    *("ObjectNotFound", "OperationStopped", "OperationTimeout", "SyntaxError", "ParserError", "PermissionDenied"),
    *("ResourceBusy", "ResourceExists", "ResourceUnavailable", "ReadError", "WriteError", "FromStdErr"),
    *("SecurityError", "ProtocolError", "ConnectionError", "AuthenticationError", "LimitsExceeded", "QuotaExceeded"),
    "NotEnabled",
)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Run the script, and give its output, its errors and what it left in ``$Ansible``."""
    for option in ("executable", "arguments"):
        if params[option]:
            raise UnsupportedError(f"win_powershell: {option}")
    skipped = skip(machine, {key: params[key] and machine.expand(params[key]) for key in ("creates", "removes")})
    if skipped:
        return _EMPTY | {"msg": skipped["msg"]}
    if params["path"] and not machine.files.is_file(params["path"]):
        raise ModuleError(f"Could not find or access '{params['path']}' on Windows host", **_EMPTY)
    text = params["script"] or machine.files.read_text(params["path"])
    if context.check_mode:
        if _SHOULD_PROCESS.search(text):
            raise UnsupportedError("win_powershell: a script with SupportsShouldProcess in check mode (-WhatIf)")
        return _EMPTY | {"changed": True, "msg": "skipped, running in check mode"}
    return _Run(machine, params, context).run(text)


_EMPTY: Result = {
    "result": {},
    "host_out": "",
    "host_err": "",
    "output": [],
    "error": [],
    "warning": [],
    "verbose": [],
    "debug": [],
    "information": [],
}


class _Run:
    def __init__(self, machine: Machine, params: Params, context: ModuleContext) -> None:
        environment = machine.environment_of(context.user) | context.environment
        self.shell = Interpreter(machine, context.user, environment)
        self.params = params
        self.depth = params["depth"]
        self.errors: list[ErrorRecord] = []
        self.ansible = PSObject(
            "Ansible.Windows.WinPowerShell.Module",
            {
                "CheckMode": context.check_mode,
                "Verbosity": context.verbosity,
                "Result": HashTable(),
                "Diff": HashTable(),
                "Changed": True,
                "Failed": False,
                "Tmpdir": environment["TEMP"],
            },
        )
        for name in ("Result", "Diff", "Changed", "Failed"):
            self.ansible.setters[name] = functools.partial(self.ansible.properties.__setitem__, name)

    def run(self, text: str) -> Result:
        output: list[Value] = []
        self.shell.scopes.set("Ansible", self.ansible)
        self.shell.scopes.set("ErrorActionPreference", _PREFERENCE[self.params["error_action"]])
        if self.params["chdir"]:
            self.shell.location = self.params["chdir"]
        failed = self._execute(text, output)
        mine = self.ansible.properties
        result: Result = _EMPTY | {
            "changed": bool(mine["Changed"]),
            "failed": failed or bool(mine["Failed"]),
            "host_out": self.shell.console.stdout().decode(),
            "host_err": self.shell.console.stderr().decode(),
            "result": self._plain(mine["Result"], self.depth),
            "output": [self._plain(value, self.depth) for value in output],
            "error": [self._error(record) for record in self.errors],
            "information": [self._information(one) for one in self._records("Information")],
        }
        for stream in ("Debug", "Verbose", "Warning"):
            result[stream.lower()] = [one.data for one in self._records(stream)]
        if isinstance(mine["Diff"], dict) and mine["Diff"]:
            result["diff"] = self._plain(mine["Diff"], self.depth)
        return result

    def _records(self, stream: str) -> list[Record]:
        return [one for one in self.shell.console.records if one.stream == stream]

    def _information(self, record: Record) -> dict[str, t.Any]:
        return {
            "message_data": self._plain(record.data, self.depth),
            "source": record.source,
            "time_generated": f"{self.shell.machine.clock():%Y-%m-%dT%H:%M:%S.%f}0Z",
            "tags": list(record.tags),
        }

    def _execute(self, text: str, output: list[Value]) -> bool:
        """Run the script; says whether it ended with an error."""
        try:
            block = ScriptBlock(parse(text), "")
            with self.shell.errors_to(self.errors.append):
                invoke(self.shell, block, self._arguments(), None, output, new_scope=False)
        except PSError as exc:
            self.errors.append(exc.record)
            return True
        except ScriptSyntaxError as exc:
            self.errors.append(ErrorRecord(str(exc), "System.Management.Automation.ParseException", "ParserError"))
            return True
        except UnsupportedPowerShell as exc:
            exc.line = exc.line or self.shell.line
            raise UnsupportedError(str(exc)) from exc
        except Exited as exc:
            return exc.code != 0
        except ControlFlow:
            return False
        return False

    def _arguments(self) -> list[Argument]:
        given: dict[str, Value] = dict(self.params["parameters"] or {})
        for one in self.params["sensitive_parameters"] or ():
            if one["username"]:
                raise UnsupportedError("win_powershell: sensitive_parameters with a username")
            given[one["name"]] = SecureString(one["value"] or "")
        return [Argument(name=name, value=value, word=f"-{name}") for name, value in given.items()]

    def _plain(self, value: Value, depth: int) -> t.Any:
        """Give a value as JSON has it; what lies deeper than ``depth`` becomes text."""
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, datetime.datetime):
            return value.isoformat()
        if depth < 0:
            return str(value)
        if isinstance(value, bytes):
            return list(value)
        if isinstance(value, dict):
            return {str(key): self._plain(item, depth - 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(item, depth - 1) for item in value]
        if isinstance(value, PSObject) and value.properties:
            return {key: self._plain(item, depth - 1) for key, item in value.properties.items()}
        return str(value)

    def _error(self, record: ErrorRecord) -> dict[str, t.Any]:
        category = record.properties["CategoryInfo"].properties
        details = record.properties["ErrorDetails"]
        return {
            "output": record.report(),
            "error_details": details
            and {
                "message": details.properties["Message"],
                "recommended_action": details.properties["RecommendedAction"],
            },
            "exception": {
                "message": record.message,
                "type": record.exception_type,
                "help_link": None,
                "source": None,
                "hresult": -2146233087,
                "inner_exception": None,
            },
            "target_object": self._plain(record.properties["TargetObject"], 0),
            "category_info": {
                "category": category["Category"],
                "category_id": _CATEGORIES.index(category["Category"]),
                "activity": category["Activity"],
                "reason": category["Reason"],
                "target_name": category["TargetName"],
                "target_type": category["TargetType"],
            },
            "fully_qualified_error_id": record.properties["FullyQualifiedErrorId"],
            "script_stack_trace": record.properties["ScriptStackTrace"],
            "pipeline_iteration_info": [],
        }
