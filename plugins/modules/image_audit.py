#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_audit
short_description: Check that everything that may launch an instance still can
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Looks at every Auto Scaling Group with its mixed instances policy, launch configuration, launch template version in
    use, spot fleet, EC2 fleet, instance, and SSM parameter that names an AMI, in all given accounts and regions.
  - For each AMI they would launch it finds out whether it exists, is available and shown to the account, whether its
    snapshots and KMS keys can be used, whether the catalogue says that it was revoked, when Amazon will withdraw a
    stock AMI, and how old the updates in it are.
  - An answer that is missing is an error, and never silence.
  - Shows the findings by severity with what to do, writes reports for programs, and fails when a finding is as bad as
    O(fail_on).
options:
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
      - More accounts to look at. Each has a C(name), a C(role_arn) to assume there and perhaps an C(external_id). The
        account of the credentials is always looked at.
    type: list
    elements: dict
    default: []
  regions:
    description: Regions to look at, or V(all). Without it the configured one.
    type: list
    elements: str
    default: []
  prefix:
    description:
      - The path under which channels are published, as C(PREFIX/IMAGE/CHANNEL), such as V(/golden/ami). Each channel of
        the catalogue must have its parameter there, and the parameter must say what the channel says.
    type: str
  parameters:
    description: Paths of more SSM parameters that hold AMIs.
    type: list
    elements: str
    default: []
  fail_on:
    description: The least severity at which the task fails.
    type: str
    choices: [error, warning, never]
    default: error
  accept:
    description:
      - Findings that are known and accepted. They are shown and reported as accepted, and do not count.
      - Each has a C(rule), a C(thing), which is a shell pattern for the name or id of the thing or for its AMI, a
        C(reason), and perhaps a last day, C(until), such as V(2026-12-31).
    type: list
    elements: dict
    default: []
  owners:
    description: Accounts of others whose AMIs are trusted to stay.
    type: list
    elements: str
    default: []
  stock_days:
    description: For how many days after its release Amazon keeps a stock Windows AMI public.
    type: int
    default: 90
  soon_days:
    description: From so many days before that on, a stock AMI is a warning.
    type: int
    default: 45
  last_days:
    description: From so many days before that on, it is an error.
    type: int
    default: 10
  old_days:
    description: From so many days on, old updates are a note.
    type: int
    default: 45
  very_old_days:
    description: From so many days on, old updates are a warning.
    type: int
    default: 75
  json:
    description: A file for all findings as JSON.
    type: path
  sarif:
    description: A file for a SARIF 2.1.0 log.
    type: path
  junit:
    description: A file for JUnit XML.
    type: path
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
    details: The audit is the same; no report is written.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
notes:
  - This is an action plugin. It runs on the controller.
  - It changes nothing but the files of its reports.
seealso:
  - module: golden.windows_ami.image_retirement
  - module: golden.windows_ami.catalogue_info
"""

EXAMPLES = r"""
- name: Audit two regions, and tell code scanning
  golden.windows_ami.image_audit:
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
    regions: [eu-west-1, us-east-1]
    prefix: /golden/ami
    sarif: audit.sarif

- name: Audit another account too, and accept what is known there
  golden.windows_ami.image_audit:
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
    accounts:
      - name: production
        role_arn: arn:aws:iam::210987654321:role/golden-audit
    fail_on: warning
    accept:
      - rule: not-ours
        thing: appliance-*
        reason: the vendor publishes it, ticket 4711
        until: "2026-12-31"
"""

RETURN = r"""
counts:
  description: How many findings there are of each severity, without the accepted ones.
  returned: always
  type: dict
  sample: {error: 1, warning: 2, note: 0}
findings:
  description: What is not well, worst first.
  returned: always
  type: list
  elements: dict
  contains:
    rule:
      description: Which rule. Its name stays the same in later versions.
      type: str
      sample: ami-gone
    severity:
      description: One of error (it cannot launch now), warning (soon, or not as it should) and note.
      type: str
    account:
      description: The account.
      type: str
    region:
      description: The region.
      type: str
    kind:
      description: What kind of thing it is.
      type: str
      sample: autoscaling_group
    id:
      description: Its id.
      type: str
    name:
      description: Its name.
      type: str
    message:
      description: What was found.
      type: str
    advice:
      description: What to do.
      type: str
    ami:
      description: The AMI, if one is known.
      type: str
    via:
      description: How the thing comes to the AMI.
      type: str
    days:
      description: Days that are left, or that the updates are old.
      type: int
    affected:
      description: The ids of all instances that it is about.
      type: list
      elements: str
    accepted:
      description: Why it is accepted, if it is.
      type: str
things:
  description: How many things were looked at. All instances of one AMI in one place are one.
  returned: always
  type: int
places:
  description: The accounts and regions that were looked at.
  returned: always
  type: list
  elements: str
summary:
  description: All of that in a line.
  returned: always
  type: str
written:
  description: The reports that were written.
  returned: always
  type: list
  elements: str
"""
