# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Point a channel at a build and publish it. The documentation is in plugins/modules/channel.py."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils import promote_views as views
from ..plugin_utils import provenance
from ..plugin_utils.catalogue import CatalogueError, open_catalogue
from ..plugin_utils.ec2 import AWS_OPTIONS, Aws, AwsError, AwsSettings
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.promote_choice import PROMOTED, STATES, Request, choose_all
from ..plugin_utils.promote_plan import Promotion, read_publishing
from ..plugin_utils.promote_run import Patience, Promoter, foretell
from ..plugin_utils.promotion import PromotionError, read_policies

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "channel": {"type": "str", "required": True},
    "state": {"type": "str", "choices": list(STATES), "default": PROMOTED},
    "images": {"type": "list", "elements": "str", "default": []},
    "build": {"type": "str"},
    "ami": {"type": "str"},
    "reason": {"type": "str"},
    "approver": {"type": "str"},
    "author": {"type": "str"},
    "channels": {"type": "raw", "default": {}},
    "publish": {
        "type": "dict",
        "default": {},
        "options": {
            "prefix": {"type": "str", "default": "/golden/ami"},
            "accounts": {"type": "list", "elements": "str", "default": []},
            "wait_seconds": {"type": "int", "default": 120},
        },
    },
    "accounts": {"type": "list", "elements": "str"},
    "leave_regions": {"type": "bool", "default": False},
    "catalogue": {"type": "str", "required": True},
    "aws": AWS_OPTIONS,
}
_ERRORS = (AwsError, CatalogueError, PromotionError)
Options = dict[str, t.Any]


class ActionModule(ActionBase):
    """Chooses the builds, plans for all images, and carries out one after the other."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Promote, roll back or repair."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        now = dt.datetime.now(dt.UTC)
        try:
            promoter, promotions = self._plan(options, now)
        except _ERRORS as exc:
            raise AnsibleActionFail(f"Nothing was changed. {exc}") from None
        if self._task.check_mode:
            results = [foretell(promotion) for promotion in promotions]
        else:
            results = [promoter.carry_out(promotion, now) for promotion in promotions]
        for line in ["", *views.lines(results)]:
            display.display(line)
        return {**result, **views.answer(results, bool(self._task.check_mode))}

    def _plan(self, options: Options, now: dt.datetime) -> tuple[Promoter, list[Promotion]]:
        """Return what carries out, and what is to be done for each image; raise PromotionError with all problems."""
        settings = AwsSettings(**options["aws"])
        accounts = options["publish"]["accounts"] if options["accounts"] is None else options["accounts"]
        publishing = read_publishing(options["publish"]["prefix"], plain(accounts))
        catalogue = open_catalogue(options["catalogue"], self._loader.get_basedir(), self._task.check_mode, settings)
        policies = read_policies(plain(options["channels"]) or {})
        chosen = choose_all(catalogue, _request(options), policies, now)
        promoter = Promoter(
            catalogue,
            publishing,
            lambda region: Aws(dataclasses.replace(settings, region=region)),
            options["author"] or provenance.author(),
            display.display,
            Patience(limit=options["publish"]["wait_seconds"]),
        )
        promotions, problems = [], []
        for one in chosen:
            try:
                promotion = promoter.look(one.wanted, now)
            except PromotionError as exc:
                problems.append(f"{one.wanted.image}: {exc}")
                continue
            promotions.append(promotion)
            for note in (*one.notes, *promotion.notes):
                display.warning(f"{one.wanted.image}: {note}")
        if problems:
            raise PromotionError("\n".join(problems))
        return promoter, promotions


def _request(options: Options) -> Request:
    return Request(
        channel=options["channel"],
        state=options["state"],
        images=tuple(str(image) for image in options["images"]),
        build=options["build"],
        ami=options["ami"],
        reason=options["reason"],
        approver=options["approver"],
        leave_regions=options["leave_regions"],
    )
