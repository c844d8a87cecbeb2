# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of modules with the payload that the installed ansible-core makes for them."""

from __future__ import annotations

import base64
import dataclasses
import json
import typing as t

from ansible.executor.powershell.module_manifest import _create_powershell_wrapper
from ansible.plugins.loader import become_loader, module_loader
from ansible.plugins.shell.powershell import ShellModule

from lab.execution import execute
from lab.types import Completed
from lab.windows.machine import Machine, stock_machine

PASSWORD = "Aa1!aaaa-bbbb"
SHELL = ShellModule()
COMMAND = SHELL.build_module_command("", "#!powershell", "")


def _payload(name: str, args: dict[str, t.Any], async_timeout: int, become: t.Any, environment: t.Any) -> bytes:
    found = module_loader.find_plugin_with_context(name, mod_type=".ps1")
    with open(found.plugin_resolved_path, "rb") as source:
        data = source.read()
    fqn = f"ansible_collections.{found.plugin_resolved_collection}.plugins.modules.{name.rpartition('.')[2]}"
    return _create_powershell_wrapper(
        name=fqn,
        module_data=data,
        module_path=found.plugin_resolved_path,
        module_args=args,
        environment=environment,
        async_timeout=async_timeout,
        become_plugin=become,
        substyle="powershell",
        task_vars={},
        profile="legacy",
    )


@dataclasses.dataclass
class Guest:
    """A machine and the way in that Ansible has."""

    machine: Machine
    user: str = "Administrator"

    def run(
        self,
        module: str,
        /,
        *,
        check: bool = False,
        diff: bool = True,
        async_timeout: int = 0,
        become_user: str = "",
        become_password: str = "",
        environment: dict[str, str] | None = None,
        **args: t.Any,
    ) -> dict[str, t.Any]:
        """Run a module of ansible.windows (or another fully qualified one) and give its result."""
        done = self.raw(
            module if "." in module else f"ansible.windows.{module}",
            {
                **args,
                "_ansible_check_mode": check,
                "_ansible_diff": diff,
                "_ansible_verbosity": 0,
                "_ansible_module_name": module,
                "_ansible_remote_tmp": "%TEMP%",
            },
            async_timeout=async_timeout,
            become=become_plugin(become_user, become_password) if become_user else None,
            environment=environment or {},
        )
        assert done.stdout, done.stderr.decode()
        result: dict[str, t.Any] = json.loads(done.stdout)
        assert bool(result.get("failed")) == (done.rc != 0)
        return result

    def ok(self, module: str, /, **args: t.Any) -> dict[str, t.Any]:
        """Run a module that must not fail."""
        result = self.run(module, **args)
        assert not result.get("failed"), result["msg"]
        return result

    def raw(
        self,
        name: str,
        args: dict[str, t.Any],
        async_timeout: int = 0,
        become: t.Any = None,
        environment: dict[str, str] | None = None,
    ) -> Completed:
        """Run a module with these very arguments and give what came out of the command."""
        payload = _payload(name, args, async_timeout, become, environment or {})
        return execute(self.machine, COMMAND, payload, self.user)

    def shell(self, command: t.Any) -> Completed:
        """Run a command of the shell plugin."""
        return execute(self.machine, command.command, command.input_data, self.user)


def become_plugin(user: str, password: str) -> t.Any:
    plugin = become_loader.get("runas")
    plugin.set_options(direct={"become_user": user, "become_pass": password or None, "become_flags": ""})
    return plugin


def make_guest(version: str = "2022", agent: str = "v2") -> Guest:
    """Give a booted server with an Administrator who can log on."""
    machine = stock_machine(version, agent)
    machine.users.set_password("Administrator", PASSWORD)
    machine.power_on()
    return Guest(machine)


def encoded(script: str) -> str:
    """Give the command line for a script."""
    return "PowerShell -NoProfile -EncodedCommand " + base64.b64encode(script.encode("utf-16-le")).decode()
