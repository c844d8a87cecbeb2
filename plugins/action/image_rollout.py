# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roll an image out to Auto Scaling Groups. The documentation is in plugins/modules/image_rollout.py."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils import rollout, rollout_preferences
from ..plugin_utils import rollout_views as views
from ..plugin_utils.build_choice import Choice, choose
from ..plugin_utils.catalogue import Catalogue, CatalogueError, open_catalogue
from ..plugin_utils.ec2 import AWS_OPTIONS, AwsError, AwsSettings
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.fleet_places import Account
from ..plugin_utils.packer_watch import Console
from ..plugin_utils.records import VERIFIED, Build
from ..plugin_utils.rollout_ec2 import Region, open_regions
from ..plugin_utils.rollout_plan import RolloutError, plan
from ..plugin_utils.rollout_read import read_place
from ..plugin_utils.rollout_run import CANCELLED, ROLLED_BACK, UNTOUCHED, Outcome, Patience, Run, foretell

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "image": {"type": "str", "required": True},
    "channel": {"type": "str", "required": True},
    "catalogue": {"type": "str", "required": True},
    "aws": AWS_OPTIONS,
    "accounts": {"type": "list", "elements": "dict", "default": []},
    "regions": {"type": "list", "elements": "str", "default": []},
    "prefix": {"type": "str", "default": "/golden/ami"},
    "groups": {"type": "list", "elements": "str", "default": []},
    "preferences": {"type": "dict", "default": {}, "options": rollout_preferences.OPTIONS, "apply_defaults": True},
    "batch": {"type": "int", "default": 1},
    "cancel": {"type": "bool", "default": False},
    "poll_seconds": {"type": "float", "default": 15},
    "wait_seconds": {"type": "int", "default": 14400},
}
Options = dict[str, t.Any]


