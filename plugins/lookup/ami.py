# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup plugin golden.windows_ami.ami."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ami
author: The golden.windows_ami maintainers (!UNKNOWN)
version_added: 0.1.0
short_description: The AMI id of a golden image
description:
  - Returns the id of the newest AMI of an image in a region, as the catalogue knows it. AWS is not asked.
  - With O(channel) it is the AMI of the build that the channel points at, with O(fingerprint) of the newest build that
    was made from these inputs.
options:
  _terms:
    description: Names of images.
    type: list
    elements: str
    required: true
  channel:
    description: A channel of the image, such as V(stable).
    type: str
  fingerprint:
    description: The fingerprint of the inputs of a build, in full. Not together with O(channel).
    type: str
  region:
    description:
      - The region of the AMI. When it is not set, it is C(golden_aws.region).
    type: str
  catalogue:
    description:
      - The catalogue, such as V(sqlite:catalogue.sqlite). When it is not set, it is the variable C(golden_catalogue).
      - A relative path starts at the current directory.
    type: str
  statuses:
    description: Only builds with one of these statuses count, also for a channel.
    type: list
    elements: str
    choices: [building, built, verified, failed, deprecated, disabled, deregistered, revoked]
    default: [verified, built]
  default:
    description: What to return for an image that has no such AMI. Without it that is an error.
    type: raw
seealso:
  - plugin: golden.windows_ami.fleet
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Start an instance from the newest build
  amazon.aws.ec2_instance:
    name: web
    image_id: "{{ lookup('golden.windows_ami.ami', 'iis_dotnet') }}"
    instance_type: m5.large

- name: Say what is stable
  ansible.builtin.debug:
    msg: "{{ lookup('golden.windows_ami.ami', 'iis_dotnet', channel='stable') }}"

- name: Show the AMI in another region, if there is one
  ansible.builtin.debug:
    msg: "{{ lookup('golden.windows_ami.ami', 'iis_dotnet', region='us-east-1', default='none yet') }}"

- name: Use only AMIs that were proved to boot
  ansible.builtin.set_fact:
    web_ami: "{{ lookup('golden.windows_ami.ami', 'iis_dotnet', statuses=['verified']) }}"
"""

RETURN = r"""
_raw:
  description: One AMI id for each image.
  type: list
  elements: str
  sample: [ami-0123456789abcdef0]
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ami_choice import Wanted, explain, find_build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import (
    Catalogue,
    CatalogueError,
    open_catalogue,
)


class LookupModule(LookupBase):
    """Asks the catalogue."""

    def run(self, terms: list[str], variables: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        self.set_options(var_options=variables, direct=kwargs)
        given = variables or {}
        url = self.get_option("catalogue") or self._templar.template(given.get("golden_catalogue"))
        region = self._region(given)
        if not url:
            raise AnsibleLookupError("No catalogue is named: set golden_catalogue, or pass catalogue='sqlite:PATH'.")
        wanted = Wanted(region, self.get_option("statuses"), self.get_option("channel"), self.get_option("fingerprint"))
        if wanted.channel and wanted.fingerprint:
            raise AnsibleLookupError("A channel and a fingerprint name a build each: pass one of them.")
        try:
            catalogue = open_catalogue(
                url, readonly=True, aws=self._aws(given) if url.startswith("dynamodb:") else None
            )
            return [self._find(catalogue, image, wanted, "default" in kwargs) for image in self._flatten(terms)]
        except CatalogueError as exc:
            raise AnsibleLookupError(str(exc)) from None  # ansible would say the cause a second time

    def _region(self, given: t.Mapping[str, t.Any]) -> str:
        if region := self.get_option("region"):
            return str(region)
        aws = self._templar.template(given.get("golden_aws")) or {}
        if not aws.get("region"):
            raise AnsibleLookupError("No region is known: set golden_aws.region, or pass region='eu-west-1'.")
        return str(aws["region"])

    def _aws(self, given: t.Mapping[str, t.Any]) -> t.Any:
        # boto is slow to import, and only a catalogue in AWS needs it.
        from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import AwsSettings

        aws = self._templar.template(given.get("golden_aws")) or {}
        return AwsSettings(aws.get("config_file"), aws.get("profile"), aws.get("region"))

    def _find(self, catalogue: Catalogue, image: str, wanted: Wanted, has_default: bool) -> t.Any:
        build = find_build(catalogue, image, wanted)
        if build:
            return build.amis[wanted.region]
        if has_default:
            return self.get_option("default")
        raise AnsibleLookupError(explain(catalogue, image, wanted))
