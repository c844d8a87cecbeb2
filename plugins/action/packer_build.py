# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Build one image with Packer. The documentation is in plugins/modules/packer_build.py."""

from __future__ import annotations

import collections.abc as c
import datetime as dt
import json
import os
import pathlib
import shutil
import sys
import tempfile
import typing as t

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible.utils.display import Display

from ..plugin_utils import packer_vars, provenance
from ..plugin_utils.catalogue import CatalogueError, open_catalogue
from ..plugin_utils.ec2 import Aws, AwsError, AwsSettings
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.own_address import AddressError, source_cidrs
from ..plugin_utils.packer_job import Job, Outcome, write_private
from ..plugin_utils.packer_watch import Console, SupervisorError, Watcher
from ..plugin_utils.plan import SKIP, PlanEntry, PlanError, finalize
from ..plugin_utils.records import BUILT, Build, RecordError, new_build_id, timestamp
from ..plugin_utils.variables import TaskVariables, VariableError

display = Display()

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILDER_OPTIONS: dict[str, t.Any] = {
    "instance_type": {"type": "str", "required": True},
    "subnet_id": {"type": "str", "required": True},
    "security_group_id": {"type": "str"},
    "source_cidrs": {"type": "list", "elements": "str", "default": []},
    "interface": {
        "type": "str",
        "choices": ["private_ip", "private_dns", "public_ip", "public_dns"],
        "default": "private_ip",
    },
    "associate_public_ip_address": {"type": "bool", "default": False},
    "iam_instance_profile": {"type": "str"},
    "root_volume_gib": {"type": "int", "default": 50},
    "kms_key_id": {"type": "str"},
    "password_timeout": {"type": "str", "default": "30m"},
    "winrm_timeout": {"type": "str", "default": "30m"},
    "poll_seconds": {"type": "int", "default": 15},
    "poll_attempts": {"type": "int", "default": 240},
}
ARGUMENTS: dict[str, t.Any] = {
    "entry": {"type": "dict", "required": True},
    "parent": {"type": "dict"},
    "builder": {"type": "dict", "required": True, "options": BUILDER_OPTIONS},
    "aws": {
        "type": "dict",
        "default": {},
        "options": {"config_file": {"type": "path"}, "profile": {"type": "str"}, "region": {"type": "str"}},
    },
    "catalogue": {"type": "str", "required": True},
    "proxy": {"type": "str", "default": ""},
    "proxy_bypass": {"type": "list", "elements": "str", "default": []},
    "provision": {"type": "path"},
    "provision_vars": {"type": "dict", "default": {}},
    "template": {"type": "path"},
    "packer": {"type": "path", "default": "packer"},
    "log_dir": {"type": "path"},
    "lease_seconds": {"type": "int", "default": 120},
    "cleanup_seconds": {"type": "int", "default": 900},
}
_ERRORS = (AddressError, AwsError, CatalogueError, PlanError, RecordError, SupervisorError, VariableError)


