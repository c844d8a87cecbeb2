#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_rollout
short_description: Roll the build of a channel out to Auto Scaling Groups
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Finds the Auto Scaling Groups that use an image, makes new versions of their launch templates with the AMI of the
    build that a channel points at, replaces their instances by an instance refresh, and shows how far it is.
  - A group keeps its settings until its refresh has succeeded. EC2 rolls back a refresh that fails; where it cannot, a
    second refresh brings the group back. A group whose AMI can no longer be launched gets its new settings at once.
  - The refresh names a version by its number, and so does the group afterwards, never C($Latest) or C($Default).
  - A group that resolves the published SSM parameter only needs the refresh.
  - May be ended at any point. The next run finds the versions that were made and goes on with a refresh that runs.
  - M(amazon.aws.autoscaling_instance_refresh) starts a refresh, too, but knows neither a desired configuration nor
    automatic rollback, alarms, checkpoints or a bake time, and does not wait; this one does not use it.
options:
  image:
    description: Name of the image.
    type: str
    required: true
  channel:
    description: The channel. Its build must be C(verified), and its AMI be there.
    type: str
    required: true
  catalogue:
    description: The catalogue, such as V(sqlite:catalogue.sqlite). It is only read.
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
      - More accounts to look at, each with C(name), C(role_arn) and, if the role wants it, C(external_id). The own
        account is always one of them.
    type: list
    elements: dict
    default: []
  regions:
    description: The regions to look at, or V(all). The one of O(aws) when not set.
    type: list
    elements: str
    default: []
  prefix:
    description: The build of a channel is published as the SSM parameter C(PREFIX/IMAGE/CHANNEL).
    type: str
    default: /golden/ami
  groups:
    description:
      - Names of groups to roll out to, whatever they launch now. No others are touched.
      - When not set, those that have the tag C(golden:channel=IMAGE/CHANNEL), whatever they launch now, and those
        without that tag that resolve the parameter or launch an AMI of the image.
    type: list
    elements: str
    default: []
  preferences:
    description: How instances are replaced. What is not set is left to EC2, and so to the group.
    type: dict
    default: {}
    suboptions:
      min_healthy_percentage:
        description: So much of the group must stay in service. From 0 to 100.
        type: int
      max_healthy_percentage:
        description:
          - The group may grow to so much meanwhile. From 100 to 200, needs O(preferences.min_healthy_percentage).
        type: int
      instance_warmup:
        description: Seconds until a new instance counts as ready.
        type: int
      checkpoint_percentages:
        description: Wait when so much is replaced. Must rise, and end with V(100).
        type: list
        elements: int
      checkpoint_delay:
        description: Seconds to wait at a checkpoint. EC2 takes an hour when not set.
        type: int
      alarms:
        description: Names of CloudWatch alarms. The refresh fails when one rings.
        type: list
        elements: str
      bake_time:
        description: Seconds to wait, and to heed alarms, when all instances are replaced.
        type: int
      scale_in_protected_instances:
        description: What to do with instances that are protected from scale in.
        type: str
        choices: [Refresh, Ignore, Wait]
      standby_instances:
        description: What to do with instances in standby.
        type: str
        choices: [Terminate, Ignore, Wait]
      skip_matching:
        description:
          - Leave instances alone that are of the right version already. Never used for a group that resolves the
            parameter, as EC2 compares versions of templates and not what a parameter means.
        type: bool
        default: true
      auto_rollback:
        description: Go back when a refresh fails.
        type: bool
        default: true
  batch:
    description: So many groups at once. When one of them fails, no other is begun.
    type: int
    default: 1
  cancel:
    description:
      - Undo instead the refreshes that run and lead to the image. EC2 rolls them back; one that it cannot roll back is
        cancelled, and what it has replaced stays.
    type: bool
    default: false
  poll_seconds:
    description: Seconds between two looks at the refreshes.
    type: float
    default: 15
  wait_seconds:
    description: Seconds to wait for a batch. What has not ended then goes on in AWS.
    type: int
    default: 14400
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
  - module: amazon.aws.autoscaling_instance_refresh
  - module: golden.windows_ami.catalogue_info
"""

EXAMPLES = r"""
- name: Roll the stable build out, one group after the other
  golden.windows_ami.image_rollout:
    image: iis_dotnet
    channel: stable
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"

- name: Move two groups from a stock AMI to ours, a fifth of each first
  golden.windows_ami.image_rollout:
    image: iis_dotnet
    channel: stable
    groups: [web, api]
    batch: 2
    preferences:
      min_healthy_percentage: 100
      max_healthy_percentage: 120
      checkpoint_percentages: [20, 100]
      checkpoint_delay: 900
      alarms: [web-5xx]
      bake_time: 600
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"

- name: Undo what runs
  golden.windows_ami.image_rollout:
    image: iis_dotnet
    channel: stable
    cancel: true
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
"""

RETURN = r"""
build:
  description: Id of the build that the channel points at.
  returned: always
  type: str
  sample: 20261122T164500Z-1a2b3c
groups:
  description:
    - What became of each group. C(status) is one of C(up to date), C(rolled out), C(pinned), C(rolled back),
      C(cancelled), C(failed), C(blocked), C(still running) and C(not started); in check mode C(would) and what.
  returned: always
  type: list
  elements: dict
  sample:
    - group: web
      account: ""
      region: eu-west-1
      because: its AMI
      action: roll
      from: [ami-0123456789abcdef0]
      to: ami-0fedcba9876543210
      versions: {web: 4}
      instances: 2
      outdated: 2
      way_back: EC2 rolls back by itself
      refresh: 08b91cf7-8fa6-48af-b6a6-d227f40f1b9b
      status: rolled out
      seconds: 612.4
      error: null
      notes: []
"""
