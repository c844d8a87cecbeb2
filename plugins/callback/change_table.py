# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback plugin golden.windows_ami.change_table."""

from __future__ import annotations

DOCUMENTATION = r"""
name: change_table
type: aggregate
author: The golden.windows_ami maintainers (!UNKNOWN)
version_added: 0.1.0
short_description: Show at the end what a play has changed on which server
description:
  - Prints a table with the tasks that changed something (or would, in check mode), by server and role, with what failed
    and with the servers that a play did not come to.
  - It looks at plays that set the variable C(golden_change_table) in their C(vars), as C(configure.yml) of this
    collection does. Of others it says nothing.
  - A task that has C(golden_change_table) false in its C(vars) may fail without being blamed on its server.
  - It only watches. It never changes a result, the play, or the exit status.
requirements:
  - Enable it in C(callbacks_enabled), in section C([defaults]) of C(ansible.cfg).
seealso:
  - module: golden.windows_ami.audit_summary
"""

EXAMPLES = r"""
ansible.cfg: |
  [defaults]
  callbacks_enabled = golden.windows_ami.change_table
"""

import typing as t

from ansible import context
from ansible.plugins.callback import CallbackBase
from ansible_collections.golden.windows_ami.plugins.plugin_utils.server_changes import Changes

if t.TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

SWITCH = "golden_change_table"
OWN = "golden.windows_ami."


class CallbackModule(CallbackBase):
    """Hands Ansible's events to plugin_utils.server_changes."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "golden.windows_ami.change_table"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._changes: Changes | None = None
        self._watching = False

    def v2_playbook_on_play_start(self, play: Play) -> None:
        """Begin to watch, or go on with the next batch of the same play."""
        self._watching = bool(play.get_vars().get(SWITCH))
        if self._watching:
            self._changes = self._changes or Changes(predicted=bool(context.CLIARGS.get("check")))
            variables = play.get_variable_manager().get_vars(play=play)
            self._changes.expect(variables["ansible_play_hosts_all"])

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        if self._watching and result.is_changed():
            self._change(result, str(result.result.get("_ansible_item_label", result.result.get("item", ""))))

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        if not self._watching or not self._changes:
            return
        self._changes.ran(result.host.get_name(), _role(result.task))
        if result.is_changed() and not result.task.loop:
            self._change(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            self._trouble(result)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        self._trouble(result, unreachable=True)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        """Show the table."""
        if self._changes:
            self._display.display("")
            for line in self._changes.lines({*stats.failures, *stats.dark}):
                self._display.display(line)

    def _change(self, result: CallbackTaskResult, item: str | None = None) -> None:
        if self._changes:
            self._changes.changed(result.host.get_name(), _role(result.task), str(result.task.name), item)

    def _trouble(self, result: CallbackTaskResult, unreachable: bool = False) -> None:
        task = result.task
        if self._watching and self._changes and task.vars.get(SWITCH, True):
            self._changes.failed(
                result.host.get_name(), _role(task), str(task.name), _message(result.result), unreachable
            )


def _role(task: Task) -> str | None:
    return task._role.get_name().removeprefix(OWN) if task._role else None


def _message(result: t.Mapping[str, t.Any]) -> str:
    """Return why a task failed: its message, or that of the first loop item that failed."""
    if "censored" in result:
        return "hidden by no_log"
    items = [item for item in result.get("results", ()) if isinstance(item, dict) and item.get("failed")]
    return str((items[0] if items else result).get("msg", ""))
