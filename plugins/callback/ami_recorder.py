# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback plugin golden.windows_ami.ami_recorder."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ami_recorder
type: notification
author: The golden.windows_ami maintainers (!UNKNOWN)
version_added: 0.1.0
short_description: Record the AMIs that plays make
description:
  - Watches task results and writes each AMI to the catalogue, with the region, where it came from and who made it.
  - Looks at C(golden.windows_ami.packer_build), C(amazon.aws.ec2_ami) (new AMIs) and C(community.aws.ec2_ami_copy).
    A copy is recorded as another AMI of the build it was copied from.
  - It only watches. It never changes a result, the play, or the exit status. But it ends C(ansible-playbook) when its
    output is a pipe that nobody reads any more, as in C(ansible-playbook ... | head), which would wait for ever.
  - A record that the catalogue does not take is kept in a spool directory, with a warning, and is delivered at the
    start of the next run. A record never counts twice.
  - A result that C(no_log) hides cannot be recorded; a warning says so. Of other results only the values that belong
    to a build are kept, never the task's arguments.
  - In the run that Packer starts inside the builder's provisioning (see O(run_file)) it writes how long each role took
    and how much it changed instead, for C(golden.windows_ami.packer_build) to collect.
requirements:
  - Enable it in C(callbacks_enabled), in section C([defaults]) of C(ansible.cfg).
notes:
  - The catalogue is the one that the result names. Otherwise it is the variable C(golden_catalogue) of the task's host,
    and without that, O(catalogue).
options:
  catalogue:
    description:
      - The catalogue to write to when neither the result nor the variable C(golden_catalogue) names one,
        such as V(sqlite:catalogue.sqlite).
      - A relative path starts at the directory of C(ansible.cfg), or at the current directory when there is none.
    type: str
    env:
      - name: GOLDEN_CATALOGUE
    ini:
      - section: callback_ami_recorder
        key: catalogue
  region:
    description:
      - The AWS region of an AMI when neither the module's C(region) option nor the variable C(golden_aws) says it.
    type: str
    env:
      - name: AWS_REGION
      - name: AWS_DEFAULT_REGION
    ini:
      - section: callback_ami_recorder
        key: region
  spool:
    description:
      - The directory for records that the catalogue did not take.
      - A relative path starts at the directory of C(ansible.cfg), or at the current directory when there is none.
    type: str
    default: .golden/spool
    env:
      - name: GOLDEN_SPOOL
    ini:
      - section: callback_ami_recorder
        key: spool
  run_file:
    description:
      - Write a report of the roles to this JSON file, and nothing to the catalogue.
      - The report has C(roles) (C(name), C(seconds), C(tasks), C(changed)), C(contents) (what the fact
        C(golden_contents) was set to), C(seconds), and C(failure) (C(role), C(task) and C(message) of the task that
        ended the run, or null).
      - C(golden.windows_ami.packer_build) sets this for the run inside Packer.
    type: str
    env:
      - name: GOLDEN_RUN_FILE
seealso:
  - module: golden.windows_ami.packer_build
  - plugin: golden.windows_ami.ami
    plugin_type: lookup
"""

EXAMPLES = r"""
ansible.cfg: |
  [defaults]
  callbacks_enabled = golden.windows_ami.ami_recorder

  [callback_ami_recorder]
  catalogue = sqlite:catalogue.sqlite
