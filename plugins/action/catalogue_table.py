# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make the DynamoDB table of a catalogue. The documentation is in plugins/modules/catalogue_table.py."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.catalogue import CatalogueError, create_table
from ..plugin_utils.ec2 import AWS_OPTIONS, AwsSettings

display = Display()

ARGUMENTS: dict[str, t.Any] = {"catalogue": {"type": "str", "required": True}, "aws": AWS_OPTIONS}


class ActionModule(ActionBase):
    """Makes the table, or finishes one."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return whether anything was, or would be, made."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        check = bool(self._task.check_mode)
        try:
            made = create_table(
                options["catalogue"], self._loader.get_basedir(), AwsSettings(**options["aws"]), dry=check
            )
        except CatalogueError as exc:
            raise AnsibleActionFail(str(exc)) from None
        done = ("would be made or finished" if check else "is made") if made else "is there already"
        display.display(f"The table of {options['catalogue']} {done}.")
        return {**result, "changed": made}
