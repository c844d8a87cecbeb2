# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check in seconds what would fail a build after minutes. Documented in plugins/modules/build_preflight.py."""

from __future__ import annotations

import collections.abc as c
import concurrent.futures
import functools
import pathlib
import tempfile
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils import builder_facts, own_address, preflight, probes
from ..plugin_utils.ec2 import AWS_OPTIONS, Aws, AwsError, AwsSettings
from ..plugin_utils.plan import BUILD, Artefact, PlanEntry, PlanError
from ..plugin_utils.preflight import FAILED, OK, WARNING, Check

display = Display()

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILDER_OPTIONS: dict[str, t.Any] = {
    "type": "dict",
    "required": True,
    "options": {
        "instance_type": {"type": "str", "default": "m5.large"},
        "subnet_id": {"type": "str", "default": ""},
        "security_group_id": {"type": "str", "default": ""},
        "source_cidrs": {"type": "list", "elements": "str", "default": []},
        "interface": {
            "type": "str",
            "default": "private_ip",
            "choices": ["private_ip", "private_dns", "public_ip", "public_dns"],
        },
        "associate_public_ip_address": {"type": "bool", "default": False},
        "iam_instance_profile": {"type": "str", "default": ""},
        "root_volume_gib": {"type": "int", "default": 50},
        "kms_key_id": {"type": "str", "default": ""},
        "winrm_timeout": {"type": "str"},
        "password_timeout": {"type": "str"},
        "poll_seconds": {"type": "int"},
        "poll_attempts": {"type": "int"},
    },
}
ARGUMENTS: dict[str, t.Any] = {
    "plan": {"type": "list", "elements": "dict", "required": True},
    "builder": BUILDER_OPTIONS,
    "aws": AWS_OPTIONS,
    "proxy": {"type": "str", "default": ""},
    "packer": {"type": "str", "default": "packer"},
    "free_mib": {"type": "int", "default": 200},
}
_MARKS = {OK: "ok", WARNING: "WARNING"}


