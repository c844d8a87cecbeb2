#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_proof
short_description: Prove that an AMI boots and carries nothing of one machine
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Two halves of C(playbooks/prove.yml). With O(state=started) it starts instances of the AMI of each build, with a
    key pair and a security group of their own, and waits until EC2 has the Administrator password of each. A play then
    looks at them over WinRM. With O(state=judged) it takes everything away and judges what was seen.
  - A build that passes becomes C(verified). The verdict goes into its record in both cases.
  - It passes when every instance boots, has a password of its own, lets one log in and has run its user data; when no
    two have the same name or SID; when nothing of the build's WinRM and proxy is left, Windows waits for no restart,
    the C(verify) entry points of the image's roles find no difference, and the seal check finds nothing.
  - Everything it starts carries the tags C(golden:proof) and C(golden:ttl), so that C(playbooks/sweep.yml) finds what a
    killed run has left.
options:
  state:
    description: Which half.
    type: str
    choices: [started, judged]
    required: true
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
  builder:
    description: Where instances start, as in O(golden.windows_ami.packer_build#module:builder).
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
  builds:
    description: Ids of builds, in place of O(build), O(ami) or O(image).
    type: list
    elements: str
  build:
    description: Id of a build.
    type: str
  ami:
    description: Id of its AMI.
    type: str
  image:
    description: Name of an image, for its newest build.
    type: str
  channel:
    description: A channel of O(image), for the build that it points at.
    type: str
  again:
    description: Prove a build that is verified already, too.
    type: bool
    default: false
  count:
    description: How many instances of each build. It takes two to see that they are not the same machine.
    type: int
    default: 2
  timeout:
    description: Seconds to wait for the passwords. EC2 may take a quarter of an hour.
    type: int
    default: 1800
  run:
    description: RV(run) of the first half.
    type: str
  instances:
    description: RV(instances) of the first half.
    type: list
    elements: dict
    default: []
  seen:
    description: What a play has seen, by name of the instance. See C(playbooks/tasks/prove_look.yml).
    type: dict
    default: {}
  keeps_proxy:
    description: Ids of builds whose roles give the image a proxy to keep.
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
  - The result of the first half holds passwords and is not shown.
seealso:
  - module: golden.windows_ami.packer_build
  - module: golden.windows_ami.build_summary
"""

EXAMPLES = r"""
- name: Start two instances of the newest build
  golden.windows_ami.image_proof:
    state: started
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
    builder: "{{ golden_builder }}"
    image: iis_dotnet
  register: started

- name: Take them away and judge
  golden.windows_ami.image_proof:
    state: judged
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
    builder: "{{ golden_builder }}"
    run: "{{ started.run }}"
    instances: "{{ started.instances }}"
    seen: "{{ seen }}"
"""

RETURN = r"""
run:
  description: Names what the first half has started.
  returned: when O(state=started)
  type: str
builds:
  description: Ids of the builds that are to be proved.
  returned: when O(state=started)
  type: list
  elements: str
instances:
  description:
    - The instances, with name, build, image, ami, nonce, instance_id, address, password, boot_seconds and error.
  returned: when O(state=started)
  type: list
  elements: dict
verdicts:
  description: By build id, whether it is proven, the outcome of each check, and how long the instances took to boot.
  returned: when O(state=judged)
  type: dict
  sample:
    20261122T164500Z-1a2b3c:
      proven: true
      checks: {boot: ok, password: ok}
      boot_seconds: [312.4, 318.0]
"""
