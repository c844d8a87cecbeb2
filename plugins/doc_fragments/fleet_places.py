# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the inventory golden.windows_ami.fleet that say whom it asks."""

from __future__ import annotations


class ModuleDocFragment:
    """Part of the documentation of the inventory, which would be too long otherwise."""

    DOCUMENTATION = r"""
options:
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
      - The regions to list. V(all) stands for every region that is enabled for the account.
      - When it is empty, it is C(golden_aws.region) of the inventory's C(group_vars/all), and without that, the
        region of the AWS configuration.
    type: list
    elements: str
    default: []
  accounts:
    description:
      - The accounts to list. When it is empty, it is the account of the credentials.
      - May be a template.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What messages, the group C(account_<name>) and the variable C(golden_account) call it.
        type: str
        required: true
      role_arn:
        description: The role to assume. Without it, it is the account of the credentials.
        type: str
      external_id:
        description: The external id that the role asks for.
        type: str
  filters:
    description:
      - Filters of EC2's DescribeInstances. The keys are their names, such as C(tag:team), and a value may be a list.
      - O(states) is one of them already.
    type: dict
    default: {}
  page_size:
    description: How many instances to ask for at once, 5 to 1000. When it is not set, EC2 decides.
    type: int
"""
