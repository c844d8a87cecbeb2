#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: catalogue_transfer
short_description: Export, import or rebuild the catalogue
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Writes all builds, their history and the moves of channels to a file of JSON Lines, reads such a file into a
    catalogue of any kind, or fills a catalogue from the tags of the AMIs in EC2 after it was lost.
  - What the catalogue knows already stays. A file of a newer version is refused.
options:
  state:
    description:
      - V(exported) writes O(path). The file is replaced whole.
      - V(imported) reads O(path). May be repeated, also after a failure.
      - V(rebuilt) asks EC2 for the AMIs with the tag C(golden:image) in O(regions). Tags tell less than a catalogue
        knows. Inputs, versions, contents, channels and failed builds are not in them.
    type: str
    choices: [exported, imported, rebuilt]
    required: true
  catalogue:
    description: The catalogue, such as V(sqlite:catalogue.sqlite). A relative path starts at the playbook's directory.
    type: str
    required: true
  path:
    description: The file. A relative path starts at the current directory.
    type: path
  aws:
    description:
      - Where AWS is, for O(state=rebuilt) and a catalogue in DynamoDB. What is not set comes from the usual places.
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
    description: The regions to ask. When empty, the region of O(aws).
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
notes:
  - This is an action plugin. It runs on the controller.
seealso:
  - module: golden.windows_ami.catalogue_info
"""

EXAMPLES = r"""
- name: Keep a copy of the catalogue
  golden.windows_ami.catalogue_transfer:
    state: exported
    catalogue: "{{ golden_catalogue }}"
    path: catalogue.jsonl

- name: Move to DynamoDB
  golden.windows_ami.catalogue_transfer:
    state: imported
    catalogue: dynamodb:golden-catalogue
    path: catalogue.jsonl

- name: Fill a new catalogue from the tags of our AMIs
  golden.windows_ami.catalogue_transfer:
    state: rebuilt
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
    regions: [eu-west-1, us-east-1]
"""

RETURN = r"""
counts:
  description: How many entries of each kind the file holds, or how many were new to the catalogue.
  returned: when O(state=exported) or O(state=imported)
  type: dict
  sample: {build: 12, event: 25, channel: 3}
path:
  description: The file.
  returned: when O(state=exported) or O(state=imported)
  type: str
builds:
  description: The ids of the builds that the catalogue got, or got AMIs of.
  returned: when O(state=rebuilt)
  type: list
  elements: str
problems:
  description: A line for each AMI whose tags make no sense. They are not recorded, and the task fails.
  returned: when O(state=rebuilt)
  type: list
  elements: str
"""
