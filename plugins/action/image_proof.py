# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Prove that an AMI boots and is sealed. The documentation is in plugins/modules/image_proof.py."""

from __future__ import annotations

import dataclasses
import datetime as dt
import pathlib
import secrets
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils import proof, provenance
from ..plugin_utils.build_choice import Choice, choose
from ..plugin_utils.catalogue import Catalogue, CatalogueError, open_catalogue
from ..plugin_utils.ec2 import AWS_OPTIONS, Aws, AwsError, AwsSettings
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.own_address import AddressError, source_cidrs
from ..plugin_utils.proof_ec2 import Bench, Setting
from ..plugin_utils.records import BUILT, VERIFIED, Build
from .packer_build import BUILDER_OPTIONS

display = Display()

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["started", "judged"], "required": True},
    "catalogue": {"type": "str", "required": True},
    "aws": AWS_OPTIONS,
    "builder": {"type": "dict", "required": True, "options": BUILDER_OPTIONS},
    "builds": {"type": "list", "elements": "str"},
    "build": {"type": "str"},
    "ami": {"type": "str"},
    "image": {"type": "str"},
    "channel": {"type": "str"},
    "again": {"type": "bool", "default": False},
    "count": {"type": "int", "default": 2},
    "timeout": {"type": "int", "default": 1800},
    "run": {"type": "str"},
    "instances": {"type": "list", "elements": "dict", "default": []},
    "seen": {"type": "dict", "default": {}},
    "keeps_proxy": {"type": "list", "elements": "str", "default": []},
}
_ERRORS = (AddressError, AwsError, CatalogueError)
Options = dict[str, t.Any]


class ActionModule(ActionBase):
    """Starts instances of an AMI, and judges it when a play has looked at them."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Do one of the two halves."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        try:
            answer = self._start(options) if options["state"] == "started" else self._judge(options)
        except _ERRORS as exc:
            raise AnsibleActionFail(f"The AMI cannot be proved. {exc}") from None
        return {**result, **answer}

    def _start(self, options: Options) -> dict[str, t.Any]:
        catalogue, aws = self._open(options), Aws(AwsSettings(**options["aws"]))
        builds = proof.wanted(_builds(catalogue, options), aws.region, options["again"])
        run = secrets.token_hex(4)
        answer = {"changed": bool(builds), "run": run, "builds": [build.id for build in builds], "instances": []}
        if self._task.check_mode or not builds:
            what = ", ".join(f"{build.image} {build.id}" for build in builds)
            verb = "would be started" if builds else "are needed: every build is verified"
            display.display(f"{options['count']} instances of {what} {verb}" if builds else f"No instances {verb}")
            return answer
        user_data = _user_data(options, aws)
        started = self._bench(options, aws, run).start(builds, options["count"], user_data)
        # The passwords are for the next play, and for nobody's eyes.
        return {**answer, "instances": [one.to_dict() for one in started], "_ansible_no_log": True}

    def _judge(self, options: Options) -> dict[str, t.Any]:
        catalogue, aws = self._open(options), Aws(AwsSettings(**options["aws"]))
        instances = [proof.Instance(**plain(one)) for one in options["instances"]]
        seen = {name: _seen(values) for name, values in plain(options["seen"]).items()}
        left = self._bench(options, aws, options["run"]).stop() if options["run"] and instances else []
        builds = [choose(catalogue, Choice(build=name)) for name in dict.fromkeys(one.build for one in instances)]
        verdicts = [
            proof.judge(
                build, [one for one in instances if one.build == build.id], seen, build.id in options["keeps_proxy"]
            )
            for build in builds
        ]
        for verdict in verdicts:
            _record(catalogue, verdict)
        for line in ["", *proof.lines(verdicts, aws.region)] if verdicts else []:
            display.display(line)
        for problem in left:
            display.warning(f"Left in EC2, remove it or let sweep.yml do it: {problem}")
        faults = [
            f"{verdict.build.image} {verdict.build.id}: {fault}" for verdict in verdicts for fault in verdict.problems
        ]
        return {
            "changed": bool(verdicts),
            "failed": bool(faults),
            "verdicts": {verdict.build.id: verdict.to_dict() for verdict in verdicts},
            **({"msg": "\n".join(faults)} if faults else {}),
        }

    def _bench(self, options: Options, aws: Aws, run: str) -> Bench:
        builder = options["builder"]
        setting = Setting(
            instance_type=builder["instance_type"],
            subnet_id=builder["subnet_id"],
            security_group_id=builder["security_group_id"],
            source_cidrs=tuple(source_cidrs(builder, aws)),
            interface=builder["interface"],
            public_address=builder["associate_public_ip_address"],
            poll=builder["poll_seconds"],
            timeout=options["timeout"],
        )
        return Bench(aws, setting, run, display.display)

    def _open(self, options: Options) -> Catalogue:
        return open_catalogue(options["catalogue"], self._loader.get_basedir(), aws=AwsSettings(**options["aws"]))


def _builds(catalogue: Catalogue, options: Options) -> list[Build]:
    if options["builds"] is not None:
        return [choose(catalogue, Choice(build=name)) for name in options["builds"]]
    return [choose(catalogue, Choice(**{name: options[name] for name in Choice._fields}))]


def _user_data(options: Options, aws: Aws) -> t.Callable[[str], str]:
    """Return what makes the user data of an instance from its nonce: look first, then open WinRM as a build does."""
    look = (ROOT / "playbooks" / "files" / "proof.ps1").read_text(encoding="utf-8")
    opening = (ROOT / "packer" / "bootstrap" / "winrm.ps1").read_text(encoding="utf-8")
    # What the image needs it has: no proxy is set that could hide a missing one.
    addresses = ",".join(source_cidrs(options["builder"], aws))
    for name, value in (("@PROXY_URL@", ""), ("@PROXY_BYPASS@", ""), ("@BUILDER_ADDRESSES@", addresses)):
        opening = opening.replace(name, value)
    return lambda nonce: f"<powershell>\n{look.replace('@NONCE@', nonce)}\n{opening}\n</powershell>\n"


def _seen(values: dict[str, t.Any]) -> proof.Seen:
    return proof.Seen(**{**values, "pending": tuple(values.get("pending", ())), "seal": tuple(values.get("seal", ()))})


def _record(catalogue: Catalogue, verdict: proof.Verdict) -> None:
    """Keep the verdict with the build; only a proven one is verified from now on."""
    build = dataclasses.replace(verdict.build, contents={**verdict.build.contents, "proof": verdict.to_dict()})
    catalogue.finish(build)
    now, author = dt.datetime.now(dt.UTC), provenance.author()
    if verdict.proven:
        catalogue.set_status(build.id, VERIFIED, (BUILT, VERIFIED), author, "proved by instances of it", now)
    elif build.status == VERIFIED:
        catalogue.set_status(build.id, BUILT, (VERIFIED,), author, f"not proved again: {verdict.problems[0]}", now)
