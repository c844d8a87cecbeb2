# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Show what an audit has found. The documentation is in plugins/modules/audit_summary.py."""

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.audit import HEADINGS, AuditError, is_bad, report, rows, sentence
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.text_table import table

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "servers": {"type": "list", "elements": "str", "required": True},
    "found": {"type": "dict", "required": True},
    "report": {"type": "path"},
}

# In the table a role of this collection goes by its short name.
OWN = "golden.windows_ami."


class ActionModule(ActionBase):
    """Prints the table; fails when something differs."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Show one line for each role of each server."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        try:
            found = rows(options["servers"], plain(options["found"]))
        except AuditError as exc:
            raise AnsibleActionFail(str(exc)) from exc
        if options["report"]:
            self._write(pathlib.Path(options["report"]), report(found))
        display.display("")
        for line in table(HEADINGS, [row._replace(role=row.role.removeprefix(OWN)) for row in found]):
            display.display(line)
        if is_bad(found):
            return {**result, "failed": True, "msg": sentence(found), "audit": report(found)}
        return {**result, "changed": False, "msg": sentence(found), "audit": report(found)}

    @staticmethod
    def _write(path: pathlib.Path, content: dict[str, t.Any]) -> None:
        try:
            path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        except OSError as exc:
            raise AnsibleActionFail(f"Cannot write the report of the audit to {path}: {exc.strerror}") from exc
