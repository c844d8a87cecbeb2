# SPDX-License-Identifier: GPL-3.0-or-later
"""The module action of an exec manifest: find the Python module, check the arguments, run it, print its result."""

from __future__ import annotations

import importlib
import importlib.util
import re
import typing as t

from lab.ansible import documentation, ps_spec, result
from lab.ansible.arguments import Validator
from lab.types import Completed
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.modules.context import ModuleContext, ModuleError

if t.TYPE_CHECKING:
    from lab.ansible.actions import Step

_PREFIX = "ansible_collections."
_NAME = re.compile(r"ansible_collections\.(?P<collection>\w+\.\w+)\.plugins\.modules\.(?P<name>\w+)\.ps1")
_PARAMETERS = {"Script", "Environment", "Variables", "CSharpModules", "PowerShellModules", "ForModule", "Breakpoints"}
# Options that an action plugin adds and the documentation does not name.
_INTERNAL: dict[str, tuple[documentation.Option, ...]] = {
    "ansible.windows.win_copy": (
        documentation.Option("_copy_mode", default="single", choices=("explode", "query", "remote", "single")),
        documentation.Option("_original_basename"),
        documentation.Option("directories", "list"),
        documentation.Option("files", "list"),
        documentation.Option("symlinks", "list"),
        documentation.Option("follow", "bool"),
    ),
    "ansible.windows.win_file": (
        documentation.Option("_original_basename"),
        documentation.Option("recurse", "bool"),
    ),
    "ansible.windows.win_shell": (documentation.Option("_raw_params"), documentation.Option("cmd")),
    # The module reads these; its documentation has lost them.
    "community.windows.win_firewall_rule": (
        documentation.Option("interfacetypes", "list"),
        documentation.Option("edge", choices=("no", "yes", "deferapp", "deferuser")),
        documentation.Option(
            "security", choices=("notrequired", "authnoencap", "authenticate", "authdynenc", "authenc")
        ),
    ),
    "ansible.windows.async_status": (documentation.Option("_async_dir", "path", required=True),),
}
# gather_facts passes on whatever it was given.
_OPEN = ("ansible.windows.setup",)


def run(step: Step) -> Completed:
    """Run the module or script of a module_wrapper.ps1 action.

    :raises UnsupportedError: the lab has no such module.
    """
    params = step.action.params
    unknown = set(params) - _PARAMETERS
    if unknown:
        raise UnsupportedError(f"module_wrapper.ps1 -{', -'.join(sorted(unknown))}")
    source = step.manifest.scripts[params["Script"]]
    if not params.get("ForModule"):
        from lab.powershell import run_script

        return run_script(step.machine, source, "\n".join(step.manifest.input_lines).encode(), step.user)
    arguments: dict[str, t.Any] = next(
        (one["Value"] for one in params["Variables"] if one["Name"] == "complex_args"), {}
    )
    return run_module(step, module_name(params["Script"]), source, dict(arguments), params.get("Environment") or {})


def module_name(script: str) -> str:
    """Give a module's fully qualified name from its name in the manifest.

    :raises UnsupportedError: it does not come from a collection.
    """
    match = _NAME.fullmatch(script)
    if match is None:
        raise UnsupportedError(f"the module '{script.removeprefix(_PREFIX)}'")
    return f"{match['collection']}.{match['name']}"


def run_module(
    step: Step, name: str, source: str, arguments: dict[str, t.Any], environment: dict[str, str]
) -> Completed:
    """Run one module with the arguments that the controller sent."""
    implementation = _implementation(name)
    if step.machine.attached.module is not None:
        step.machine.attached.module(name)
    internal = {key: value for key, value in arguments.items() if key.startswith("_ansible_")}
    given = {key: value for key, value in arguments.items() if not key.startswith("_ansible_")}
    context = ModuleContext(
        name=name,
        user=step.user,
        network=step.network,
        check_mode=bool(internal.get("_ansible_check_mode")),
        diff=bool(internal.get("_ansible_diff")),
        verbosity=int(internal.get("_ansible_verbosity") or 0),
        environment=dict(environment),
        temp_path=step.manifest.temp_path,
    )
    validator = Validator(name, lambda text: step.machine.expand(text, step.user), ps_spec.read_spec(source))
    if context.check_mode and not ps_spec.supports_check_mode(source):
        short = name.rpartition(".")[2]
        skipped = {"changed": False, "skipped": True, "msg": f"remote module ({short}) does not support check mode"}
        return result.completed(skipped, failed=False)
    checked: dict[str, t.Any] = given
    try:
        documented = tuple(one for one in documentation.options_of(name) if one.name != "free_form")
        options = documented + _INTERNAL.get(name, ())
        if name in _OPEN:
            known = {option.name for option in options}
            given = {key: value for key, value in given.items() if key in known}
        checked = validator.check(options, given)
        outcome = {"changed": False} | implementation.run(step.machine, dict(checked), context)
        failed = bool(outcome.get("failed"))
    except ModuleError as exc:
        outcome, failed = {"changed": False} | exc.result | {"failed": True, "msg": str(exc)}, True
    except WindowsError as exc:
        text = f"Unhandled exception while executing module: {exc}"
        outcome, failed = {"changed": False, "failed": True, "msg": text, "exception": str(exc)}, True
    return result.completed(_finish(outcome, checked, context, validator.secrets), failed)


def _finish(
    outcome: dict[str, t.Any], checked: dict[str, t.Any], context: ModuleContext, secrets: set[str]
) -> dict[str, t.Any]:
    diff = outcome.pop("diff", None)
    outcome.setdefault("invocation", {"module_args": checked})
    if context.warnings:
        outcome["warnings"] = context.warnings
    if diff and context.diff:
        outcome["diff"] = diff
    censored: dict[str, t.Any] = result.censor(outcome, secrets)
    return censored


class Implementation(t.Protocol):
    """A module of the lab: the Python file has a function ``run``."""

    def run(self, machine: t.Any, params: dict[str, t.Any], context: ModuleContext) -> dict[str, t.Any]:
        """Do what the module does and give its result."""
        ...


def _implementation(name: str) -> Implementation:
    short = name.rpartition(".")[2]
    path = f"lab.windows.modules.{short}"
    if importlib.util.find_spec(path) is None:
        raise UnsupportedError(f"the module '{name}'")
    found = importlib.import_module(path)
    if name not in getattr(found, "NAMES", ()):
        raise UnsupportedError(f"the module '{name}'")
    return t.cast(Implementation, found)
