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
options:
  _terms:
    description: Names of images.
    type: list
    elements: str
    required: true
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
    description: Only builds with one of these statuses count.
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
        try:
            catalogue = open_catalogue(url, readonly=True)
            return [self._find(catalogue, image, region, "default" in kwargs) for image in self._flatten(terms)]
        except CatalogueError as exc:
            raise AnsibleLookupError(str(exc)) from None  # ansible would say the cause a second time

    def _region(self, given: t.Mapping[str, t.Any]) -> str:
        if region := self.get_option("region"):
            return str(region)
        aws = self._templar.template(given.get("golden_aws")) or {}
        if not aws.get("region"):
            raise AnsibleLookupError("No region is known: set golden_aws.region, or pass region='eu-west-1'.")
        return str(aws["region"])

    def _find(self, catalogue: Catalogue, image: str, region: str, has_default: bool) -> t.Any:
        statuses = self.get_option("statuses")
        build = catalogue.newest(image, region, statuses)
        if build:
            return build.amis[region]
        if has_default:
            return self.get_option("default")
        raise AnsibleLookupError(_explain(catalogue, image, region, statuses))


def _explain(catalogue: Catalogue, image: str, region: str, statuses: list[str]) -> str:
    """Say what there is instead."""
    wanted = " or ".join(statuses)
    start = f"Image {image!r} has no {wanted} AMI in {region}"
    images = catalogue.images()
    if image not in images:
        known = f"The catalogue {catalogue.url} knows: {', '.join(images)}" if images else f"{catalogue.url} is empty"
        return f"{start}: it was never built. {known}."
    found = [f"{build.id} ({build.status}, {_places(build.amis)})" for build in catalogue.builds(image, limit=3)]
    return f"{start}. Its newest builds in {catalogue.url}: {'; '.join(found)}."


def _places(amis: t.Mapping[str, str]) -> str:
    return ", ".join(f"{ami} in {region}" for region, ami in sorted(amis.items())) or "no AMI"
