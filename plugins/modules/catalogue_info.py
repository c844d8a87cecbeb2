#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: catalogue_info
short_description: What the catalogue knows of builds and channels
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Lists builds, shows one with everything that is known of it, compares two, or lists channels and their history.
  - Prints the answer for people and returns it for plays. AWS is asked only when the catalogue is a DynamoDB table.
options:
  query:
    description:
      - V(builds) lists builds, newest first.
      - V(build) shows one, named by O(build), by O(ami), or by O(image) and, if wanted, O(channel).
      - V(diff) compares that one with O(other) or, without it, with the one before it in the channel or of the image.
      - V(channels) lists where channels point or, with O(image) and O(channel), the history of one.
    type: str
    choices: [builds, build, diff, channels]
    default: builds
  catalogue:
    description: The catalogue, such as V(sqlite:catalogue.sqlite). A relative path starts at the playbook's directory.
    type: str
    required: true
  aws:
    description: Where AWS is, when the catalogue is a DynamoDB table. What is not set comes from the usual places.
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
  image:
    description: Name of an image.
    type: str
  channel:
    description: Name of a channel of O(image).
    type: str
  build:
    description: Id of a build.
    type: str
  ami:
    description: Id of an AMI, in any region.
    type: str
  other:
    description: Id of the build to compare with.
    type: str
  statuses:
    description: List only builds with one of these statuses.
    type: list
    elements: str
    choices: [building, built, verified, failed, deprecated, disabled, revoked, deregistered]
  limit:
    description: How many builds or moves to list at most.
    type: int
    default: 20
  before:
    description: List only builds that are older than the one with this id, to see the next page.
    type: str
  quiet:
    description: Print nothing, only return the answer.
    type: bool
    default: false
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
  - plugin: golden.windows_ami.ami
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: List the newest builds of an image
  golden.windows_ami.catalogue_info:
    catalogue: "{{ golden_catalogue }}"
    image: iis_dotnet

- name: Show what is in the stable one
  golden.windows_ami.catalogue_info:
    catalogue: "{{ golden_catalogue }}"
    query: build
    image: iis_dotnet
    channel: stable

- name: Show what changed since the one before
  golden.windows_ami.catalogue_info:
    catalogue: "{{ golden_catalogue }}"
    query: diff
    image: iis_dotnet
    channel: stable
"""

RETURN = r"""
builds:
  description: A page of builds, newest first.
  returned: when O(query=builds)
  type: list
  elements: dict
more:
  description: Whether there are older ones.
  returned: when O(query=builds)
  type: bool
build:
  description: The build, with all that was recorded.
  returned: when O(query=build) or O(query=diff)
  type: dict
  sample: {id: 20261122T164500Z-1a2b3c, image: iis_dotnet, status: verified, amis: {eu-west-1: ami-0123456789abcdef0}}
channels:
  description: The names of the channels that point at the build, or the moves of channels.
  returned: when O(query=build) or O(query=channels)
  type: list
  elements: raw
events:
  description: When the build got which status, oldest first.
  returned: when O(query=build)
  type: list
  elements: dict
  sample: [{build_id: 20261122T164500Z-1a2b3c, at: "2026-11-22T17:10:00Z", status: built, author: ann, reason: null}]
other:
  description: The build that was compared with.
  returned: when O(query=diff)
  type: dict
differences:
  description: What is not the same, by section and name. What is not there at all is null.
  returned: when O(query=diff)
  type: list
  elements: dict
  sample: [{section: features, name: Web-Asp-Net45, before: null, after: "yes"}]
"""
