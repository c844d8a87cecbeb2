#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: channel
short_description: Point a channel of an image at a build, and publish it
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Moves a channel, such as C(stable), to a verified build, and keeps who did it, when and why.
  - "In every region that the build has an AMI in, it protects the AMI from being deregistered, shares it with accounts,
    and sets the SSM parameter C(PREFIX/IMAGE/CHANNEL) of type C(aws:ec2:image), which launch templates, CloudFormation
    and Terraform resolve. AWS looks at such a value only after it has answered, so the parameter is read back until
    the value is there."
  - When no channel of the image points any more at a build that one has pointed at, the protection of its AMI is
    lifted, unless a parameter of the image still names it.
  - Everything is looked at first, for all images and regions. When anything is in the way, nothing is changed.
  - It brings AWS to what the catalogue says, so it may be repeated. A run that was killed is finished by the next one.
options:
  channel:
    description: Name of the channel.
    type: str
    required: true
  state:
    description:
      - V(promoted) moves the channel forward, to O(build) or O(ami), else to the build that the earlier channel of
        O(channels) points at, else to the newest verified build.
      - V(rolled_back) moves it to the last verified build that it came from. Repeated, it changes nothing more. To go
        further back, promote that build by O(build).
      - V(repaired) leaves it where it is, and repairs parameters, protection and permissions.
    type: str
    choices: [promoted, rolled_back, repaired]
    default: promoted
  images:
    description: Names of images. Not needed with O(build) or O(ami).
    type: list
    elements: str
    default: []
  build:
    description: Id of a build.
    type: str
  ami:
    description: Id of an AMI of a build, in any region.
    type: str
  reason:
    description: Why. It is kept in the history of the channel.
    type: str
  approver:
    description:
      - Who allows the build in the channel before its time. Must be one of the channel's approvers in O(channels), and
        is kept in the history.
      - It is a name that nobody proves. Who may call this at all is for IAM, or for the system that runs the play.
    type: str
  author:
    description: Who moves the channel. The user who runs the play when not set.
    type: str
  channels:
    description:
      - "The channels that there are, and what each asks of a build: a dictionary by name, of C(after), C(hours) and
        C(approvers). See the examples."
      - C(after) names the channel that a build must have been in for C(hours) altogether, without having been rolled
        back from. C(approvers) may override that; without C(after) one of them is always needed. Neither is asked for a
        build that was in the channel before.
      - Without any, every name is a channel.
    type: raw
    default: {}
  publish:
    description: Where it is published.
    type: dict
    default: {}
    suboptions:
      prefix:
        description: Path that the SSM parameters are under. Without one, V(""), there are no parameters.
        type: str
        default: /golden/ami
      accounts:
        description:
          - Accounts that may launch the AMI and read its snapshots. Nobody's permission is taken away.
          - The AMI must be encrypted with a KMS key that they may use, not with the account's default key.
        type: list
        elements: str
        default: []
      wait_seconds:
        description: How long AWS may take to accept the value of a parameter.
        type: int
        default: 120
  accounts:
    description: Accounts in place of O(publish.accounts).
    type: list
    elements: str
  leave_regions:
    description:
      - Go on although the build has no AMI in a region where the channel has a parameter, or a region does not answer.
        It stays as it is there, with a warning. A later run without this option brings it up to date.
      - A rollback and a repair leave regions that the build is not in without being asked.
    type: bool
    default: false
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
        description: A region, for a catalogue in DynamoDB. AMIs are looked for in the regions of the build.
        type: str
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
  - module: golden.windows_ami.catalogue_info
  - module: golden.windows_ami.ami_copies
  - plugin: golden.windows_ami.ami
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Let the newest verified build be tried
  golden.windows_ami.channel:
    channel: candidate
    images: [octopus_tentacle, iis_dotnet]
    reason: nightly build
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"

- name: Make it stable when it has been a candidate for a day
  golden.windows_ami.channel:
    channel: stable
    images: [iis_dotnet]
    channels:
      candidate: {}
      stable: {after: candidate, hours: 24, approvers: [alice, bob]}
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"

- name: Go back
  golden.windows_ami.channel:
    channel: stable
    state: rolled_back
    images: [iis_dotnet]
    reason: logins are slow
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
"""

RETURN = r"""
promotions:
  description: What became of each image.
  returned: success or failure after the channel may have been moved
  type: list
  elements: dict
  contains:
    image:
      description: Name of the image.
      type: str
    channel:
      description: Name of the channel.
      type: str
    build:
      description: Id of the build that the channel is to point at.
      type: str
    previous:
      description: Id of the build that it pointed at, null when at none.
      type: str
    moved:
      description: Whether this run moved it.
      type: bool
    number:
      description: Number of the move in the channel's history.
      type: int
    reason:
      description: What the history says about it.
      type: str
    regions:
      description: >-
        By region, with region, ami_id, parameter, before (its value before), published (whether it is right now),
        shared, lifted (AMIs that are no longer protected), status and error.
      type: list
      elements: dict
"""
