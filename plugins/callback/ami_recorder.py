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
  - Looks at C(golden.windows_ami.packer_build), C(golden.windows_ami.ami_copies), C(amazon.aws.ec2_ami) (new AMIs) and
    C(community.aws.ec2_ami_copy), in every region. A copy is recorded as another AMI of the build it was copied from;
    one beside its original, in the same region, as a build of its own.
  - It only watches. It never changes a result, the play, or the exit status. But it ends C(ansible-playbook) when its
    output is a pipe that nobody reads any more, as in C(ansible-playbook ... | head), which would wait for ever.
  - A record that the catalogue does not take is kept in a spool directory, and is delivered at the start of the next
    run. A record never counts twice. Of a catalogue that is down a run warns once, and does not wait for it again.
  - A result that C(no_log) hides cannot be recorded; a warning says so. Of other results only the values that belong
    to a build are kept, never the task's arguments. In texts such as error messages, values are hidden that came from a
    vault, that a role's specification marks C(no_log), whose name says that they are secret (C(password), C(token),
    C(api_key) and the like, in variables, options, loop items and the environment), and passwords in addresses.
  - In the run that Packer starts inside the builder's provisioning (see O(run_file)) it writes how long each role took
    and how much it changed instead, for C(golden.windows_ami.packer_build) to collect.
requirements:
  - Enable it in C(callbacks_enabled), in section C([defaults]) of C(ansible.cfg).
  - From ansible-core 2.20 on, C(inject_invocation = true) there, to know the region and the source of the AMIs that
    other collections' modules make.
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
import functools
import getpass
import json
import os
import pathlib
import socket
import time
import typing as t
import urllib.parse

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__ as ansible_version
from ansible.template import Templar
from ansible_collections.golden.windows_ami.plugins.plugin_utils.closed_output import end_when_closed
from ansible_collections.golden.windows_ami.plugins.plugin_utils.delivery import Delivery
from ansible_collections.golden.windows_ami.plugins.plugin_utils.hidden import Hider, hide_in_build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.play_secrets import hider_for
from ansible_collections.golden.windows_ami.plugins.plugin_utils.recording import WATCHED, Maker, Note, find_note
from ansible_collections.golden.windows_ami.plugins.plugin_utils.run_report import RunReport
from ansible_collections.golden.windows_ami.plugins.plugin_utils.spool import Spool, write_whole

if t.TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.playbook import Playbook
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

SET_FACT = "ansible.builtin.set_fact"
CONTENTS = "golden_contents"
# The report is written this often (seconds), after each role, and when something happens that must not get lost.
REPORT_INTERVAL = 2.0

_Event = t.TypeVar("_Event", bound=t.Callable[..., None])


