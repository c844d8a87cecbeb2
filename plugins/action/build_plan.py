# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say which images would be built, from what and why. The documentation is in plugins/modules/build_plan.py."""

from __future__ import annotations

import datetime as dt
import pathlib
import typing as t

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible.utils.display import Display
from ansible.utils.vars import load_extra_vars

from ..plugin_utils import bases, images, plan, roles, summary
from ..plugin_utils.catalogue import Catalogue, CatalogueError, open_catalogue
from ..plugin_utils.contents import Common, ContentsError, collection_version, common, contents_of
from ..plugin_utils.ec2 import AWS_OPTIONS, Aws, AwsError, AwsSettings
from ..plugin_utils.fingerprint import FingerprintError
from ..plugin_utils.records import FAILED, Build
from ..plugin_utils.variables import TaskVariables, VariableError

display = Display()

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARGUMENTS: dict[str, t.Any] = {
    "images": {"type": "raw", "required": True},
    "bases": {"type": "raw", "required": True},
    "image": {"type": "list", "elements": "str"},
    "force": {"type": "bool", "default": False},
    "aws": AWS_OPTIONS,
    "catalogue": {"type": "str", "required": True},
    "builder": {"type": "dict", "default": {}},
    "provision": {"type": "path"},
    "template": {"type": "path"},
    "collections": {"type": "list", "elements": "str", "default": ["ansible.windows", "community.windows"]},
}
_ERRORS = (
    AwsError,
    CatalogueError,
    ContentsError,
    FingerprintError,
    VariableError,
    bases.BaseError,
    images.ImageDataError,
    plan.PlanError,
    roles.RoleError,
)


class ActionModule(ActionBase):
    """Wires the inventory, the catalogue and AWS to the decisions in plugin_utils/plan.py."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the plan; ``changed`` means that there is something to build."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        try:
            entries = self._plan(options, task_vars or {})
        except _ERRORS as exc:
            raise AnsibleActionFail(f"The images cannot be planned.\n{exc}") from None
        for line in summary.plan_lines(entries):
            display.display(line)
        display.display(summary.plan_counts(entries))
        return {
            **result,
            "changed": any(entry.action == plan.BUILD for entry in entries),
            "plan": [entry.to_dict() for entry in entries],
        }

    def _plan(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> list[plan.PlanEntry]:
        """Ask for everything that decides, in the order in which a mistake is cheapest to find, then decide."""
        now = dt.datetime.now(dt.UTC)
        known, known_bases = images.parse(options["images"], options["bases"])
        selected = images.select(known, options["image"])
        related = images.with_ancestors(known, selected)
        contents = self._contents(options, [known[name] for name in related], task_vars)
        catalogue = open_catalogue(
            options["catalogue"], self._loader.get_basedir(), self._task.check_mode, AwsSettings(**options["aws"])
        )
        if not self._task.check_mode:
            self._reap(catalogue, now)
        aws = Aws(AwsSettings(**options["aws"]))
        existing = _existing(catalogue, aws, related, now)
        chosen = [known[name] for name in plan.with_missing_parents(known, selected, existing)]
        sources = _sources(chosen, known_bases, aws, existing, now)
        facts = plan.Facts(aws.region, known, sources, contents, existing, _failures(catalogue, related))
        return plan.make_plan(facts, selected, force=options["force"])

    def _reap(self, catalogue: Catalogue, now: dt.datetime) -> None:
        for build in catalogue.reap(now):
            display.warning(f"Build {build.id} of image {build.image} was interrupted. It is recorded as failed now.")

    def _contents(
        self, options: dict[str, t.Any], wanted: list[images.Image], task_vars: dict[str, t.Any]
    ) -> dict[str, plan.Contents]:
        """Return what goes into each image; raise ContentsError with the mistakes of all of them."""
        provision = pathlib.Path(options["provision"] or ROOT / "playbooks" / "provision.yml").resolve()
        template = pathlib.Path(options["template"] or ROOT / "packer").resolve()
        variables = TaskVariables(self._templar, task_vars, load_extra_vars(self._loader))
        shared = common(template, provision, _versions(options["collections"]), options["builder"])
        search = [provision.parent / "roles", *map(pathlib.Path, constants.DEFAULT_ROLES_PATH), provision.parent]
        found: dict[str, plan.Contents] = {}
        problems: list[str] = []
        for image in wanted:
            try:
                found[image.name] = contents_of(image, self._roles(image, shared, search), shared, variables)
            except (ContentsError, roles.RoleError) as exc:
                problems += str(exc).splitlines()
        if problems:
            raise ContentsError("\n".join(problems))
        return found

    def _roles(self, image: images.Image, shared: Common, search: list[pathlib.Path]) -> list[roles.Role]:
        """Return the roles of an image and those they depend on; raise RoleError with all that are wrong."""
        problems: list[str] = []

        def read(name: str) -> roles.Role:
            return roles.read_role(name, roles.find_role(name, search), self._loader)

        for names in (*((name,) for name in image.roles), [*image.roles, *shared.roles]):
            try:
                found = roles.with_dependencies(names, read)
            except roles.RoleError as exc:
                problems.append(f"Image {image.name}: {exc}")
        if problems:
            raise roles.RoleError("\n".join(dict.fromkeys(problems)))
        return found


def _versions(collections: list[str]) -> dict[str, str]:
    versions = {name: collection_version(name) for name in collections}
    return {"ansible-core": ansible_version, **{name: version for name, version in versions.items() if version}}


def _existing(catalogue: Catalogue, aws: Aws, names: t.Iterable[str], now: dt.datetime) -> dict[str, plan.Existing]:
    """Return the newest build of each image in this region, and whether its AMI can still be used."""
    found = {}
    for name in names:
        build = catalogue.newest(name, aws.region)
        if build:
            ami_id = build.amis[aws.region]
            found[name] = plan.Existing(build, ami_id, bases.ami_problem(aws.image(ami_id), ami_id, now))
    return found


def _sources(
    wanted: list[images.Image],
    known_bases: dict[str, images.Base],
    aws: Aws,
    existing: dict[str, plan.Existing],
    now: dt.datetime,
) -> dict[str, plan.Source]:
    """Return the AMI of each base that one of the images starts from."""
    sources: dict[str, plan.Source] = {}
    for image in wanted:
        if image.base is None or image.base in sources:
            continue
        last = existing[image.name].build.source_ami_name if image.name in existing else None
        ami = bases.find_base(known_bases[image.base], aws, last)
        if bases.is_deprecated(ami, now):
            display.warning(f"Base {image.base}: {ami.name} ({ami.id}) is deprecated since {ami.deprecated}.")
        sources[image.base] = plan.Source(ami.id, ami.name)
    return sources


def _failures(catalogue: Catalogue, names: t.Iterable[str]) -> dict[str, Build]:
    """Return the last attempt of each image that failed and had no good build since."""
    last = {name: next(iter(catalogue.builds(name, limit=1)), None) for name in names}
    return {name: build for name, build in last.items() if build and build.status == FAILED}
