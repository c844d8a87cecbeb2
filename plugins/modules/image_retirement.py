#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_retirement
short_description: Retire builds that nothing needs any more
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Takes every build that nothing keeps one step further in a run. Its AMIs are deprecated, then disabled, and after
    some days of grace deregistered together with their snapshots. The catalogue follows, with author and reason.
  - A build is kept when a channel points at it, when it is among the newest O(keep) of its image or the last O(keep) of
    a channel, when it is younger than O(days), when anything in any of the accounts and regions may launch its AMI,
    when one of its AMIs is protected or shared with an account where nobody looked, or when a build that is kept was
    made from it.
  - It looks at all that the audit looks at, and asks EC2 what else refers to an AMI (C(DescribeImageReferences)). It
    looks again right before an AMI is disabled or deregistered.
  - When an answer is missing, or when what was seen is implausibly little, nothing is changed and the task fails.
  - With O(undo) it brings a build back, as long as its AMI is there.
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
  accounts:
    description:
      - More accounts that may use the AMIs. Each has a C(name), a C(role_arn) to assume there and perhaps an
        C(external_id). The account of the credentials is always looked at.
    type: list
    elements: dict
    default: []
  regions:
    description:
      - Regions to look at, or V(all). Without it the configured one. Regions in which builds have AMIs are looked at in
        any case.
    type: list
    elements: str
    default: []
  parameters:
    description: Paths of SSM parameters that hold AMIs, such as V(/golden/ami).
    type: list
    elements: str
    default: []
  image:
    description: Retire builds of this image only. Everything is looked at all the same.
    type: str
  keep:
    description: How many builds are kept of each image, and of each channel. At least one.
    type: int
    default: 3
  days:
    description: Everything that is younger than so many days is kept.
    type: float
    default: 90
  grace_days:
    description: Days between the day that an AMI is disabled and the day that it is deregistered.
    type: float
    default: 30
  sure:
    description:
      - Go on although less was seen than is plausible, because that is how it is. An answer that is missing is never
        overruled.
    type: bool
    default: false
  undo:
    description: Id of a build to bring back, in place of everything else.
    type: str
  reason:
    description: Why, for the catalogue.
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
  - It may be ended at any point. The next run does what is left.
seealso:
  - module: golden.windows_ami.leftovers
  - module: golden.windows_ami.catalogue_info
"""

EXAMPLES = r"""
- name: Show what would be retired
  golden.windows_ami.image_retirement:
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
    regions: [eu-west-1, us-east-1]
  check_mode: true

- name: Bring a build back
  golden.windows_ami.image_retirement:
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
    undo: 20261122T164500Z-1a2b3c
    reason: the payroll servers still need it
"""

RETURN = r"""
builds:
  description:
    - The builds that are not kept. RV(builds[].action) is deprecate, disable or deregister.
  returned: without O(undo)
  type: list
  elements: dict
  contains:
    image:
      description: Its image.
      type: str
    build:
      description: Its id.
      type: str
    action:
      description: What is done about it.
      type: str
    reasons:
      description: Why.
      type: list
      elements: str
    before:
      description: Its status before.
      type: str
    after:
      description: Its status after that step.
      type: str
    amis:
      description: Its AMIs by region.
      type: dict
    states:
      description: What EC2 calls them by region, or gone.
      type: dict
    done:
      description: Whether the step was done in this run.
      type: bool
    error:
      description: Why it was not done.
      type: str
kept:
  description: All reasons why a build is kept, by its id.
  returned: without O(undo)
  type: dict
unknown:
  description: AMIs with the tag C(golden:image) that are of no build in the catalogue. They are left alone.
  returned: without O(undo)
  type: list
  elements: str
steps:
  description: What was done to bring the build back.
  returned: with O(undo)
  type: list
  elements: str
"""
