# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Export, import or rebuild the catalogue. The documentation is in plugins/modules/catalogue_transfer.py."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import pathlib
import tempfile
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.catalogue import Catalogue, CatalogueError, open_catalogue
from ..plugin_utils.ec2 import AWS_OPTIONS, Aws, AwsError, AwsSettings
from ..plugin_utils.exchange_file import ExchangeError, read_entries, write_entries
from ..plugin_utils.fleet_ec2 import describe_amis
from ..plugin_utils.records import Build
from ..plugin_utils.tag_records import builds_from_tags

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["exported", "imported", "rebuilt"], "required": True},
    "catalogue": {"type": "str", "required": True},
    "path": {"type": "path"},
    "aws": AWS_OPTIONS,
    "regions": {"type": "list", "elements": "str", "default": []},
}
REQUIRED_IF = [("state", "exported", ("path",)), ("state", "imported", ("path",))]
Options = dict[str, t.Any]
_WORDS = {"build": "build", "event": "event", "channel": "channel move"}


class ActionModule(ActionBase):
    """Moves records between the catalogue, a file and the tags of AMIs."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return what was moved; in check mode, what would be."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS, required_if=REQUIRED_IF)
        do = {"exported": self._export, "imported": self._import, "rebuilt": self._rebuild}[options["state"]]
        try:
            answer = do(options)
        except (CatalogueError, ExchangeError, AwsError) as exc:
            raise AnsibleActionFail(str(exc)) from None  # ansible would say the cause a second time
        display.display(answer["msg"])
        return {**result, **answer}

    def _export(self, options: Options) -> dict[str, t.Any]:
        path = self._path(options)
        entries = self._open(options, readonly=True).dump()
        written = write_entries(path, entries, keep=self._task.check_mode)
        done = "would hold" if self._task.check_mode and written.changed else "holds"
        return {
            "changed": written.changed,
            "counts": written.counts,
            "path": str(path),
            "msg": f"{path} {done} {_counts(written.counts)}.",
        }

    def _import(self, options: Options) -> dict[str, t.Any]:
        path = self._path(options)
        with self._target(options) as catalogue:
            counts = catalogue.load(read_entries(path))
        verb = "would take" if self._task.check_mode else "took"
        return {
            "changed": any(counts.values()),
            "counts": counts,
            "path": str(path),
            "msg": f"The catalogue {verb} {_counts(counts)} from {path} that it did not have.",
        }

    def _rebuild(self, options: Options) -> dict[str, t.Any]:
        settings = AwsSettings(**options["aws"])
        regions = options["regions"] or [Aws(settings).region]
        asked = {region: Aws(dataclasses.replace(settings, region=region)) for region in regions}
        amis = {region: describe_amis(aws, (), tagged=True) for region, aws in asked.items()}
        found = builds_from_tags(amis, dt.datetime.now(dt.UTC))
        with self._target(options) as catalogue:
            added = [build.id for build in found.builds if _add(catalogue, build)]
        for problem in found.problems:
            display.warning(f"Not recorded: {problem}")
        verb = "would get" if self._task.check_mode else "got"
        left = f" Not recorded: {'; '.join(found.problems)}." if found.problems else ""
        return {
            "changed": bool(added),
            "builds": added,
            "problems": list(found.problems),
            "failed": bool(found.problems),
            "msg": f"The tags in {', '.join(regions)} tell of {_number(len(found.builds), 'build')}. "
            f"The catalogue {verb} {len(added)} of them, or AMIs of them, that it did not have.{left}",
        }

    @contextlib.contextmanager
    def _target(self, options: Options) -> t.Iterator[Catalogue]:
        """Hand out the catalogue to write to: in check mode a copy, which tells as exactly what would be new."""
        if not self._task.check_mode:
            yield self._open(options)
            return
        with tempfile.TemporaryDirectory(prefix="golden-") as directory:
            copy = open_catalogue(f"sqlite:{directory}/copy.sqlite")
            copy.load(self._open(options, readonly=True).dump())
            yield copy

    def _open(self, options: Options, readonly: bool = False) -> Catalogue:
        aws = AwsSettings(**options["aws"])
        return open_catalogue(options["catalogue"], self._loader.get_basedir(), readonly, aws)

    def _path(self, options: Options) -> pathlib.Path:
        # Where the user is, as for every file that a command line names.
        return pathlib.Path(options["path"]).expanduser().absolute()


def _add(catalogue: Catalogue, build: Build) -> bool:
    """Record a build, or what is new of its AMIs; what the catalogue knows already is better than tags."""
    known = catalogue.get(build.id)
    if known is None:
        catalogue.finish(build)
        return True
    if set(build.amis.items()) <= set(known.amis.items()):
        return False
    catalogue.add_amis(build.id, build.amis, build.snapshots)
    return True


def _counts(counts: t.Mapping[str, int]) -> str:
    return ", ".join(_number(count, _WORDS[kind]) for kind, count in counts.items()) or "nothing"


def _number(count: int, what: str) -> str:
    """Return a number of things: 1 build, 2 builds."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