class ActionModule(ActionBase):
    """Prepares a build, hands it to the supervisor process and shows its progress."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Build the image of one entry of the plan."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        image = str(options["entry"].get("image"))
        try:
            entry = PlanEntry.from_dict(plain(options["entry"]))
            if entry.action == SKIP:
                return {**result, "changed": False, "ami_id": entry.ami_id, "msg": f"{image} is up to date"}
            if options["parent"]:
                entry = finalize(entry, Build.from_dict(plain(options["parent"])))
            if self._task.check_mode:
                return {**result, "changed": True, "msg": f"{image} would be built"}
            outcome = self._build(entry, options, task_vars or {})
        except _ERRORS as exc:
            return {**result, **_failure(image, f"Image {image} cannot be built. {exc}")}
        if outcome.refused:
            return {**result, **_failure(image, f"Image {image} cannot be built. {outcome.refused}.")}
        return {**result, **self._report(outcome, options)}

    def _build(self, entry: PlanEntry, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> Outcome:
        settings = AwsSettings(**options["aws"])
        aws = Aws(settings)
        packer = shutil.which(options["packer"])
        if packer is None:
            raise PlanError(f"There is no Packer at {options['packer']!r}. Install 1.6.6 or later: make setup does")
        variables = TaskVariables(self._templar, task_vars, ())
        secrets = {name: plain(variables.value(name)) for name in entry.secret_vars}
        logs = pathlib.Path(options["log_dir"] or ROOT / ".golden" / "logs").resolve()
        build = self._record(entry, packer, logs)
        logs.mkdir(parents=True, exist_ok=True)
        directory = pathlib.Path(tempfile.mkdtemp(prefix="golden-"))
        files = packer_vars.Files(directory, logs / f"{build.id}.log", logs / f"{build.id}.json")
        try:
            self._write(entry, build, files, options, secrets, aws)
            job = self._job(build, aws, files, options, packer, secrets)
            job.save(directory / "job.json")
            return Watcher(job, self._shower(entry.image), Console(os.getppid())).watch(directory / "job.json")
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _record(self, entry: PlanEntry, packer: str, log_dir: pathlib.Path) -> Build:
        """Return the record of the build as it begins."""
        now = dt.datetime.now(dt.UTC)
        build_id = new_build_id(now)
        commit = provenance.commit_of(ROOT)
        collections = {
            name.removeprefix("version:"): version
            for name, version in entry.inputs.items()
            if name.startswith("version:")
        }
        return Build(
            log=str(log_dir / f"{build_id}.log"),
            id=build_id,
            image=entry.image,
            started=timestamp(now),
            source_ami=entry.source_ami,
            source_ami_name=entry.source_ami_name,
            parent_build=entry.parent_build,
            fingerprint=entry.fingerprint,
            inputs=entry.inputs,
            commit=commit.id,
            dirty=commit.dirty,
            author=provenance.author(),
            controller=provenance.controller(),
            versions={
                **collections,
                "ansible-core": ansible_version,
                "packer": provenance.packer_version(packer) or "unknown",
            },
            ami_name=packer_vars.ami_name(entry.image, build_id),
        )

    def _write(
        self,
        entry: PlanEntry,
        build: Build,
        files: packer_vars.Files,
        options: dict[str, t.Any],
        secrets: dict[str, t.Any],
        aws: Aws,
    ) -> None:
        """Write the variables of Packer and of the playbook, readable for this user only."""
        if entry.source_ami is None:
            raise PlanError(
                f"It starts from image {entry.parent_image}, which has not been built. Pass its build as parent"
            )
        builder = {**options["builder"], "source_cidrs": source_cidrs(options["builder"], aws)}
        provision = pathlib.Path(options["provision"] or ROOT / "playbooks" / "provision.yml").resolve()
        values = packer_vars.packer_variables(
            build,
            entry,
            builder,
            files,
            playbook=str(provision),
            ansible_playbook=_ansible_playbook(),
            endpoint_url=aws.endpoint or "",
            **packer_vars.proxy_variables(options["proxy"], options["proxy_bypass"]),
        )
        write_private(files.packer_vars, json.dumps(plain(values)))
        provision_vars = {**plain(options["provision_vars"]), "golden_proxy": options["proxy"]}
        extra = packer_vars.extra_variables(build, entry, secrets, provision_vars)
        write_private(files.extra_vars, json.dumps(extra))

    def _job(
        self,
        build: Build,
        aws: Aws,
        files: packer_vars.Files,
        options: dict[str, t.Any],
        packer: str,
        secrets: dict[str, t.Any],
    ) -> Job:
        template = pathlib.Path(options["template"] or ROOT / "packer").resolve()
        settings = {**options["aws"], "region": aws.region}
        project = {
            "ANSIBLE_CONFIG": constants.CONFIG_FILE or os.devnull,
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(constants.COLLECTIONS_PATHS),
            "ANSIBLE_ROLES_PATH": os.pathsep.join(constants.DEFAULT_ROLES_PATH),
            "ANSIBLE_INVENTORY_ENABLED": "ini",  # what Packer writes
        }
        return Job(
            build=build,
            region=aws.region,
            aws=settings,
            catalogue=self._catalogue(options),
            holder=f"{build.author}@{build.controller}, build {build.id}",
            argv=[packer, "build", "-machine-readable", f"-var-file={files.packer_vars}", str(template)],
            env=packer_vars.environment(os.environ, settings, files, project),
            cwd=str(files.directory),
            directory=str(files.directory),
            log=str(files.log),
            outcome=str(files.outcome),
            manifest=str(files.manifest),
            run_file=str(files.run_file),
            secrets=[*packer_vars.texts(secrets), *packer_vars.passwords_in(options["proxy"])],
            lease_seconds=options["lease_seconds"],
            patience=options["cleanup_seconds"],
        )

    def _catalogue(self, options: dict[str, t.Any]) -> str:
        """Return a URL that opens the catalogue from any directory."""
        settings = AwsSettings(**options["aws"])
        return open_catalogue(options["catalogue"], self._loader.get_basedir(), aws=settings).url

    def _shower(self, image: str) -> c.Callable[[str, bool], None]:
        def show(text: str, error: bool) -> None:
            display.display(f"{image}: {text}", color=constants.COLOR_ERROR if error else None)

        return show

    def _report(self, outcome: Outcome, options: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return the task's result; the recorder writes its build to the catalogue once more."""
        build = outcome.build
        for problem in outcome.problems:
            display.warning(f"{build.image}: {problem}")
        report = {
            "changed": True,
            "build": build.to_dict(),
            "ami_id": next(iter(build.amis.values()), None),
            "seconds": build.seconds,
            "packer_seconds": outcome.packer_seconds,
            "catalogue": self._catalogue(options),
            "problems": outcome.problems,
        }
        if build.status != BUILT:
            return {**report, **_failure(build.image, f"Image {build.image} was not built. {build.error}", build.log)}
        return report


def _failure(image: str, message: str, log: str | None = None) -> dict[str, t.Any]:
    """Say that a build failed, and return it as a result. Not an exception: a play may go on with other images."""
    display.display(f"{image}: FAILED. {message}", color=constants.COLOR_ERROR)
    if log:
        display.display(f"{image}: The log is {log}", color=constants.COLOR_ERROR)
    return {"failed": True, "msg": message}


def _ansible_playbook() -> str:
    """Return the ansible-playbook of this Ansible."""
    beside = pathlib.Path(sys.executable).with_name("ansible-playbook")
    found = str(beside) if beside.is_file() else shutil.which("ansible-playbook")
    if found is None:
        raise PlanError("There is no ansible-playbook beside this Python, nor on PATH")
    return found
