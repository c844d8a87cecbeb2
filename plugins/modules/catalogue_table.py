#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: catalogue_table
short_description: Make the DynamoDB table of a catalogue
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Makes the table that a catalogue C(dynamodb:TABLE) names, with on-demand billing, point-in-time recovery and
    time-to-live for leases, or finishes one that an interrupted attempt began. Nothing else ever makes a table.
  - M(community.aws.dynamodb_table) does not know point-in-time recovery.
options:
  catalogue:
    description: The catalogue, such as V(dynamodb:golden?region=eu-west-1).
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
  - module: golden.windows_ami.catalogue_transfer
"""

EXAMPLES = r"""
- name: Make the table that all controllers share
  golden.windows_ami.catalogue_table:
    catalogue: dynamodb:golden
    aws: "{{ golden_aws }}"
"""

RETURN = r"""
changed:
  description: Whether something was made, or would be in check mode.
  returned: success
  type: bool
"""
