#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ami_copies
short_description: Copy a build to more regions and share it with accounts
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Copies the AMI of a build to every region that is named, encrypted, with the tags of the build from its first
    moment, waits until it is available, lets other accounts use it, and adds it to the build's record in the catalogue.
  - What is there already is left alone. A run that was killed is gone on with by the next one; nothing is copied twice.
  - A copy that failed is removed and made again. Permissions are added, never taken away.
  - Everything that would fail later is looked for first, and said all at once. A region that fails does not stop the
    others; the task fails in the end.
options:
  build:
    description:
      - Id of the build.
      - Either this or O(image).
    type: str
  image:
    description: Name of an image, for the newest build that can be used, or for the one that O(channel) points at.
    type: str
  channel:
    description: A channel of O(image).
    type: str
  regions:
    description:
      - Where the build is wanted. A list, or one text of names with commas between.
      - Each item is the name of a region, or a dictionary with C(region), C(kms_key_id) (ARN, alias or id of a key in
        that region; without it the account's default key for EBS encrypts the copy) and C(accounts) (ids of 12 digits,
        in quotes, of the accounts that may use it).
      - A name takes key and accounts from O(defaults). Without O(regions) all of O(defaults) count.
      - The region of the build itself may be named, to share the original.
    type: raw
  defaults:
    description: The regions that builds are copied to, as such dictionaries.
    type: raw
  aws:
    description: Where AWS is, and as whom. What is left out comes from the usual places.
    type: dict
    default: {}
    suboptions:
      config_file:
        description: An AWS config file, used alone.
        type: path
      profile:
        description: The profile in it.
        type: str
      region:
        description: The region whose AMI of the build is copied when it has several.
        type: str
  catalogue:
    description: URL of the catalogue that knows the build.
    type: str
    required: true
  poll_seconds:
    description: How often EC2 is asked how far the copies are.
    type: float
    default: 15
  wait_seconds:
    description: How long to wait. What is not available then goes on in EC2, and the next run waits for it.
    type: int
    default: 7200
  settle_seconds:
    description: How long EC2 may take until it knows a new AMI. After that it is copied once more.
    type: float
    default: 60
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
  - What the account's default key encrypts cannot be shared. Accounts therefore need a C(kms_key_id), whose policy must
    let them use it; no call here changes the policy of a key.
seealso:
  - module: golden.windows_ami.packer_build
  - plugin: golden.windows_ami.ami_recorder
    plugin_type: callback
"""

EXAMPLES = r"""
- name: Copy what is stable
  golden.windows_ami.ami_copies:
    image: iis_dotnet
    channel: stable
    regions: [us-east-1, eu-central-1]
    aws: "{{ golden_aws }}"
    catalogue: "{{ golden_catalogue }}"

- name: Copy one build with a key of one's own, for two accounts
  golden.windows_ami.ami_copies:
    build: 20261122T164500Z-1a2b3c
    regions:
      - region: us-east-1
        kms_key_id: alias/golden
        accounts: ["210987654321", "012345678901"]
    catalogue: sqlite:catalogue.sqlite
"""

RETURN = r"""
build:
  description: The build, as the catalogue has it now.
  returned: always
  type: dict
source:
  description: The AMI that is copied.
  returned: always
  type: dict
  contains:
    region:
      description: Its region.
      type: str
    ami_id:
      description: Its id.
      type: str
copies:
  description: What there is, region by region, in the order in which they were named.
  returned: always
  type: list
  elements: dict
  contains:
    region:
      description: The region.
      type: str
    ami_id:
      description: The AMI there, null when there is none.
      type: str
    snapshots:
      description: Its snapshots.
      type: list
      elements: str
    status:
      description: >-
        V(already there), V(changed) (shared or recorded), V(copied) or V(failed); in check mode V(would copy),
        V(would wait) or V(would change).
      type: str
    kms_key:
      description: The key that encrypts it, as far as that was looked at.
      type: str
    shared:
      description: The accounts that may use it since this run.
      type: list
      elements: str
    seconds:
      description: How long it took until it was available.
      type: float
    error:
      description: Why it failed, null when it did not.
      type: str
catalogue:
  description: The catalogue.
  returned: always
  type: str
unrecorded:
  description: The AMIs that the catalogue did not take, by region. The callback ami_recorder keeps and delivers them.
  returned: always
  type: dict
"""
