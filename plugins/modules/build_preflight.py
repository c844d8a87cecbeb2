#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: build_preflight
short_description: Check in seconds what would fail a build of a Windows image after minutes
version_added: 0.1.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Looks at all that a build needs and that can be looked at beforehand, and reports all problems in one message.
  - Looks at the credentials; at the subnet, its free addresses and its public ones; at the security group, and whether
    it lets TCP 5986 in from here; at the instance type, where it is offered and the vCPU quota; at the size of the root
    volume and the KMS key; at whether EC2 would start the builder (a dry run); at the files that the roles fetch; at
    Packer and its version; at the space that is left on the controller's disks.
  - A question to AWS that the credentials may not ask gives a warning, no failure.
  - Looks at nothing when the plan has nothing to build. Changes and starts nothing.
options:
  plan:
    description: The plan, as M(golden.windows_ami.build_plan) returns it. Images that are up to date are ignored.
    type: list
    elements: dict
    required: true
  builder:
    description: The machine that images are built on.
    type: dict
    required: true
    suboptions:
      instance_type:
        description: Its instance type.
        type: str
        default: m5.large
      subnet_id:
        description: The subnet that it starts in. It cannot be empty in the end; the message says so.
        type: str
        default: ""
      security_group_id:
        description: Its security group. When empty, Packer makes one for each build and removes it.
        type: str
        default: ""
      source_cidrs:
        description:
          - CIDR blocks that may connect to it with WinRM.
          - When empty, the address that this machine has on its way to the subnet. Needed with a public interface.
        type: list
        elements: str
        default: []
      interface:
        description: The address to connect to.
        type: str
        choices: [private_ip, private_dns, public_ip, public_dns]
        default: private_ip
      associate_public_ip_address:
        description: Give it a public address even when the subnet does not.
        type: bool
        default: false
      iam_instance_profile:
        description: Its instance profile.
        type: str
        default: ""
      root_volume_gib:
        description: Size of its root volume in GiB.
        type: int
        default: 50
      kms_key_id:
        description: The KMS key that encrypts the root volume. When empty, the account's default key for EBS.
        type: str
        default: ""
      winrm_timeout:
        description: Not looked at. For M(golden.windows_ami.packer_build).
        type: str
      password_timeout:
        description: Not looked at. For M(golden.windows_ami.packer_build).
        type: str
      poll_seconds:
        description: Not looked at. For M(golden.windows_ami.packer_build).
        type: int
      poll_attempts:
        description: Not looked at. For M(golden.windows_ami.packer_build).
        type: int
  aws:
    description: Which AWS account and region.
    type: dict
    default: {}
    suboptions:
      config_file:
        description:
          - An AWS config file that counts alone, without environment variables and without C(~/.aws). May name an
            C(endpoint_url). When not set, credentials come from the usual places.
        type: path
      profile:
        description: A profile in the config file.
        type: str
      region:
        description: The region. When not set, the profile or the environment must say it.
        type: str
  proxy:
    description: Forward proxy through which the files are asked for. When empty, the environment decides.
    type: str
    default: ""
  packer:
    description: The Packer program, a name on the path or a path.
    type: str
    default: packer
  free_mib:
    description: The space in MiB that must be free in the project and in the directory for temporary files.
    type: int
    default: 200
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
  - This is an action plugin. It runs on the controller, and needs boto3 there.
  - >-
    Asks with the permissions C(ec2:DescribeSubnets), C(ec2:DescribeSecurityGroups),
    C(ec2:DescribeInstanceTypeOfferings), C(ec2:DescribeInstanceTypes), C(ec2:DescribeInstances),
    C(ec2:DescribeImages), C(ec2:RunInstances),
    C(servicequotas:GetServiceQuota) and C(kms:DescribeKey).
seealso:
  - module: golden.windows_ami.build_plan
"""

EXAMPLES = r"""
- name: Decide what to build
  golden.windows_ami.build_plan:
    images: "{{ golden_images }}"
    bases: "{{ golden_bases }}"
    aws: "{{ golden_aws }}"
    catalogue: "{{ golden_catalogue }}"
  register: planned

- name: Check that it can be built
  golden.windows_ami.build_preflight:
    plan: "{{ planned.plan }}"
    builder: "{{ golden_builder }}"
    aws: "{{ golden_aws }}"
    proxy: "{{ golden_proxy }}"
"""

RETURN = r"""
checks:
  description: Everything that was looked at, in order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What was looked at.
      type: str
      sample: subnet
    status:
      description: V(ok) or V(warning).
      type: str
      sample: ok
    detail:
      description: What was found and, when it may not be well, what to do.
      type: str
      sample: subnet-0a1b2c3d (10.0.0.0/24, eu-west-1a) has 250 free addresses
source_cidrs:
  description: The addresses that may connect to the builder, those of O(builder.source_cidrs) or this machine's own.
  returned: success
  type: list
  elements: str
  sample: [10.0.0.7/32]
"""
