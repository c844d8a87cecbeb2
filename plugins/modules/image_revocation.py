#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_revocation
short_description: Take a bad build out of use
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Marks a build C(revoked) in the catalogue, with author and reason, so that nothing is promoted to it or built on
    it any more. With O(descendants) also everything that was built from it.
  - Channels that point at one of them go back to the last build of their history that is verified, not revoked, and
    whose AMI is there. SSM parameters, protection and permissions follow, as in M(golden.windows_ami.channel). A
    channel without such a build stays where it is, with a warning.
  - Then the AMIs are disabled in every region that they were recorded in. An AMI is left enabled where a channel
    could not be moved away from it because a call failed.
  - What uses one of the AMIs is listed, from all given accounts and regions. Nothing of that is touched; what runs
    goes on running.
  - It may be repeated. A run that was killed is finished by the next one.
options:
  build:
    description: Id of the build. Either this or O(ami) is needed.
    type: str
  ami:
    description: Id of an AMI of the build, in any region.
    type: str
  state:
    description:
      - V(restored) takes a revocation back. The AMIs are enabled and shared as before, and the build gets the
        status that it had. Channels stay where they are.
    type: str
    choices: [revoked, restored]
    default: revoked
  reason:
    description: Why. Needed for O(state=revoked).
    type: str
  author:
    description: Who does it. The user who runs the play when not set.
    type: str
  descendants:
    description: Also the builds that were made from it, directly or not. With O(state=restored) those that
      inherited it.
    type: bool
    default: false
  disable:
    description: Disable the AMIs, so that nothing new starts from them.
    type: bool
    default: true
  publish:
    description: Where channels are published, as for M(golden.windows_ami.channel).
    type: dict
    default: {}
    suboptions:
      prefix:
        description: Path that the SSM parameters are under. Without one, V(""), there are no parameters.
        type: str
        default: /golden/ami
      accounts:
        description: Accounts that may launch the AMI that a channel falls back to.
        type: list
        elements: str
        default: []
      wait_seconds:
        description: How long AWS may take to accept the value of a parameter.
        type: int
        default: 120
  accounts:
    description:
      - More accounts to look at for what uses the AMIs. Each has a C(name), a C(role_arn) to assume there and
        perhaps an C(external_id). The account of the credentials is always looked at.
    type: list
    elements: dict
    default: []
  regions:
    description:
      - Regions to look at for what uses the AMIs, or V(all). Without it the configured one. Those where the AMIs
        are, are looked at in any case.
    type: list
    elements: str
    default: []
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
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff
      mode.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
notes:
  - This is an action plugin. It runs on the controller.
  - In check mode the list of what uses the AMIs is what uses them now, before any channel has moved.
seealso:
  - module: golden.windows_ami.channel
  - module: golden.windows_ami.image_rollout
  - module: golden.windows_ami.image_retirement
"""

EXAMPLES = r"""
- name: Revoke a build, and what was built from it
  golden.windows_ami.image_revocation:
    build: 20261122T164500Z-1a2b3c
    reason: CVE-2026-1234 in the agent
    descendants: true
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"

- name: It was a false alarm
  golden.windows_ami.image_revocation:
    build: 20261122T164500Z-1a2b3c
    state: restored
    descendants: true
    reason: The agent is not affected
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
"""

RETURN = r"""
builds:
  description: The builds, each with build, image, inherited_from (the named build, if it is a descendant) and amis.
  returned: when O(state=revoked)
  type: list
  elements: dict
  sample:
    - build: 20261122T164500Z-1a2b3c
      image: iis_dotnet
      inherited_from: null
      amis: [{region: eu-west-1, ami_id: ami-0abc, status: disabled, error: null}]
spared:
  description: Ids of builds that were made from it and are not revoked.
  returned: when O(state=revoked)
  type: list
  elements: str
channels:
  description: >-
    The channels that point, or have pointed, at one of the builds, with image, channel, previous, build (null when
    there is no good one), falls, moved, passed (builds that will not do, and why) and error.
  returned: when O(state=revoked)
  type: list
  elements: dict
uses:
  description: What names one of the AMIs, with kind, id, name, account, region, ami_id, via and running.
  returned: when O(state=revoked)
  type: list
  elements: dict
rollouts:
  description: >-
    The Auto Scaling Groups that launch one of the AMIs or have instances of one, with image, channel, groups and
    regions: what M(golden.windows_ami.image_rollout) takes.
  returned: when O(state=revoked)
  type: list
  elements: dict
restored:
  description: The builds that were brought back, with build, status and steps.
  returned: when O(state=restored)
  type: list
  elements: dict
"""
