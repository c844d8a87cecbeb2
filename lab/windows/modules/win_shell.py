# SPDX-License-Identifier: GPL-3.0-or-later
"""Run PowerShell text, or a line of cmd."""

from __future__ import annotations

from lab.windows import paths
from lab.windows.errors import UnsupportedError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, Params, Result
from lab.windows.modules.win_command import outcome, skip

NAMES = ("ansible.windows.win_shell",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Run the text, unless ``creates`` or ``removes`` says that there is nothing to do."""
    line = (params["_raw_params"] or params["cmd"] or "").strip()
    skipped = skip(machine, params)
    if skipped:
        return {"cmd": line, "rc": 0} | skipped
    started = machine.clock()
    executable = paths.name(params["executable"] or "powershell").lower().removesuffix(".exe")
    if executable == "powershell":
        from lab.powershell import run_script

        if params["chdir"]:
            quoted = params["chdir"].replace("'", "''")
            line = f"Set-Location -LiteralPath '{quoted}'\n{line}"
        done = run_script(machine, line, (params["stdin"] or "").encode(), context.user)
    elif executable == "cmd":
        from lab.windows import programs

        cwd = params["chdir"] or machine.environment_of(context.user)["USERPROFILE"]
        done = programs.run(machine, f"cmd.exe /c {line}", context.user, cwd=cwd)
    else:
        raise UnsupportedError(f"win_shell: executable {params['executable']}")
    return outcome({"cmd": (params["_raw_params"] or params["cmd"] or "").strip()}, done, started, machine)