class ActionModule(ActionBase):
    """Finds the groups, lets the plan decide, carries it out, follows the refreshes and shows the table."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Roll out one channel of one image, or undo that."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        options = plain(options)
        try:
            work = _Work(options, self._loader.get_basedir())
            answer = work.cancel(self._task.check_mode) if options["cancel"] else work.roll_out(self._task.check_mode)
        except (AwsError, CatalogueError, RolloutError, ValueError) as exc:
            raise AnsibleActionFail(f"The roll-out did not begin. {exc}") from None
        return {**result, **answer}


class _Work:
    """One image and channel, the build that it points at, and everywhere that groups may use it."""

    def __init__(self, options: Options, base: t.Any) -> None:
        _check(options)
        self._options = options
        self._settings = AwsSettings(**options["aws"])
        self._catalogue: Catalogue = open_catalogue(options["catalogue"], base, readonly=True, aws=self._settings)
        self.build = self._chosen()
        self.wanted = rollout.Wanted(
            options["image"], options["channel"], self.build.id, options["prefix"],
            tuple(options["groups"]), options["preferences"]["auto_rollback"],
        )  # fmt: skip
        self._of_image = functools.cache(self._is_of_image)
        self._regions: dict[tuple[str, str], Region] = {}
        self._gaps: list[str] = []

    def roll_out(self, check_mode: bool) -> dict[str, t.Any]:
        """Do what is needed, or say what would be done."""
        if self.build.status != VERIFIED:
            raise RolloutError(
                f"Channel {self.wanted.channel} of {self.wanted.image} points at build {self.build.id}, which is "
                f"{self.build.status}, not {VERIFIED}. Prove it: prove.yml -e build={self.build.id}"
            )
        steps = self._steps()
        self._show(
            f"{self.wanted.tag}: build {self.build.id}",
            *views.plan_lines(steps, self._options["preferences"]),
            *([] if steps else [self._nobody()]),
        )
        if check_mode:
            return self._answer(foretell(steps))
        self._show("")
        run = self._run()
        with _told(run, self.wanted):
            outcomes = run.carry_out(steps, self._options["batch"])
        return self._answer(outcomes)

    def cancel(self, check_mode: bool) -> dict[str, t.Any]:
        """Undo the refreshes that lead to the image."""
        steps = [step for step in self._steps() if self._leads_to_image(step.group)]
        if not steps:
            self._show(f"{self.wanted.tag}: no refresh is running that leads to the image")
            return self._answer([])
        for step in steps:
            running = t.cast(rollout.Refresh, step.group.refresh)
            self._show(
                f"{step.group.name}: refresh {running.id} ({running.status}, {running.percent} %) is to be undone"
            )
        if check_mode:
            return {**self._answer([]), "changed": True}
        run = self._run()
        with _told(run, self.wanted):
            outcomes = run.turn_back(steps)
        return self._answer(outcomes, good=(ROLLED_BACK, CANCELLED))

    def _steps(self) -> list[rollout.Step]:
        accounts = [Account.of(one) for one in self._options["accounts"]]
        regions, self._gaps = open_regions(self._settings, accounts, self._options["regions"])
        if not regions:
            raise RolloutError(" ".join(self._gaps))
        self._regions = {(region.account, region.name): region for region in regions}
        places = []
        for region in regions:
            try:
                place, notes = read_place(region, self.wanted, self.build, self._of_image)
            except AwsError as exc:
                self._gaps.append(f"Account {region.account}: {exc}" if region.account else str(exc))
            else:
                places.append(place)
                for note in notes:
                    display.warning(note)
        if not places:
            raise RolloutError(" ".join(self._gaps))
        return plan(places, self.wanted)

    def _answer(self, outcomes: list[Outcome], good: tuple[str, ...] = ()) -> dict[str, t.Any]:
        if outcomes:
            self._show("", *views.table_lines(outcomes))
        problems = views.faults([one for one in outcomes if one.status not in good])
        problems += [f"Not looked at: {gap}" for gap in self._gaps]
        return {
            "changed": any(one.status not in UNTOUCHED for one in outcomes),
            "build": self.build.id,
            "groups": [views.to_dict(one) for one in outcomes],
            "diff": views.diff(outcomes),
            "failed": bool(problems),
            **({"msg": "\n".join(problems)} if problems else {}),
        }

    def _run(self) -> Run:
        patience = Patience(self._options["poll_seconds"], self._options["wait_seconds"])
        return Run(
            self.wanted, self._options["preferences"], self._regions, display.display, patience, self._what_changed
        )

    def _what_changed(self) -> str | None:
        """Return why the rest must not be started: the channel points elsewhere, or its build was called bad."""
        try:
            now = self._chosen()
        except CatalogueError as exc:
            return f"the channel could not be read any more: {exc}"
        if now.id != self.build.id:
            return f"channel {self.wanted.channel} points at build {now.id} by now. Run this again"
        return None if now.status == VERIFIED else f"build {now.id} is {now.status} by now"

    def _chosen(self) -> Build:
        return choose(self._catalogue, Choice(image=self._options["image"], channel=self._options["channel"]))

    def _is_of_image(self, ami: str) -> bool:
        build = self._catalogue.by_ami(ami)
        return build is not None and build.image == self.wanted.image

    def _leads_to_image(self, group: rollout.Group) -> bool:
        if not group.refresh or not group.refresh.active:
            return False
        amis = group.amis if group.refresh.amis is None else group.refresh.amis
        return any(ami and self._of_image(ami) for ami in amis)

    def _nobody(self) -> str:
        return (
            "No Auto Scaling Group uses the image. Name one (-e rollout_groups=NAME), or tag it: "
            f"{rollout.CHANNEL_TAG}={self.wanted.tag}"
        )

    def _show(self, *lines: str) -> None:
        for line in lines:
            display.display(line)


@contextlib.contextmanager
def _told(run: Run, wanted: rollout.Wanted) -> t.Iterator[None]:
    """Tell whoever ends Ansible what goes on in AWS. Ansible no longer reads what its workers say by then."""
    console = Console(os.getppid())
    before: dict[int, t.Any] = {}

    def handle(number: int, frame: t.Any) -> None:
        for line in ["", *views.farewell(run.running, wanted)]:
            console.show(line)
        signal.signal(number, before[number])
        os.kill(os.getpid(), number)

    for wanted_signal in (signal.SIGINT, signal.SIGTERM):
        before[wanted_signal] = signal.signal(wanted_signal, handle)
    try:
        yield
    finally:
        for known_signal, handler in before.items():
            signal.signal(known_signal, handler)


def _check(options: Options) -> None:
    """Refuse what cannot be done, all at once, before anything is asked for."""
    found = rollout_preferences.problems(options["preferences"])
    if options["batch"] < 1:
        found.append(f"batch is {options['batch']}, and must be at least 1")
    if options["poll_seconds"] <= 0:
        found.append(f"poll_seconds is {options['poll_seconds']}, and must be more than 0")
    if found:
        raise RolloutError("; ".join(found))