def _only_watches(event: _Event) -> _Event:
    """Let a play go on whatever fails here, and say so once for each event."""

    @functools.wraps(event)
    def guarded(self: CallbackModule, *arguments: t.Any, **options: t.Any) -> None:
        try:
            event(self, *arguments, **options)
        except Exception as exc:  # the boundary to the play, which a recorder must not end
            self.complain(event.__name__, exc)

    return t.cast("_Event", guarded)


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
        self._role: str | None = None
        self._written = 0.0
        self._complaints: set[str] = set()
        # Why items of the running loop failed: from ansible-core 2.20 on the loop's own result does not say it.
        self._failed_items: list[str] = []

    def complain(self, event: str, exc: Exception) -> None:
        """Warn that an event could not be worked on."""
        if event not in self._complaints:
            self._complaints.add(event)
            self._display.warning(f"ami_recorder could not work on {event}, the play goes on: {exc!r}")

    @_only_watches
    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        end_when_closed()
        if self.get_option("run_file"):
            self._report = RunReport(time.monotonic())
            return
        delivered, problem = self._delivery.deliver_late()
        if delivered:
            self._display.display(f"The catalogue now has {_records(delivered)} that an earlier run could not write.")
        if problem:
            self._display.warning(problem)

    def v2_playbook_on_play_start(self, play: Play) -> None:
        self._play = play

    @_only_watches
    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:
        self._failed_items.clear()
        if self._report:
            role = _role(task)
            self._report.begin(role, time.monotonic())
            if role != self._role:
                self._role = role
                self._write_report(self._report)

    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        self.v2_playbook_on_task_start(task, False)

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        self._record(result)

    @_only_watches
    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        self._record(result)
        self._failed_items.append(_message(result.result))

    @_only_watches
    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        if self._report:
            self._follow(self._report, result)
        elif not result.task.loop:
            # The items of a loop were recorded one by one, as they came.
            self._record(result)

    @_only_watches
    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        if self._report:
            self._follow(self._report, result, failed=not ignore_errors)
        elif not result.task.loop:
            self._record(result)

    @_only_watches
    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        if self._report:
            self._follow(self._report, result, failed=True)

    @_only_watches
    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        if self._report:
            self._report.begin(None, time.monotonic())
            if not stats.failures and not stats.dark:
                self._report.recover()
            self._write_report(self._report)
        elif self._delivery.waiting > 1:
            self._display.display(f"{_records(self._delivery.waiting)} wait for the next run.")

    def _follow(self, report: RunReport, result: CallbackTaskResult, failed: bool = False) -> None:
        """Add a result to the report of a provisioning run. It is written as it grows: Packer may kill this process."""
        task, role, now = result.task, _role(result.task), time.monotonic()
        report.end(role, task._uuid, result.is_changed(), now)
        facts = result.result.get("ansible_facts") if task.resolved_action == SET_FACT else None
        found = facts.get(CONTENTS) if isinstance(facts, dict) else None
        if failed:
            message = "\n".join(dict.fromkeys(self._failed_items)) or _message(result.result)
            report.fail(role, task.get_name(), self._hider(result).text(message))
        if isinstance(found, dict):
            report.add_contents(self._hider(result).value(found))
        if failed or found or now - self._written > REPORT_INTERVAL:
            self._write_report(report)

    def _write_report(self, report: RunReport) -> None:
        path = pathlib.Path(self.get_option("run_file"))
        self._written = time.monotonic()
        try:
            write_whole(path, json.dumps(report.to_dict(), default=str), mode=0o600, sync=False)
        except OSError as exc:
            self._display.warning(f"Cannot write the report of this run to {path}: {exc.strerror}")

    @_only_watches
    def _record(self, result: CallbackTaskResult) -> None:
        if result.task.resolved_action not in WATCHED or self._report or result.task.check_mode:
            return
        if "censored" in result.result:
            self._display.warning(f"no_log hides the result of {result.task.get_name()!r}: its AMI cannot be recorded.")
            return
        note = find_note(result.task.resolved_action, result.result, self._maker(result))
        if note is None:
            return
        trouble = self._delivery.deliver(self._finished(note, result))
        if trouble:
            (self._display.error if trouble.lost else self._display.warning)(trouble.text)

    def _finished(self, note: Note, result: CallbackTaskResult) -> Note:
        """Return a note without secrets that names its catalogue, as far as this run knows one."""
        url = note.catalogue or self._variable(result, "golden_catalogue")
        if url and not note.catalogue:
            url = _with_aws(str(url), self._variable(result, "golden_aws"))
        url = url or self.get_option("catalogue")
        return Note(hide_in_build(note.build, self._hider(result)), str(url) if url else None, note.copy_of)

    def _hider(self, result: CallbackTaskResult) -> Hider:
        return hider_for(self._play, result.host, result.task, result.result)

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

    @functools.cached_property
    def _delivery(self) -> Delivery:
        spool = Spool(_base() / pathlib.Path(self.get_option("spool")).expanduser())
        return Delivery(spool, _base(), self.get_option("catalogue"))


def _with_aws(url: str, aws: t.Any) -> str:
    """Return a catalogue's URL that says where AWS is, so that a later run without this inventory finds it too."""
    if not url.startswith("dynamodb:") or "?" in url or not isinstance(aws, dict):
        return url
    known = {key: str(aws[key]) for key in ("config_file", "profile", "region") if aws.get(key)}
    return f"{url}?{urllib.parse.urlencode(known, safe='/:')}" if known else url


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
