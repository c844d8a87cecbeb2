#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: base_watch
short_description: See whether there is a newer stock AMI than images came from
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Compares the stock AMI that the newest usable build of each image came from, itself or through its parents, with
    the one that its base is today, and says which images would be rebuilt.
  - An image is news when its base has a newer AMI, when its parent would be rebuilt or has a newer build than it
    was made from, or when it was never built in this region.
  - Changes nothing. Whether roles or variables have changed is not asked, M(golden.windows_ami.build_plan) tells
    that.
options:
  images:
    description: The images, as in C(golden_images).
    type: raw
    required: true
  bases:
    description: The bases, as in C(golden_bases).
    type: raw
    required: true
  image:
    description: Only these images, what they are based on and what is based on them.
    type: list
    elements: str
  catalogue:
    description: The catalogue, such as V(sqlite:catalogue.sqlite). It is only read.
    type: str
    required: true
  aws:
    description: Where AWS is. What is not set comes from the usual places.
    type: dict
    default: {}
    suboptions:
      config_file:
        description: An AWS config file that counts alone.
        type: path
      profile:
        description: A profile of it.
        type: str
      region:
        description: The region that is built in.
        type: str
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff
      mode.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
notes:
  - This is an action plugin. It runs on the controller.
  - A base that is pinned by C(ami_id) is never news. When its family has a newer AMI, that is a warning.
seealso:
  - module: golden.windows_ami.build_plan
"""

EXAMPLES = r"""
- name: Look for newer stock AMIs
  golden.windows_ami.base_watch:
    images: "{{ golden_images }}"
    bases: "{{ golden_bases }}"
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
  register: base_watch
"""

RETURN = r"""
images:
  description: >-
    By image, with image, base, parent, build, status, news, from_ami and from_name (what the build came from),
    to_ami and to_name (what the base is today), age_days (how long that one has been there) and problem.
  returned: success
  type: list
  elements: dict
  sample:
    - image: iis_dotnet
      base: windows_server_2022
      parent: octopus_tentacle
      build: 20261122T164500Z-1a2b3c
      status: parent is rebuilt
      news: true
      from_ami: ami-0aaa
      from_name: Windows_Server-2022-English-Full-Base-2026.10.14
      to_ami: ami-0bbb
      to_name: Windows_Server-2022-English-Full-Base-2026.11.11
      age_days: 11
      problem: null
rebuild:
  description: The images that would be rebuilt, parents first.
  returned: success
  type: list
  elements: str
unknown:
  description: The images of which nobody can tell.
  returned: success
  type: list
  elements: str
"""
