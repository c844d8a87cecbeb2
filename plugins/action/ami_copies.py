# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy a build to more regions and share it. The documentation is in plugins/modules/ami_copies.py."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.catalogue import Catalogue, CatalogueError, open_catalogue
from ..plugin_utils.copies import AVAILABLE, CopyError, Source, Step, Wanted, copy_tags, plan
from ..plugin_utils.copy_calls import Region
from ..plugin_utils.copy_choice import choose_build
from ..plugin_utils.copy_run import Outcome, Patience, Run, foretell
from ..plugin_utils.copy_settings import check_regions, read_wanted
from ..plugin_utils.copy_table import failures, lines
from ..plugin_utils.ec2 import AWS_OPTIONS, Aws, AwsError, AwsSettings
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.records import Build

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "build": {"type": "str"},
    "image": {"type": "str"},
    "channel": {"type": "str"},
    "regions": {"type": "raw"},
    "defaults": {"type": "raw"},
    "aws": AWS_OPTIONS,
    "catalogue": {"type": "str", "required": True},
    "poll_seconds": {"type": "float", "default": 15},
    "wait_seconds": {"type": "int", "default": 7200},
    "settle_seconds": {"type": "float", "default": 60},
}


class ActionModule(ActionBase):
    """Finds out what there is, lets the plan decide, carries it out and shows the table."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Copy one build."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS, required_one_of=[("build", "image")])
        check_mode = bool(self._task.check_mode)
        try:
            wanted = read_wanted(plain(options["regions"]), plain(options["defaults"]))
            settings = AwsSettings(**options["aws"])
            catalogue = open_catalogue(options["catalogue"], self._loader.get_basedir(), check_mode, settings)
            build = choose_build(catalogue, options["build"], options["image"], options["channel"])
            work = _Work(build, wanted, options)
            steps = work.plan()
            outcomes = foretell(steps) if check_mode else work.carry_out(steps, catalogue)
        except (AwsError, CatalogueError, CopyError) as exc:
            raise AnsibleActionFail(str(exc)) from exc
        display.display("")
        for line in lines(outcomes):
            display.display(line)
        return {**result, **self._report(work, steps, outcomes, catalogue)}

    def _report(
        self, work: _Work, steps: list[Step], outcomes: list[Outcome], catalogue: Catalogue
    ) -> dict[str, t.Any]:
        """Return the task's result. What the catalogue did not take, the recorder keeps and delivers later."""
        report = {
            "changed": any(step.changes for step in steps),
            "build": work.build.to_dict(),
            "source": {"region": work.source.region, "ami_id": work.source.copy.ami_id},
            "copies": [_copy(outcome) for outcome in outcomes],
            "catalogue": catalogue.url,
            "unrecorded": work.unrecorded,
        }
        if failed := failures(outcomes):
            return {**report, "failed": True, "msg": "\n".join(failed)}
        return report


class _Work:
    """One build, and the regions it is wanted in."""

    def __init__(self, build: Build, wanted: tuple[Wanted, ...], options: dict[str, t.Any]) -> None:
        self.build = build
        self.unrecorded: dict[str, str] = {}
        self._wanted = wanted
        self._settings = AwsSettings(**options["aws"])
        self._patience = Patience(options["poll_seconds"], options["wait_seconds"], options["settle_seconds"])
        self._home = Region(Aws(self._settings))
        self._regions = {self._home.name: self._home}
        check_regions(wanted, self._home.enabled_regions())
        self.source = self._find_source()

    def plan(self) -> list[Step]:
        """Look at every region and decide; raises CopyError with everything that is in the way."""
        details = {want.region: bool(want.accounts or want.kms_key_id) for want in self._wanted}
        source = self._wanted_source(details)
        keys = {want.region: self._region(want.region).key(want.kms_key_id) for want in self._wanted if want.kms_key_id}
        found = {
            region: self._region(region).copies(self.build.id, source.copy.name, self.build.amis.get(region), detailed)
            for region, detailed in details.items()
            if region != source.region
        }
        steps = plan(source, self._wanted, found, keys, self.build.amis)
        for step in steps:
            for note in step.notes:
                display.warning(f"{step.region}: {note}")
        return steps

    def carry_out(self, steps: list[Step], catalogue: Catalogue) -> list[Outcome]:
        """Do what the plan says, and show how it goes on."""
        run = Run(
            self.source,
            copy_tags(self.source, self.build.image),
            {step.region: self._region(step.region) for step in steps},
            functools.partial(self._record, catalogue),
            lambda text: display.display(f"{self.build.image}: {text}"),
            self._patience,
        )
        return run.carry_out(steps)

    def _record(self, catalogue: Catalogue, region: str, ami_id: str, snapshots: tuple[str, ...]) -> None:
        """Write a copy to the catalogue. One that does not take it is no reason to stop copying."""
        added = {region: ami_id}
        kept = {region: list(snapshots)}
        self.build = dataclasses.replace(
            self.build, amis={**self.build.amis, **added}, snapshots={**self.build.snapshots, **kept}
        )
        try:
            catalogue.add_amis(self.build.id, added, kept)
        except CatalogueError as exc:
            self.unrecorded[region] = ami_id
            display.display(f"{self.build.image}: {region}: not in the catalogue: {exc}", color=constants.COLOR_WARN)

    def _find_source(self) -> Source:
        """Return the build's AMI to copy: that of golden_aws.region, else another one that is there."""
        regions = sorted(self.build.amis, key=lambda region: region != self._home.name)
        for region in regions:
            image = self._region(region).image(self.build.amis[region])
            if image and image.state == AVAILABLE:
                return Source(self.build.id, region, image)
        places = ", ".join(f"{ami_id} in {region}" for region, ami_id in sorted(self.build.amis.items()))
        raise CopyError(
            f"Build {self.build.id} of {self.build.image} cannot be copied: "
            + (f"its AMI is gone or cannot be used ({places})" if places else "it has no AMI")
        )

    def _wanted_source(self, details: dict[str, bool]) -> Source:
        """Return the source, with who may use it if that matters."""
        region = self.source.region
        image = self._region(region).image(self.source.copy.ami_id, details=True) if details.get(region) else None
        return self.source._replace(copy=image or self.source.copy)

    def _region(self, name: str) -> Region:
        if name not in self._regions:
            self._regions[name] = Region(Aws(dataclasses.replace(self._settings, region=name)))
        return self._regions[name]


def _copy(outcome: Outcome) -> dict[str, t.Any]:
    return {
        "region": outcome.step.region,
        "ami_id": outcome.ami_id,
        "snapshots": list(outcome.snapshots),
        "status": outcome.status,
        "kms_key": outcome.step.kms_key,
        "shared": list(outcome.shared),
        "seconds": round(outcome.seconds, 1),
        "error": outcome.error,
    }
