# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin golden.windows_ami.fleet."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet
author: The golden.windows_ami maintainers (!UNKNOWN)
version_added: 0.1.0
short_description: Windows instances, by the golden image they run from
description:
  - Lists the Windows instances of EC2, in any number of regions and accounts at once, and says which golden image each
    one runs from, and whether it is still safe.
  - The configuration file's name must end in C(fleet.yml) or C(fleet.yaml).
  - Every instance is in the group C(fleet), in C(image_<image>) when it runs from one of the images, and in a group
    named after its AMI, such as C(ami_0abc).
  - C(channel_<channel>) holds what runs the build that a channel of its image points at.
  - C(stale) holds what has a newer build in its channel, or, for an image without channels, a newer build of the image
    in the region.
  - C(orphaned) holds instances whose AMI is gone, withdrawn or disabled. An Auto Scaling group can start no other.
  - C(deprecated) and C(revoked) hold instances of builds with that status, and of AMIs that EC2 calls deprecated.
  - C(unmanaged) holds instances that run from no golden image.
  - C(age_0_30) and so on hold instances by the age of their AMI, see O(age_days).
  - C(asg_<name>) holds the instances of an Auto Scaling group, C(account_<name>) those of an account of O(accounts).
  - C(builders) holds the machines of builds that are going on. They are in no other group.
  - The groups of images, channels and ages exist even while nothing runs in them.
  - Which image an AMI is comes from the catalogue, or from the AMI's tags when the catalogue does not know it.
  - What could not be asked is a warning, and is in the variable C(golden_fleet_problems) of C(all), which is otherwise
    an empty list.
  - Instances have the connection variables for WinRM or PSRP over HTTPS with NTLM, as variables of the group C(fleet),
    so that C(group_vars) may say otherwise.
  - The variables C(golden_image), C(golden_build), C(golden_status), C(golden_channels), C(golden_region),
    C(golden_ami), C(golden_ami_name), C(golden_ami_age_days), C(golden_newest_ami), C(golden_newest_build),
    C(golden_stale) and C(golden_orphaned) describe the AMI of an instance, and C(golden_instance) (a dictionary with
    C(id), C(name), C(state), C(type), C(autoscaling_group), C(tags) and more) the instance.
options:
  plugin:
    description: Says that a file is meant for this plugin.
    type: str
    required: true
    choices: [golden.windows_ami.fleet]
  catalogue:
    description:
      - The catalogue, such as V(sqlite:catalogue.sqlite). A relative path starts at this file's directory.
      - When it is not set, it is C(golden_catalogue) of the inventory's C(group_vars/all).
      - It is only read. One that is not there yet seems empty.
      - May be a template.
    type: str
  states:
    description: List instances in these states.
    type: list
    elements: str
    choices: [pending, running, shutting-down, stopping, stopped]
    default: [pending, running]
  list_amis:
    description:
      - List the AMIs of the images as hosts too, so that a play can act on images.
      - They are in the groups C(amis) and C(amis_<image>), apart from the instances, and have a local connection.
      - Their variables are C(golden_image), C(golden_build), C(golden_status), C(golden_channels), C(golden_region),
        C(golden_ami), C(golden_ami_name), C(golden_ami_state), C(golden_ami_created), C(golden_ami_age_days),
        C(golden_is_newest), C(golden_source_ami), C(golden_source_ami_name), C(golden_parent_build), C(golden_commit)
        and C(golden_tags).
    type: bool
    default: false
  age_days:
    description:
      - Where the groups of ages end, in days. V([30, 90]) makes C(age_0_30), C(age_30_90), C(age_90_or_more), and
        C(age_unknown) for an AMI that is gone and that the catalogue does not know.
    type: list
    elements: int
    default: [30, 90, 180]
  hostname:
    description:
      - The names of the hosts. With V(name) it is the instance's C(Name) tag, and the instance id for those
        that share a name or have none.
    type: str
    choices: [instance_id, name]
    default: instance_id
  when_unavailable:
    description:
      - What to do when the catalogue cannot be read, or when EC2 cannot be asked in some region or account.
      - With V(warn) there is one warning that says what and why, what could be asked is listed, and plays that need no
        instance still work.
      - With V(fail) it is an error. That is right where an inventory is copied, as AWX does, and a host that is missing
        is removed.
    type: str
    choices: [fail, warn]
    default: warn
    env:
      - name: GOLDEN_FLEET_WHEN_UNAVAILABLE
extends_documentation_fragment:
  - golden.windows_ami.fleet_places
  - golden.windows_ami.fleet_connection
  - constructed
  - inventory_cache
seealso:
  - plugin: golden.windows_ami.ami
    plugin_type: lookup
  - plugin: amazon.aws.aws_ec2
    plugin_type: inventory
"""

EXAMPLES = r"""
# inventories/aws/fleet.yml, beside group_vars/all with golden_aws and golden_catalogue
plugin: golden.windows_ami.fleet

