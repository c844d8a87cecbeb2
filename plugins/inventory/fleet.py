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
  - Lists the Windows instances of EC2 and says which golden image each one runs from, and whether it is still safe.
  - The configuration file's name must end in C(fleet.yml) or C(fleet.yaml).
  - Every instance is in the group C(fleet), in C(image_<image>) when it runs from one of the images, and in a group
    named after its AMI, such as C(ami_0abc).
  - C(stale) holds instances of an image that has a newer build in the region.
  - C(orphaned) holds instances whose AMI is gone, withdrawn or disabled. An Auto Scaling group can start no other.
  - C(unmanaged) holds instances that run from no golden image.
  - C(builders) holds the machines of builds that are going on. They are in no other group.
  - The group of an image exists as soon as the image was built once, even while nothing runs from it.
  - Which image an AMI is comes from the catalogue, or from the AMI's tags when the catalogue does not know it.
  - Instances have the connection variables for WinRM over HTTPS with NTLM. Set C(ansible_user) and C(ansible_password)
    in C(group_vars/fleet.yml).
  - The variables C(golden_image), C(golden_build), C(golden_status), C(golden_region), C(golden_ami),
    C(golden_ami_name), C(golden_newest_ami), C(golden_newest_build), C(golden_stale), C(golden_orphaned) and
    C(golden_instance) (a dictionary with C(id), C(name), C(state), C(type), C(tags) and more) describe an instance.
options:
  plugin:
    description: Says that a file is meant for this plugin.
    type: str
    required: true
    choices: [golden.windows_ami.fleet]
  aws_config_file:
    description:
      - An AWS configuration file, which then counts alone. A relative path starts at this file's directory.
      - When it is not set, it is C(golden_aws.config_file) of the inventory's C(group_vars/all), and without that,
        whatever boto finds.
      - May be a template.
    type: str
  aws_profile:
    description:
      - The profile in the AWS configuration.
      - When it is not set, it is C(golden_aws.profile) of the inventory's C(group_vars/all).
      - May be a template.
    type: str
  regions:
    description:
      - The regions to list.
      - When it is empty, it is C(golden_aws.region) of the inventory's C(group_vars/all), and without that, the
        region of the AWS configuration.
    type: list
    elements: str
    default: []
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
      - Their variables are C(golden_image), C(golden_build), C(golden_status), C(golden_region), C(golden_ami),
        C(golden_ami_name), C(golden_ami_state), C(golden_ami_created), C(golden_is_newest), C(golden_source_ami),
        C(golden_source_ami_name), C(golden_parent_build), C(golden_commit) and C(golden_tags).
    type: bool
    default: false
  hostname:
    description:
      - The names of the hosts. With V(name) it is the instance's C(Name) tag, and the instance id for those
        that share a name or have none.
    type: str
    choices: [instance_id, name]
    default: instance_id
  address:
    description: Where to connect to.
    type: str
    choices: [private_ip, public_ip, private_dns, public_dns]
    default: private_ip
  winrm_server_cert_validation:
    description:
      - Whether to check the certificates of the instances. When it is not set, Ansible's own default applies, or what
        you set in C(group_vars).
    type: str
    choices: [validate, ignore]
  when_unavailable:
    description:
      - What to do when EC2 cannot be asked. With V(warn) the fleet is empty, with a warning that says why, and plays
        that need no instance still work.
    type: str
    choices: [fail, warn]
    default: fail
