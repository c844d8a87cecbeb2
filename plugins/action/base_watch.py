# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See whether there are newer stock AMIs than before. The documentation is in plugins/modules/base_watch.py."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils import bases, images
from ..plugin_utils import watch as decisions
from ..plugin_utils.catalogue import Catalogue, CatalogueError, open_catalogue
from ..plugin_utils.ec2 import AWS_OPTIONS, Aws, AwsError, AwsSettings
from ..plugin_utils.records import Build

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "images": {"type": "raw", "required": True},
    "bases": {"type": "raw", "required": True},
    "image": {"type": "list", "elements": "str"},
    "catalogue": {"type": "str", "required": True},
    "aws": AWS_OPTIONS,
}
_ERRORS = (AwsError, CatalogueError, images.ImageDataError)
Options = dict[str, t.Any]


class ActionModule(ActionBase):
    """Wires the inventory, the catalogue and AWS to the decisions in plugin_utils/watch.py. Changes nothing."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return what would be rebuilt."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        try:
            findings = self._watch(options)
        except _ERRORS as exc:
            raise AnsibleActionFail(f"The bases cannot be looked at. {exc}") from None
        for line in ["", *decisions.lines(findings)]:
            display.display(line)
        for one in findings:
            if one.problem:
                display.warning(f"{one.image}: {one.problem}")
        display.display(decisions.summary(findings))
        return {
            **result,
            "changed": False,
            "images": [one.to_dict() for one in findings],
            "rebuild": decisions.to_rebuild(findings),
            "unknown": [one.image for one in findings if one.status == decisions.UNKNOWN],
        }

    def _watch(self, options: Options) -> list[decisions.Finding]:
        known, known_bases = images.parse(options["images"], options["bases"])
        names = decisions.family(known, images.select(known, options["image"]))
        settings = AwsSettings(**options["aws"])
        catalogue = open_catalogue(options["catalogue"], self._loader.get_basedir(), True, settings)
        aws = Aws(settings)
        found = {name: catalogue.newest(name, aws.region) for name in names}
        builds = {name: build for name, build in found.items() if build}
        roots = {build.id: _root(catalogue, build) for build in builds.values()}
        used = {decisions.base_of(known, name): name for name in names}
        last = {base: roots[builds[name].id].source_ami_name if name in builds else None for base, name in used.items()}
        seen = {name: _base(known_bases[name], aws, last[name]) for name in used}
        return decisions.watch(decisions.Facts(known, builds, roots, seen), names, dt.datetime.now(dt.UTC))


def _root(catalogue: Catalogue, build: Build) -> Build:
    """Return the build at the foot of a lineage; the last one that is known when a record is missing."""
    seen = {build.id}
    while build.parent_build and build.parent_build not in seen:
        parent = catalogue.get(build.parent_build)
        if parent is None:
            return build
        seen.add(parent.id)
        build = parent
    return build


def _base(base: images.Base, aws: Aws, last_name: str | None) -> decisions.Base:
    """Return what a base is today. One that cannot be found is no reason not to look at the others."""
    try:
        ami = bases.find_base(base, aws, last_name)
    except bases.BaseError as exc:
        return decisions.Base(None, str(exc))
    if base.kind != "ami_id":
        return decisions.Base(ami)
    pattern = bases.family_of(base, ami.name)
    newest = next(reversed(aws.images_named(pattern, base.owner)), None) if pattern else None
    if newest is None or newest.created <= ami.created:
        return decisions.Base(ami)
    said = f"base {base.name} is pinned to {ami.name} ({ami.id}), and there is {newest.name} ({newest.id})"
    return decisions.Base(ami, f"{said}: change golden_bases.{base.name}.ami_id to build on it")