---
# Every region of two accounts, AMIs too, and groups by team and instance type
plugin: golden.windows_ami.fleet
regions: [all]
accounts:
  - name: development
  - name: production
    role_arn: arn:aws:iam::111122223333:role/golden-fleet
    external_id: golden
catalogue: sqlite:../../catalogue.sqlite
list_amis: true
keyed_groups:
  - prefix: team
    key: golden_instance.tags.team | default('nobody')
  - prefix: type
    key: golden_instance.type
compose:
  wanted_ami: golden_newest_ami

---
# PSRP, with the password that EC2 made, and what EC2 said remembered for ten minutes
plugin: golden.windows_ami.fleet
connection: psrp
key_file: ~/.ssh/fleet.pem
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: .cache/fleet
cache_timeout: 600
"""

import collections
import dataclasses
import datetime as dt
import os
import pathlib
import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.template import Templar, trust_as_template
from ansible.vars.plugins import get_vars_from_path
from ansible_collections.golden.windows_ami.plugins.plugin_utils import fleet
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import (
    Catalogue,
    CatalogueError,
    open_catalogue,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import AwsSettings
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fleet_login import Login, connection_variables
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fleet_places import Account, Answer, Question, ask
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fleet_registry import Registry

# Values of ours, unlike those from AWS, may be templates.
LOCAL = {
    "ansible_connection": trust_as_template("ansible.builtin.local"),
    "ansible_python_interpreter": trust_as_template("{{ ansible_playbook_python }}"),
}


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Asks EC2 and the catalogue; what it means is decided in plugin_utils.fleet."""

    NAME = "golden.windows_ami.fleet"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith(("fleet.yml", "fleet.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self._directory = pathlib.Path(path).parent
        self._settings = self._inventory_variables(path)
        self._problems: list[str] = []
        self._groups: dict[str, str] = {}
        self._described: dict[str, dict[str, t.Any]] = {}
        self._constructed = any(self.get_option(name) for name in ("compose", "groups", "keyed_groups"))
        catalogue = self._open_catalogue()
        registry = self._registry(catalogue)
        answers = self._answers(path, cache, registry)
        self._learn(registry, catalogue, answers)
        found = fleet.Fleet(answers, registry, dt.datetime.now(dt.UTC), self.get_option("age_days"))
        self._report(found.complaints, bool(answers))
        for group in fleet.group_names(registry, self.get_option("age_days"), self.get_option("list_amis")):
            self._group(group)
        self._add_instances(list(found.instances()))
        if self.get_option("list_amis"):
            self._add_amis(found.amis())

    def _inventory_variables(self, path: str) -> Templar:
        """Return a templar with group_vars/all beside the file: what the plays use is said only once."""
        group = self.inventory.groups["all"]
        directory = str(self._directory)
        variables = get_vars_from_path(self.loader, directory, [group], "all")
        magic = {"inventory_dir": directory, "inventory_file": path}
        return Templar(loader=self.loader, variables={**variables, **magic, **self._vars})

    def _open_catalogue(self) -> Catalogue | None:
        try:
            url = self._option("catalogue") or self._variable("golden_catalogue")
            if url:
                aws = self._aws() if url.startswith("dynamodb:") else None
                return open_catalogue(url, self._directory, readonly=True, aws=aws)
            self._problems.append("No catalogue is named: set golden_catalogue in group_vars/all, or catalogue here.")
        except (AnsibleError, CatalogueError) as exc:
            self._problems.append(f"{exc}")
        return None

    def _registry(self, catalogue: Catalogue | None) -> Registry:
        try:
            return Registry.read(catalogue) if catalogue else Registry()
        except CatalogueError as exc:
            self._problems.append(f"{exc}")
            return Registry()

    def _learn(self, registry: Registry, catalogue: Catalogue | None, answers: list[Answer]) -> None:
        try:
            if catalogue and registry.images:
                used = {(answer.region, one["ImageId"]) for answer in answers for one in answer.instances}
                registry.learn(catalogue, used)
        except CatalogueError as exc:
            self._problems.append(f"{exc}")

    def _answers(self, path: str, cache: bool, registry: Registry) -> list[Answer]:
        """Answer from the cache when the user allows it, else ask EC2 and store the answer."""
        try:
            settings, accounts, regions = self._places()
        except AnsibleError as exc:
            self._problems.append(f"{exc}")
            return []
        question = self._question(registry)
        asked = repr((settings, accounts, regions, dict(question.filters), question.list_amis))
        use_cache = self.get_option("cache")
        key = self.get_cache_key(path)
        if use_cache and cache:
            try:
                kept = self._cache[key]
                if kept["asked"] == asked:
                    return [Answer(**answer) for answer in kept["answers"]]
            except (KeyError, TypeError):
                pass  # nothing stored, or too old
        found = ask(settings, accounts, regions, question)
        self._problems += found.problems
        # What is incomplete is asked for again: a cache would make it look complete.
        if use_cache and not found.problems:
            self._cache[key] = {"asked": asked, "answers": [dataclasses.asdict(answer) for answer in found.answers]}
        return found.answers

    def _places(self) -> tuple[AwsSettings, list[Account], list[str]]:
        try:
            accounts = [Account.of(account) for account in self._settings.template(self.get_option("accounts"))]
        except ValueError as exc:
            raise AnsibleParserError(f"{exc}") from None
        for account in accounts:
            values = {"account": account.name, "role_arn": account.role_arn, "external_id": account.external_id}
            known = {f"golden_{name}": value for name, value in values.items() if value}
            self._describe(fleet.account_group(account.label), known)
        return self._aws(), accounts or [Account()], list(self._settings.template(self.get_option("regions")))

    def _aws(self) -> AwsSettings:
        given = self._variable("golden_aws") or {}
        config_file = self._option("aws_config_file") or given.get("config_file")
        if config_file:
            config_file = str(self._directory / pathlib.Path(config_file).expanduser())
        return AwsSettings(config_file, self._option("aws_profile") or given.get("profile"), given.get("region"))

    def _question(self, registry: Registry) -> Question:
        more = {
            name: value if isinstance(value, list) else [value] for name, value in self.get_option("filters").items()
        }
        filters = {"instance-state-name": self.get_option("states"), **more}
        return Question(filters, self.get_option("list_amis"), registry.amis, self.get_option("page_size"))

    def _report(self, complaints: list[str], something: bool) -> None:
        """Say in one message what could not be asked, and each thing that is odd about an AMI."""
        if self._problems:
            start = "The fleet is incomplete." if something else "The fleet is empty."
            text = " ".join([start, *self._problems])
            if self.get_option("when_unavailable") == "fail":
                raise AnsibleParserError(f"Cannot list the fleet. {text}")
            self.display.warning(text)
        self.inventory.set_variable("all", "golden_fleet_problems", self._problems)
        for complaint in complaints:
            self.display.warning(f"{complaint}. Correct the tags.")

    def _add_instances(self, members: list[fleet.Member]) -> None:
        connection = self._connection()
        for group in (fleet.FLEET, fleet.BUILDERS):
            self._describe(group, connection)
        names = collections.Counter(member.variables["golden_instance"]["name"] for member in members)
        by_name, address = self.get_option("hostname") == "name", self.get_option("address")
        for member in members:
            instance = member.variables["golden_instance"]
            # A tag must not take over a host that is not the instance.
            if by_name and names[instance["name"]] == 1 and instance["name"] not in {None, "", "localhost"}:
                member = member._replace(name=instance["name"])
            place = {"ansible_host": instance[address]} if instance[address] else {}
            self._add(member, place, connection)

    def _add_amis(self, members: t.Iterable[fleet.Member]) -> None:
        for member in members:
            self._add(member, LOCAL, {})

    def _connection(self) -> dict[str, t.Any]:
        """Return the variables of all servers. Whoever logs in to them gets the password only then."""
        key_file = self._option("key_file")
        login = Login(
            self.get_option("connection"),
            self.get_option("winrm_server_cert_validation"),
            self._option("user"),
            os.path.abspath(self._directory / pathlib.Path(key_file).expanduser()) if key_file else None,
            self.get_option("ssm_parameter"),
        )
        # Nothing of it came from AWS.
        return {
            name: trust_as_template(value) if isinstance(value, str) else value
            for name, value in connection_variables(login).items()
        }

    def _add(self, member: fleet.Member, own: t.Mapping[str, t.Any], more: t.Mapping[str, t.Any]) -> None:
        """Add a host with its ``own`` variables; it has ``more`` by its groups."""
        host = self.inventory.add_host(member.name)
        for group in member.groups:
            self.inventory.add_child(self._group(group), host)
        variables = {**own, **member.variables}
        if member.shared_by:
            self._describe(member.shared_by, member.shared)
            if self._described[member.shared_by] != member.shared:  # another account sees the AMI differently
                variables.update(member.shared)
        for name, value in variables.items():
            self.inventory.set_variable(host, name, value)
        if self._constructed:
            self._construct(host, {**more, **member.shared, **variables})

    def _construct(self, host: str, variables: dict[str, t.Any]) -> None:
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)

    def _describe(self, group: str, variables: dict[str, t.Any]) -> None:
        """Give a group its variables, once: what is the same for thousands of hosts is kept once."""
        if group not in self._described:
            self._described[group] = variables
            for name, value in variables.items():
                self.inventory.set_variable(self._group(group), name, value)

    def _group(self, name: str) -> str:
        """Return the safe name of a group, which exists then."""
        if name not in self._groups:
            safe = self.inventory.add_group(self._sanitize_group_name(name))
            if safe in self._groups.values():
                other = next(known for known, its in self._groups.items() if its == safe)
                self.display.warning(f"{name} and {other} are one group for Ansible, {safe}. Rename one of them.")
            self._groups[name] = safe
        return self._groups[name]

    def _option(self, name: str) -> str | None:
        value = self.get_option(name)
        return self._settings.template(value) if value else None

    def _variable(self, name: str) -> t.Any:
        return self._settings.template(self._settings.available_variables.get(name))