class ActionModule(ActionBase):
    """Asks AWS, the network and this machine at the same time, and reports everything at once."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return all checks; the task fails when one of them did."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        try:
            entries = [PlanEntry.from_dict(entry) for entry in options["plan"]]
        except PlanError as exc:
            raise AnsibleActionFail(str(exc)) from None
        entries = [entry for entry in entries if entry.action == BUILD]
        checks, sources = _Preflight(options, entries).run() if entries else ([], [])
        for check in checks:
            if check.status != FAILED:  # those are in the message
                display.display(f"{_MARKS[check.status]:<8}{check.name}: {check.detail}")
        failure = preflight.failure_text(checks)
        if failure:
            raise AnsibleActionFail(failure)
        return {**result, "changed": False, "checks": [check._asdict() for check in checks], "source_cidrs": sources}


class _Preflight:
    """The checks of one run."""

    def __init__(self, options: dict[str, t.Any], entries: list[PlanEntry]) -> None:
        self._options = options
        self._builder: dict[str, t.Any] = options["builder"]
        self._entries = entries
        self._sources: list[str] = []

    def run(self) -> tuple[list[Check], list[str]]:
        """Return the checks, and the addresses that WinRM is to be open to."""
        artefacts = {item.url: item for entry in self._entries for item in reversed(entry.artefacts)}.values()
        jobs: list[c.Callable[[], list[Check]]] = [self._aws, self._packer, self._disk]
        jobs += [functools.partial(self._artefact, item) for item in artefacts]
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
            found = [check for checks in pool.map(lambda job: job(), jobs) for check in checks]
        return found, self._sources

    def _aws(self) -> list[Check]:
        try:
            aws = Aws(AwsSettings(**self._options["aws"]))
            identity = aws.identity()
        except AwsError as exc:
            return [Check("credentials", FAILED, str(exc))]
        checks = [Check("credentials", OK, f"{identity.arn} in {aws.region}")]
        for job in (self._network, self._size, self._quota, self._key, self._dry_run):
            if job == self._dry_run and preflight.failure_text(checks):
                break  # EC2 would only repeat it
            try:
                checks += job(aws)
            except AwsError as exc:
                # A question that may not be asked is no reason not to build.
                checks.append(
                    Check(job.__name__.strip("_").replace("_", " "), WARNING if exc.denied else FAILED, str(exc))
                )
        return checks

    def _network(self, aws: Aws) -> list[Check]:
        builder = self._builder
        subnet_id, interface = builder["subnet_id"], builder["interface"]
        subnet = builder_facts.subnet(aws, subnet_id) if subnet_id else None
        public = builder["associate_public_ip_address"]
        checks = [preflight.judge_subnet(subnet, subnet_id, aws.region, interface, public)]
        self._sources = list(builder["source_cidrs"])
        if self._sources or subnet:
            checks.append(self._source(subnet, interface))
        if builder["security_group_id"] and checks[-1].status == OK:
            group = builder_facts.security_group(aws, builder["security_group_id"])
            checks.append(preflight.judge_security_group(group, builder["security_group_id"], subnet, self._sources))
        zones = builder_facts.zones_offering(aws, builder["instance_type"])
        zone = subnet.zone if subnet else None
        return [*checks, preflight.judge_instance_type(builder["instance_type"], zone, zones, aws.region)]

    def _source(self, subnet: preflight.Subnet | None, interface: str) -> Check:
        if not self._sources and subnet and not interface.startswith("public"):
            try:
                self._sources = [own_address.source_cidr(subnet.cidr)]
            except own_address.AddressError as exc:
                return Check("source address", FAILED, str(exc))
        return preflight.judge_sources(self._sources, interface)

    def _size(self, aws: Aws) -> list[Check]:
        sources = {entry.source_ami for entry in self._entries if entry.source_ami}
        amis = [ami for ami in map(aws.image, sorted(sources)) if ami]
        needed = {f"{ami.name} ({ami.id})": ami.root_gib for ami in amis}
        return [preflight.judge_root_volume(self._builder["root_volume_gib"], needed)]

    def _quota(self, aws: Aws) -> list[Check]:
        instance_type = self._builder["instance_type"]
        if not builder_facts.is_standard(instance_type):
            return []
        try:
            limit = builder_facts.vcpu_limit(aws)
            used = builder_facts.vcpus_in_use(aws)
            needed = builder_facts.vcpus(aws, instance_type)
        except AwsError as exc:
            if exc.code == "InvalidInstanceType":
                return []  # said already
            return [Check("vCPU quota", WARNING, f"Not known: {exc}")]
        return [preflight.judge_quota(limit, used, needed, aws.region)]

    def _key(self, aws: Aws) -> list[Check]:
        key_id = self._builder["kms_key_id"]
        if not key_id:
            return []
        state = builder_facts.key_state(aws, key_id)
        if state == "Enabled":
            return [Check("KMS key", OK, key_id)]
        found = f"is {state}" if state else f"does not exist in {aws.region}"
        return [Check("KMS key", FAILED, f"{key_id} {found}. Set golden_builder.kms_key_id, or leave it empty.")]

    def _dry_run(self, aws: Aws) -> list[Check]:
        """Ask EC2 itself, with what Packer will ask for."""
        ami = next((entry.source_ami for entry in self._entries if entry.source_ami), None)
        if ami is None or not self._builder["subnet_id"]:
            return []
        request = builder_facts.run_request(ami, self._builder)
        try:
            builder_facts.try_run(aws, request)
        except AwsError as exc:
            return [Check("start of the builder", FAILED, str(exc))]
        return [Check("start of the builder", OK, f"EC2 would start {self._builder['instance_type']} from {ami}")]

    def _artefact(self, item: Artefact) -> list[Check]:
        proxy = self._options["proxy"]
        return [preflight.judge_artefact(item.variable, item.url, probes.ask(item.url, proxy), item.required, proxy)]

    def _packer(self) -> list[Check]:
        path = self._options["packer"]
        version = probes.run_packer(path, "version")
        plugins = (
            probes.run_packer(path, "plugins", "installed") if version and preflight.needs_plugins(version) else None
        )
        return [preflight.judge_packer(version, plugins, path)]

    def _disk(self) -> list[Check]:
        places = dict.fromkeys((str(ROOT), tempfile.gettempdir()))
        needed = self._options["free_mib"]
        return [preflight.judge_disk(place, probes.free_mib(pathlib.Path(place)), needed) for place in places]