"""

import datetime as dt
import getpass
import json
import os
import pathlib
import socket
import time
import typing as t

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__ as ansible_version
from ansible.template import Templar
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import CatalogueError, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.closed_output import end_when_closed
from ansible_collections.golden.windows_ami.plugins.plugin_utils.recording import (
    WATCHED,
    Maker,
    Note,
    as_copy,
    find_note,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, RecordError
from ansible_collections.golden.windows_ami.plugins.plugin_utils.run_report import RunReport
from ansible_collections.golden.windows_ami.plugins.plugin_utils.spool import Spool, SpoolError, write_whole

if t.TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.playbook import Playbook
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

SET_FACT = "ansible.builtin.set_fact"
CONTENTS = "golden_contents"


class CallbackModule(CallbackBase):
    """Turns Ansible's events into records; what they mean is decided in plugin_utils."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "golden.windows_ami.ami_recorder"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._play: Play | None = None
        self._report: RunReport | None = None

    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        end_when_closed()
        if self.get_option("run_file"):
            self._report = RunReport(time.monotonic())
            return
        delivered, problems = self._spool().deliver(self._send)
        if delivered:
            self._display.display(f"The catalogue now has {_records(delivered)} that an earlier run could not write.")
        for problem in problems:
            self._display.warning(f"A record of an earlier run is still not in the catalogue. {problem}")

    def v2_playbook_on_play_start(self, play: Play) -> None:
        self._play = play

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:
        if self._report:
            self._report.begin(_role(task), time.monotonic())

    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        self.v2_playbook_on_task_start(task, False)

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        self._record(result)

    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        self._record(result)

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        if self._report:
            self._follow(self._report, result)
        elif not result.task.loop:
            # The items of a loop were recorded one by one, as they came.
            self._record(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        if self._report:
            self._follow(self._report, result, failed=not ignore_errors)
        elif not result.task.loop:
            self._record(result)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        if self._report:
            self._follow(self._report, result, failed=True)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        if self._report:
            self._report.begin(None, time.monotonic())
            if not stats.failures and not stats.dark:
                self._report.recover()
            self._write_report(self._report)

    def _follow(self, report: RunReport, result: CallbackTaskResult, failed: bool = False) -> None:
        """Add a result to the report of a provisioning run. Each is written at once: Packer may kill this process."""
        task, role = result.task, _role(result.task)
        report.end(role, task._uuid, result.is_changed(), time.monotonic())
        if failed:
            report.fail(role, task.get_name(), _message(result.result))
        facts = result.result.get("ansible_facts")
        if task.resolved_action == SET_FACT and isinstance(facts, dict) and isinstance(facts.get(CONTENTS), dict):
            report.add_contents(facts[CONTENTS])
        self._write_report(report)

    def _write_report(self, report: RunReport) -> None:
        path = pathlib.Path(self.get_option("run_file"))
        try:
            write_whole(path, json.dumps(report.to_dict(), default=str), mode=0o600)
        except OSError as exc:
            self._display.warning(f"Cannot write the report of this run to {path}: {exc.strerror}")

    def _record(self, result: CallbackTaskResult) -> None:
        if self._report or result.task.resolved_action not in WATCHED or result.task.check_mode:
            return
        if "censored" in result.result:
            self._display.warning(f"no_log hides the result of {result.task.get_name()!r}: its AMI cannot be recorded.")
            return
        note = find_note(result.task.resolved_action, result.result, self._maker(result))
        if note:
            self._deliver(self._addressed(note, result))

    def _deliver(self, note: Note) -> None:
        """Send a note to its catalogue, or keep it; the last resort is to show it."""
        build = note.build.get("id")
        try:
            self._send(note)
        except SpoolError as problem:
            try:
                path = self._spool().put(note)
            except SpoolError as exc:
                self._display.error(
                    f"Build {build} is in no catalogue. {problem}. {exc}. Keep this: {json.dumps(note.build)}"
                )
            else:
                self._display.warning(
                    f"Build {build} is not in the catalogue yet. {problem}. It waits in {path} for the next run."
                )

    def _send(self, note: Note) -> None:
        """Write a note to its catalogue; raise SpoolError when that fails."""
        url = note.catalogue or self.get_option("catalogue")
        if not url:
            raise SpoolError("No catalogue is named: set GOLDEN_CATALOGUE, or catalogue in [callback_ami_recorder]")
        try:
            catalogue = open_catalogue(url, _base())
            build = Build.from_dict(note.build)
            source = catalogue.by_ami(note.copy_of) if note.copy_of else None
            catalogue.finish(as_copy(source, build) if source else build)
        except (CatalogueError, RecordError) as exc:
            raise SpoolError(str(exc)) from exc

    def _addressed(self, note: Note, result: CallbackTaskResult) -> Note:
        """Return a note that names its catalogue, as far as this run knows one."""
        url = note.catalogue or self._variable(result, "golden_catalogue") or self.get_option("catalogue")
        return Note(note.build, str(url) if url else None, note.copy_of)

    def _maker(self, result: CallbackTaskResult) -> Maker:
        aws = self._variable(result, "golden_aws")
        region = aws.get("region") if isinstance(aws, dict) else None
        return Maker(
            author=getpass.getuser(),
            controller=socket.gethostname(),
            now=dt.datetime.now(dt.UTC),
            region=region or self.get_option("region"),
            versions={"ansible-core": ansible_version},
        )

    def _variable(self, result: CallbackTaskResult, name: str) -> t.Any:
        """Return a variable as the task saw it, None when it is not defined."""
        if self._play is None:
            return None
        manager, loader = self._play.get_variable_manager(), self._play.get_loader()
        variables = manager.get_vars(play=self._play, host=result.host, task=result.task)
        if name not in variables:
            return None
        try:
            return Templar(loader=loader, variables=variables).template(variables[name])
        except AnsibleError as exc:
            self._display.warning(f"Cannot use the variable {name}: {exc}")
            return None

    def _spool(self) -> Spool:
        return Spool(_base() / pathlib.Path(self.get_option("spool")).expanduser())


def _base() -> pathlib.Path:
    """Return where relative paths of the options start."""
    return pathlib.Path(constants.CONFIG_FILE).parent if constants.CONFIG_FILE else pathlib.Path(os.getcwd())


def _role(task: Task) -> str | None:
    return task._role.get_name() if task._role else None


def _message(result: t.Mapping[str, t.Any]) -> str:
    """Return why a task failed: its message, or those of the loop items that failed."""
    if "censored" in result:
        return "hidden by no_log"
    items = [item for item in result.get("results", ()) if isinstance(item, dict)]
    messages = [str(item.get("msg", "")) for item in items if item.get("failed")] or [str(result.get("msg", ""))]
    return "\n".join(message for message in messages if message) or "no message"


def _records(number: int) -> str:
    return "1 record" if number == 1 else f"{number} records"
