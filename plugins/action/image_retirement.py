# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retire builds that nothing needs. The documentation is in plugins/modules/image_retirement.py."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils import provenance
from ..plugin_utils.build_choice import Choice, choose
from ..plugin_utils.catalogue import Catalogue, CatalogueError, open_catalogue
from ..plugin_utils.ec2 import AWS_OPTIONS, AwsError, AwsSettings
from ..plugin_utils.estate_ec2 import Scope
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.fleet_places import Account
from ..plugin_utils.retire import KEEP, Policy, Step
from ..plugin_utils.retire_run import NotRetiredError, Outcome, Retirement
from ..plugin_utils.retire_table import lines
from ..plugin_utils.retire_undo import Undo

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "catalogue": {"type": "str", "required": True},
    "aws": AWS_OPTIONS,
    "accounts": {"type": "list", "elements": "dict", "default": []},
    "regions": {"type": "list", "elements": "str", "default": []},
    "parameters": {"type": "list", "elements": "str", "default": []},
    "image": {"type": "str"},
    "keep": {"type": "int", "default": 3},
    "days": {"type": "float", "default": 90},
    "grace_days": {"type": "float", "default": 30},
    "sure": {"type": "bool", "default": False},
    "undo": {"type": "str"},
    "reason": {"type": "str"},
}
Options = dict[str, t.Any]


class ActionModule(ActionBase):
    """Looks at everything that may use an AMI, plans, shows the plan, and carries it out one step at a time."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Retire, or take one retirement back."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        check_mode, settings = bool(self._task.check_mode), AwsSettings(**options["aws"])
        try:
            policy = _policy(options)
            catalogue = open_catalogue(options["catalogue"], self._loader.get_basedir(), check_mode, settings)
            _check_image(catalogue, options["image"])
            if options["undo"]:
                return {**result, **_undo(catalogue, settings, options, check_mode)}
            scope = Scope(tuple(map(Account.of, plain(options["accounts"]))), options["regions"], options["parameters"])
            work = Retirement(catalogue, settings, scope, policy, options["sure"], provenance.author())
            steps = work.plan()
        except NotRetiredError as exc:
            raise AnsibleActionFail(f"Nothing was changed.\n{exc}") from None
        except (AwsError, CatalogueError, ValueError) as exc:
            raise AnsibleActionFail(str(exc)) from None
        return {**result, **_retire(work, steps, options, check_mode)}


def _policy(options: Options) -> Policy:
    if options["keep"] < 1 or options["days"] < 0 or options["grace_days"] < 0:
        raise ValueError("keep is at least 1; days and grace_days are at least 0")
    return Policy(options["keep"], options["days"], options["grace_days"])


def _check_image(catalogue: Catalogue, image: str | None) -> None:
    known = catalogue.images()
    if image is not None and image not in known:
        raise CatalogueError(f"There is no image {image} in {catalogue.url}. It has: {', '.join(known) or 'none'}")


def _retire(work: Retirement, steps: list[Step], options: Options, check_mode: bool) -> dict[str, t.Any]:
    shown = [step for step in steps if options["image"] in (None, step.build.image)]
    unknown = [ami for ami in work.unknown(steps) if options["image"] in (None, ami.tags["golden:image"])]
    outcomes: list[Outcome] = []
    stopped = ""
    for step in shown:
        if step.action == KEEP or check_mode or stopped:
            outcomes.append(Outcome(step))
            continue
        try:
            outcomes.append(work.carry_out(step, options["reason"], display.display))
        except (NotRetiredError, CatalogueError) as exc:
            stopped = str(exc)
            outcomes.append(Outcome(step, error=f"stopped before it: {exc}"))
    for line in ["", *lines(outcomes, unknown, check_mode)]:
        display.display(line)
    errors = [f"{one.step.build.image} {one.step.build.id}: {one.error}" for one in outcomes if one.error]
    changed = [one.step for one in outcomes if one.done or (check_mode and one.step.action != KEEP)]
    return {
        "changed": bool(changed),
        # Ansible walks through every value of a result, and most builds are kept.
        "builds": [one.to_dict() for one in outcomes if one.step.action != KEEP],
        "kept": {one.step.build.id: "; ".join(one.step.reasons) for one in outcomes if one.step.action == KEEP},
        "unknown": [ami.id for ami in unknown],
        "diff": _diff({step.build.id: (step.build.status, step.status) for step in changed}),
        **({"failed": True, "msg": "\n".join(errors)} if errors else {}),
    }


def _undo(catalogue: Catalogue, settings: AwsSettings, options: Options, check_mode: bool) -> dict[str, t.Any]:
    build = choose(catalogue, Choice(build=options["undo"]))
    work = Undo(catalogue, settings, build)
    undoing = work.decide()
    for step in undoing.steps or ("there is nothing to take back",):
        display.display(f"{build.image} {build.id}: {step}")
    for warning in undoing.warnings:
        display.warning(f"{build.image} {build.id}: {warning}")
    if undoing.changed and not check_mode:
        work.carry_out(undoing, provenance.author(), options["reason"])
    return {
        "changed": undoing.changed,
        "steps": list(undoing.steps),
        "diff": _diff({build.id: (build.status, undoing.status)} if undoing.changed else {}),
    }


def _diff(statuses: dict[str, tuple[str, str]]) -> dict[str, t.Any]:
    """Return the statuses of builds before and after."""
    return {
        "before": {build: before for build, (before, _after) in statuses.items()},
        "after": {build: after for build, (_before, after) in statuses.items()},
    }
