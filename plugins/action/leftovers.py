# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove what crashed runs have left in EC2. The documentation is in plugins/modules/leftovers.py."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.catalogue import CatalogueError, open_catalogue
from ..plugin_utils.ec2 import AWS_OPTIONS, Aws, AwsError, AwsSettings
from ..plugin_utils.fleet_ec2 import describe_regions
from ..plugin_utils.fleet_places import ALL_REGIONS
from ..plugin_utils.sweep_run import Sweep, lines

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "catalogue": {"type": "str", "required": True},
    "aws": AWS_OPTIONS,
    "regions": {"type": "list", "elements": "str", "default": []},
    "hours": {"type": "float", "default": 24},
}


class ActionModule(ActionBase):
    """Finds leftovers, shows them, and removes them."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Sweep."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        if options["hours"] <= 0:
            raise AnsibleActionFail("hours must be more than 0: what was begun just now is not over")
        check_mode, settings = bool(self._task.check_mode), AwsSettings(**options["aws"])
        try:
            catalogue = open_catalogue(options["catalogue"], self._loader.get_basedir(), check_mode, settings)
            regions = options["regions"]
            sweep = Sweep(catalogue, settings, options["hours"])
            sweep.look(describe_regions(Aws(settings)) if ALL_REGIONS in regions else regions)
            if not check_mode:
                sweep.clear()
        except (AwsError, CatalogueError) as exc:
            raise AnsibleActionFail(str(exc)) from None
        return {**result, **_report(sweep, check_mode)}


def _report(sweep: Sweep, check_mode: bool) -> dict[str, t.Any]:
    for line in ["", *lines(sweep, check_mode)]:
        display.display(line)
    for build in sweep.reaped:
        display.display(f"{build.image} {build.id} was interrupted: it is failed now")
    going = [one for one in sweep.verdicts if one.remove and (check_mode or one.thing.id in sweep.removed)]
    return {
        "changed": bool(going or sweep.reaped),
        "things": [{**one.to_dict(), "removed": one.thing.id in sweep.removed} for one in sweep.verdicts],
        "interrupted": [build.id for build in sweep.reaped],
        "diff": {
            "before": {one.thing.id: one.thing.kind for one in going},
            "after": {one.thing.id: "removed" for one in going},
        },
        **({"failed": True, "msg": "\n".join(sweep.errors)} if sweep.errors else {}),
    }
