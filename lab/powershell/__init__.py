# SPDX-License-Identifier: GPL-3.0-or-later
"""A strict evaluator of a subset of Windows PowerShell 5.1, acting on a Machine.

``run_script`` is all that the rest of the lab needs. What a script may use is what the tables here name: cmdlets and
their parameters (cmdlets/), operators, methods of values (members), static members of types (statics), drives
(providers/). Anything else ends the script with an UnsupportedPowerShell error on standard error and exit code 1, which
no ``try`` in the script can hide.
"""

from __future__ import annotations

from lab.powershell.errors import UnsupportedPowerShell
from lab.powershell.host import run_file, run_script
from lab.powershell.syntax import ScriptSyntaxError, parse

__all__ = ["ScriptSyntaxError", "UnsupportedPowerShell", "parse", "run_file", "run_script"]
