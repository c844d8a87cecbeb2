#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: packer_build
short_description: Build a Windows AMI with Packer
version_added: 0.1.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Builds the image of one entry of the plan that M(golden.windows_ami.build_plan) made. Packer starts an instance and
    runs the provisioning playbook on it over WinRM; the playbook seals it; Packer makes an encrypted, private AMI.
  - Packer's lines appear as they come, each after the image's name. All of them are kept in a log, without secrets.
  - Takes a lease on the image in the catalogue, so that nobody else builds it at the same time, and records how the
    build began and ended.
  - Packer is run by a supervisor process that outlives Ansible. Ctrl-C, SIGTERM, a killed C(ansible-playbook) or a
    terminal that goes away interrupt Packer once; it then removes what it made, and the build is recorded as failed.
    After Ctrl-C the terminal is held until that is done; a second Ctrl-C gives it back, and the cleanup goes on.
  - Afterwards it looks in EC2 for what Packer missed, by the tag C(golden:build) and by names, and removes it.
  - An entry that is up to date is left alone.
options:
  entry:
    description: One item of RV(golden.windows_ami.build_plan#module:plan), as it is.
    type: dict
    required: true
  parent:
    description:
      - The RV(build) of the parent image, when it was built in the same run (C(source_ami) of the entry is null).
    type: dict
  builder:
    description: The instance that the image is built on.
    type: dict
    required: true
    suboptions:
      instance_type:
        description: Type of the instance.
        type: str
        required: true
      subnet_id:
        description: Subnet of the instance. This machine must reach it on TCP 5986.
        type: str
        required: true
      security_group_id:
        description: A security group that lets TCP 5986 in from this machine. Packer makes one when not set.
        type: str
      source_cidrs:
        description:
          - Who may reach WinRM on the instance, as CIDR blocks; in the temporary security group and in the Windows
            firewall.
          - When not set, the address that this machine has on its way to the subnet. Must be set when
            O(builder.interface) is a public one.
        type: list
        elements: str
        default: []
      interface:
        description: Which address of the instance to connect to.
        type: str
        choices: [private_ip, private_dns, public_ip, public_dns]
        default: private_ip
      associate_public_ip_address:
        description: Give the instance a public address.
        type: bool
        default: false
      iam_instance_profile:
        description: Instance profile of the instance, when a role of the image needs AWS.
        type: str
      root_volume_gib:
        description: Size of the root volume, and so of the AMI, in GiB.
        type: int
        default: 50
      kms_key_id:
        description: KMS key that encrypts the AMI. The account's default key for EBS when not set.
        type: str
      password_timeout:
        description: How long EC2 may take to give the Administrator password, such as V(30m).
        type: str
        default: 30m
      winrm_timeout:
        description: How long WinRM may take to answer after that.
        type: str
        default: 30m
      poll_seconds:
        description: Seconds between two looks at EC2.
        type: int
        default: 15
      poll_attempts:
        description: Looks before giving up on one thing, such as the shutdown after sysprep or the snapshot.
        type: int
        default: 240
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
  catalogue:
    description: URL of the catalogue, such as C(sqlite:catalogue.sqlite), relative to the playbook's directory.
    type: str
    required: true
  proxy:
    description: Proxy for the first boot of the instance, as C(http://address:port). None when empty.
    type: str
    default: ""
  proxy_bypass:
    description: Hosts that are reached without the proxy, besides the link-local addresses of EC2.
    type: list
    elements: str
    default: []
  provision:
    description: The playbook that provisions the instance. When not set, the collection's C(playbooks/provision.yml).
    type: path
  provision_vars:
    description: More variables for that playbook. Those of the plan's entry beat them.
    type: dict
    default: {}
  template:
    description: The directory of the Packer template. When not set, the collection's C(packer).
    type: path
  packer:
    description: The Packer to run, a name on C(PATH) or a path. Version 1.6.6 or later.
    type: path
    default: packer
  log_dir:
    description: Directory for the logs. When not set, C(.golden/logs) of the collection.
    type: path
  lease_seconds:
    description: How long the lease lives on when this machine crashes.
    type: int
    default: 120
  cleanup_seconds:
    description: How long Packer's cleanup may take after an interruption, before it is killed and finished without it.
    type: int
    default: 900
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
  - This is an action plugin. It runs on the controller, and needs boto3 and Packer there.
  - Packer hands the instance's one-time Administrator password to C(ansible-playbook) as an argument, so users of this
    machine can see it in the process list while the image is built. Sealing replaces it.
seealso:
  - module: golden.windows_ami.build_plan
  - module: golden.windows_ami.build_summary
"""

EXAMPLES = r"""
- name: Plan
  golden.windows_ami.build_plan:
    images: "{{ golden_images }}"
    bases: "{{ golden_bases }}"
    aws: "{{ golden_aws }}"
    catalogue: "{{ golden_catalogue }}"
  register: planned

- name: Build the first image of the plan
  golden.windows_ami.packer_build:
    entry: "{{ planned.plan | first }}"
    builder:
      instance_type: m5.large
      subnet_id: subnet-0123456789abcdef0
    aws:
      region: eu-west-1
    catalogue: sqlite:catalogue.sqlite
  register: built

- name: Show its AMI
  ansible.builtin.debug:
    var: built.ami_id
"""

RETURN = r"""
ami_id:
  description: The AMI that was made, null when the build failed.
  returned: always
  type: str
  sample: ami-0123456789abcdef0
build:
  description: The record of the build, as the catalogue keeps it.
  returned: when the build began
  type: dict
  contains:
    id:
      description: Id of the build; sorts by time.
      type: str
      sample: 20261122T164500Z-1a2b3c
    image:
      description: Name of the image.
      type: str
    status:
      description: V(built) or V(failed).
      type: str
    error:
      description: Why it failed.
      type: str
    amis:
      description: AMI by region.
      type: dict
    snapshots:
      description: Snapshots of the AMI by region.
      type: dict
    roles:
      description: What each role took (C(name), C(seconds), C(tasks), C(changed)).
      type: list
      elements: dict
    contents:
      description: What the roles installed, as they say it.
      type: dict
    log:
      description: File with everything Packer said.
      type: str
catalogue:
  description: The catalogue that has the record.
  returned: when the build began
  type: str
seconds:
  description: How long the build took.
  returned: when the build began
  type: float
packer_seconds:
  description: How much of that was Packer.
  returned: when the build began
  type: float
problems:
  description: What could not be removed from EC2, or written to the catalogue.
  returned: when the build began
  type: list
  elements: str
"""