extends_documentation_fragment:
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
# Two regions, AMIs too, and groups by team and instance type
plugin: golden.windows_ami.fleet
regions: [eu-west-1, us-east-1]
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
# Remember what EC2 said for ten minutes
plugin: golden.windows_ami.fleet
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: .cache/fleet
cache_timeout: 600
"""

import collections
import pathlib
import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.template import Templar, trust_as_template
from ansible.vars.plugins import get_vars_from_path
from ansible_collections.golden.windows_ami.plugins.plugin_utils import fleet
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import CatalogueError, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws, AwsError, AwsSettings
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fleet_ec2 import describe_amis, describe_instances

# Values of ours, unlike those from AWS, may be templates.
LOCAL = {
    "ansible_connection": trust_as_template("ansible.builtin.local"),
    "ansible_python_interpreter": trust_as_template("{{ ansible_playbook_python }}"),
}
WINRM = {
    "ansible_connection": trust_as_template("ansible.builtin.winrm"),
    "ansible_port": 5986,
    "ansible_winrm_scheme": trust_as_template("https"),
    "ansible_winrm_transport": trust_as_template("ntlm"),
}

# What EC2 said: by region, then "instances" and "amis".
Said = dict[str, dict[str, list[dict[str, t.Any]]]]


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
        registry = self._registry()
        for group in fleet.group_names(registry.images, self.get_option("list_amis")):
            self.inventory.add_group(self._sanitize_group_name(group))
        said = self._said(path, cache, registry)
        self._add_instances(said, registry)
        if self.get_option("list_amis"):
            for region, answers in said.items():
                for member in fleet.ami_members(region, answers["amis"], registry):
                    self._add(member, LOCAL)

    def _inventory_variables(self, path: str) -> Templar:
        """Return a templar with group_vars/all beside the file: what the plays use is said only once."""
        group = self.inventory.groups["all"]
        directory = str(self._directory)
        variables = get_vars_from_path(self.loader, directory, [group], "all")
        magic = {"inventory_dir": directory, "inventory_file": path}
        return Templar(loader=self.loader, variables={**variables, **magic, **self._vars})

    def _registry(self) -> fleet.Registry:
        try:
            url = self._option("catalogue") or self._variable("golden_catalogue")
            if not url:
                raise AnsibleParserError(
                    "No catalogue is named: set golden_catalogue in group_vars/all, or catalogue here."
                )
            return fleet.Registry(open_catalogue(url, self._directory, readonly=True).builds())
        except CatalogueError as exc:
            raise AnsibleParserError(str(exc)) from None  # ansible would say the cause a second time

    def _said(self, path: str, cache: bool, registry: fleet.Registry) -> Said:
        """Answer from the cache when the user allows it, else ask EC2 and store the answer."""
        use_cache = self.get_option("cache")
        key = self.get_cache_key(path)
        if use_cache and cache:
            try:
                return t.cast(Said, self._cache[key])
            except KeyError:
                pass  # nothing stored, or too old
        try:
            said = {aws.region: self._ask(aws, registry) for aws in self._regions()}
        except (AwsError, AnsibleError) as exc:
            if self.get_option("when_unavailable") == "fail":
                raise AnsibleParserError(f"Cannot list the fleet. {exc}") from None
            self.display.warning(f"The fleet is empty. {exc}")
            return {}
        if use_cache:
            self._cache[key] = said
        return said

    def _regions(self) -> list[Aws]:
        given = self._variable("golden_aws") or {}
        config_file = self._option("aws_config_file") or given.get("config_file")
        if config_file:
            config_file = str(self._directory / pathlib.Path(config_file).expanduser())
        profile = self._option("aws_profile") or given.get("profile")
        regions = self.get_option("regions") or [given.get("region")]
        return [Aws(AwsSettings(config_file, profile, region)) for region in regions]

    def _ask(self, aws: Aws, registry: fleet.Registry) -> dict[str, list[dict[str, t.Any]]]:
        list_amis = self.get_option("list_amis")
        instances = describe_instances(aws, self.get_option("states"))
        ids = {instance["ImageId"] for instance in instances}
        if list_amis:
            ids.update(registry.amis(aws.region))
        return {"instances": instances, "amis": describe_amis(aws, ids, tagged=list_amis)}

    def _add_instances(self, said: Said, registry: fleet.Registry) -> None:
        members = [
            member
            for region, answers in said.items()
            for member in fleet.instance_members(region, answers["instances"], answers["amis"], registry)
        ]
        validation = self.get_option("winrm_server_cert_validation")
        winrm = {**WINRM, "ansible_winrm_server_cert_validation": validation} if validation else WINRM
        names = collections.Counter(member.variables["golden_instance"]["name"] for member in members)
        for member in members:
            instance = member.variables["golden_instance"]
            name, address = instance["name"], instance[self.get_option("address")]
            # A tag must not take over a host that is not the instance.
            if self.get_option("hostname") == "name" and names[name] == 1 and name not in {None, "", "localhost"}:
                member = member._replace(name=name)
            self._add(member, {**winrm, "ansible_host": address} if address else winrm)

    def _add(self, member: fleet.Member, connection: t.Mapping[str, t.Any]) -> None:
        host = self.inventory.add_host(member.name)
        for group in member.groups:
            self.inventory.add_child(self.inventory.add_group(self._sanitize_group_name(group)), host)
        for name, value in {**connection, **member.variables}.items():
            self.inventory.set_variable(host, name, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), member.variables, host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), member.variables, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), member.variables, host, strict=strict)

    def _option(self, name: str) -> str | None:
        value = self.get_option(name)
        return self._settings.template(value) if value else None

    def _variable(self, name: str) -> t.Any:
        return self._settings.template(self._settings.available_variables.get(name))
