#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: leftovers
short_description: Remove what crashed builds, proofs and Molecule runs have left in EC2
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Finds instances, volumes, key pairs, security groups, AMIs and snapshots by the tags C(golden:build),
    C(golden:proof) and C(golden:molecule), and by names that only a build gives.
  - What a build needs while it runs is removed when the catalogue says that it does not run any more. A build that is
    recorded as going on, and whose lease is gone, was interrupted; the catalogue says so afterwards.
  - What belongs to a proof or a Molecule run is removed when the time in its tag C(golden:ttl) is over.
  - AMIs and snapshots are removed only when their build failed, O(hours) ago, and nothing refers to them, or when their
    build was deregistered. Those of any other build are left alone, and those of a build that the catalogue does not
    know as well.
  - Everything is looked at a second time right before it is removed.
options:
  catalogue:
    description: The catalogue, such as V(sqlite:catalogue.sqlite).
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
        description: The region.
        type: str
  regions:
    description:
      - Regions to look at, or V(all). Without it the configured one. Regions in which builds have AMIs are looked at in
        any case.
    type: list
    elements: str
    default: []
  hours:
    description:
      - A build that the catalogue does not know counts as over when it began so many hours ago, and the AMI of a failed
        build when it is so old.
    type: float
    default: 24
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
notes:
  - This is an action plugin. It runs on the controller.
seealso:
  - module: golden.windows_ami.image_retirement
  - module: golden.windows_ami.packer_build
"""

EXAMPLES = r"""
- name: Show what is left over
  golden.windows_ami.leftovers:
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
    regions: [all]
  check_mode: true
"""

RETURN = r"""
things:
  description: Everything that was found and is of no build that lives.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: instance, image, snapshot, volume, key pair or security group.
      type: str
    id:
      description: Its id, or the name of a key pair.
      type: str
    region:
      description: Its region.
      type: str
    build:
      description: Id of its build, if it is a build's.
      type: str
    remove:
      description: Whether it is left over.
      type: bool
    removed:
      description: Whether it was removed.
      type: bool
    why:
      description: Why, or why not.
      type: str
interrupted:
  description: Ids of builds that were recorded as going on, and are failed now.
  returned: always
  type: list
  elements: str
"""
