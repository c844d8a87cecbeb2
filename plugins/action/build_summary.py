# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Show what a build has made. The documentation is in plugins/modules/build_summary.py."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.build_table import failures, rows, table
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.plan import PlanEntry, PlanError

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "plan": {"type": "list", "elements": "dict", "required": True},
    "results": {"type": "dict", "default": {}},
    "proofs": {"type": "dict"},
    "unproved": {"type": "str"},
}


class ActionModule(ActionBase):
    """Prints the table; fails when an image was not built."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Show one line for each image of the plan."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        try:
            plan = [PlanEntry.from_dict(plain(entry)) for entry in options["plan"]]
            shown = rows(plan, options["results"], options["proofs"], options["unproved"])
        except PlanError as exc:
            raise AnsibleActionFail(str(exc)) from exc
        display.display("")
        for line in table(shown):
            display.display(line)
        if failed := failures(shown):
            return {**result, "failed": True, "msg": "\n".join(failed)}
        return {**result, "changed": False, "images": [row._asdict() for row in shown]}
