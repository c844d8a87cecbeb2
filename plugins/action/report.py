# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write the report. The documentation is in plugins/modules/report.py."""

from __future__ import annotations

import pathlib
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.catalogue import CatalogueError, open_catalogue
from ..plugin_utils.ec2 import AWS_OPTIONS, AwsSettings
from ..plugin_utils.image_audit_options import AUDIT_OPTIONS, accepted_of, policy_of, scope_of
from ..plugin_utils.report.charts import ChartError
from ..plugin_utils.report.file import FileError, Written, write_page
from ..plugin_utils.report.model import Facts, count
from ..plugin_utils.report.page import render
from ..plugin_utils.report.read import Wanted, read_facts

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "path": {"type": "path", "required": True},
    "catalogue": {"type": "str", "required": True},
    "aws": AWS_OPTIONS,
    **AUDIT_OPTIONS,
    "title": {"type": "str", "default": "Golden Windows AMIs"},
    "builds": {"type": "int", "default": 2000},
}
Options = dict[str, t.Any]


class ActionModule(ActionBase):
    """Reads everything and writes one file."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return what the report counts; in check mode nothing is written."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        if options["builds"] < 1:
            raise AnsibleActionFail(f"builds is {options['builds']}, and must be at least 1")
        path = pathlib.Path(options["path"]).expanduser().absolute()
        try:
            facts = self._read(options)
            page = render(facts, options["title"])
            written = write_page(path, page, keep=self._task.check_mode)
        except (CatalogueError, ChartError, FileError, TypeError, ValueError) as exc:
            raise AnsibleActionFail(str(exc)) from None  # ansible would say the cause a second time
        for gap in facts.estate.gaps:
            display.warning(f"Not in the report: {gap.question} of {gap.place}. {gap.reason}")
        return {**result, **self._told(facts, written, path, len(page.encode()))}

    def _read(self, options: Options) -> Facts:
        settings = AwsSettings(**options["aws"])
        catalogue = open_catalogue(options["catalogue"], self._loader.get_basedir(), readonly=True, aws=settings)
        wanted = Wanted(options["builds"], policy_of(options), accepted_of(options), options["prefix"] or None)
        return read_facts(settings, scope_of(options), catalogue, wanted)

    def _told(self, facts: Facts, written: Written, path: pathlib.Path, size: int) -> dict[str, t.Any]:
        verb = "is as it was" if not written.changed else "would be written" if self._task.check_mode else "is written"
        counts = facts.audit.counts
        findings = ", ".join(count(number, severity) for severity, number in counts.items())
        missing = f", {count(len(facts.estate.gaps), 'answer')} missing" if facts.estate.gaps else ""
        msg = f"{path} {verb}: {count(len(facts.builds), 'build')}, {findings}{missing}."
        display.display(msg)
        header = f"{path} (in short)"
        return {
            "changed": written.changed,
            "path": str(path),
            "bytes": size,
            "builds": len(facts.builds),
            "findings": counts,
            "missing": [f"{gap.place} {gap.question}: {gap.reason}" for gap in facts.estate.gaps],
            "msg": msg,
            "diff": {
                "before_header": header,
                "before": written.before,
                "after_header": header,
                "after": written.after,
            },
        }
