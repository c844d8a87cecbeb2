# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Revoke a bad build. The documentation is in plugins/modules/image_revocation.py."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils import provenance
from ..plugin_utils import revoke_views as views
from ..plugin_utils.build_choice import Choice, choose
from ..plugin_utils.catalogue import Catalogue, CatalogueError, open_catalogue
from ..plugin_utils.ec2 import AWS_OPTIONS, Aws, AwsError, AwsSettings
from ..plugin_utils.estate import Estate
from ..plugin_utils.estate_ec2 import Scope, read_estate
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.fleet_places import ALL_REGIONS, Account
from ..plugin_utils.promote_plan import read_publishing
from ..plugin_utils.promote_run import Patience
from ..plugin_utils.promotion import PromotionError
from ..plugin_utils.revoke import Chosen, RevocationError
from ..plugin_utils.revoke_rollout import find_rollouts
from ..plugin_utils.revoke_run import Revoker
from ..plugin_utils.revoke_undo import Undo
from .channel import ARGUMENTS as CHANNEL_ARGUMENTS

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "build": {"type": "str"},
    "ami": {"type": "str"},
    "state": {"type": "str", "choices": ["revoked", "restored"], "default": "revoked"},
    "reason": {"type": "str"},
    "author": {"type": "str"},
    "descendants": {"type": "bool", "default": False},
    "disable": {"type": "bool", "default": True},
    "publish": CHANNEL_ARGUMENTS["publish"],
    "accounts": {"type": "list", "elements": "dict", "default": []},
    "regions": {"type": "list", "elements": "str", "default": []},
    "catalogue": {"type": "str", "required": True},
    "aws": AWS_OPTIONS,
}
_ERRORS = (AwsError, CatalogueError, PromotionError, RevocationError, ValueError)
Options = dict[str, t.Any]


class ActionModule(ActionBase):
    """Chooses the builds, revokes them, and lists what uses them."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Revoke, or take that back."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        try:
            answer = self._revoke(options) if options["state"] == "revoked" else self._restore(options)
        except _ERRORS as exc:
            raise AnsibleActionFail(str(exc)) from None
        return {**result, **answer}

    def _revoke(self, options: Options) -> dict[str, t.Any]:
        if not (options["reason"] or "").strip():
            raise RevocationError("Say why, for those who come after you: -e reason=")
        now, catalogue = dt.datetime.now(dt.UTC), self._open(options)
        scope = Scope(tuple(map(Account.of, plain(options["accounts"]))), options["regions"])
        publish = options["publish"]
        publishing = read_publishing(publish["prefix"], plain(publish["accounts"]))
        revoker = Revoker(
            catalogue, publishing, self._aws(options), self._author(options), display.display,
            Patience(limit=publish["wait_seconds"]),
        )  # fmt: skip
        chosen = revoker.choose(_named(catalogue, options), options["descendants"])
        work = revoker.foretell if self._task.check_mode else revoker.carry_out
        revocation = work(chosen, options["reason"], options["disable"], now)
        estate = self._look(options, scope, chosen)
        bad = {ami: one.build.image for one in chosen.bad for ami in one.build.amis.values()}
        uses, check_mode = estate.uses_of(bad), bool(self._task.check_mode)
        rollouts = find_rollouts(estate, bad, views.leads(revocation), publishing.prefix)
        for line in ["", *views.lines(revocation, uses, rollouts.clear, check_mode)]:
            display.display(line)
        for warning in [*views.warnings(revocation, estate), *rollouts.unclear]:
            display.warning(warning)
        return views.answer(revocation, uses, rollouts.clear, check_mode)

    def _restore(self, options: Options) -> dict[str, t.Any]:
        catalogue = self._open(options)
        undo = Undo(catalogue, self._aws(options), self._author(options))
        undoings = undo.plan(_named(catalogue, options), options["descendants"])
        for one in undoings:
            for step in one.steps or (f"it is {one.status}, there is nothing to take back",):
                display.display(f"{one.build.image} {one.build.id}: {step}")
            for warning in one.warnings:
                display.warning(f"{one.build.image} {one.build.id}: {warning}")
            if not self._task.check_mode:
                undo.carry_out(one, options["reason"])
        return {
            "changed": any(one.steps for one in undoings),
            "restored": [{"build": one.build.id, "status": one.status, "steps": list(one.steps)} for one in undoings],
            "diff": [
                {
                    "before": "status: revoked\n",
                    "after": "".join(f"{line}\n" for line in (f"status: {one.status}", *one.steps[:-1])),
                    "before_header": f"{one.build.image} {one.build.id}",
                    "after_header": f"{one.build.image} {one.build.id}",
                }
                for one in undoings
                if one.steps
            ],
        }

    def _look(self, options: Options, scope: Scope, chosen: Chosen) -> Estate:
        """Look for what uses the AMIs: where the play looks anyway, and where the AMIs are."""
        settings = AwsSettings(**options["aws"])
        places = {region for one in chosen.bad for region in one.build.amis}
        regions = scope.regions or [Aws(settings).region]
        regions = regions if ALL_REGIONS in regions else sorted({*regions, *places})
        paths = list(filter(None, [options["publish"]["prefix"]]))
        return read_estate(settings, scope._replace(regions=regions, paths=paths))

    def _open(self, options: Options) -> Catalogue:
        settings = AwsSettings(**options["aws"])
        return open_catalogue(options["catalogue"], self._loader.get_basedir(), self._task.check_mode, settings)

    def _aws(self, options: Options) -> t.Callable[[str], Aws]:
        """Return what makes the session of a region, once for each."""
        settings, made = AwsSettings(**options["aws"]), dict[str, Aws]()

        def make(region: str) -> Aws:
            if region not in made:
                made[region] = Aws(dataclasses.replace(settings, region=region))
            return made[region]

        return make

    def _author(self, options: Options) -> str:
        return options["author"] or provenance.author()


def _named(catalogue: Catalogue, options: Options) -> t.Any:
    return choose(catalogue, Choice(build=options["build"], ami=options["ami"]))
