#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Write an HTML page about images, channels, what runs and what the audit found
version_added: 0.2.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Reads the catalogue, and in every region of every account what may launch an instance, and writes one HTML page that
    needs nothing else and fetches nothing.
  - The page shows images and what they are made from as a picture, channels and their history, the age of each image
    against Amazon's newest base, what runs on what, the findings of C(playbooks/audit.yml) by severity, and how long
    the roles of each image took in its last builds.
  - What AWS did not answer is on the page, above everything else, and in RV(missing). It does not fail the task.
  - A page that would say the same, but for the moment at which it was made, is left alone.
options:
  path:
    description: The file to write, readable for everybody. A relative path starts in the current directory.
    type: path
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
  accounts:
    description: More accounts to look at, each with name, role_arn and external_id. The own one is always looked at.
    type: list
    elements: dict
    default: []
  regions:
    description: Regions to look at, or V(all). Empty means the region of O(aws).
    type: list
    elements: str
    default: []
  prefix:
    description: Where C(playbooks/promote.yml) publishes channels, such as V(/golden/ami). Not looked at when not set.
    type: str
  parameters:
    description: Paths of more SSM parameters that hold AMIs.
    type: list
    elements: str
    default: []
  accept:
    description: Findings that are accepted, as in O(golden.windows_ami.image_audit#module:accept). They are shown last.
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
  builds:
    description: How many of the newest builds are on the page.
    type: int
    default: 2000
  title:
    description: The page's title.
    type: str
    default: Golden Windows AMIs
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: partial
    details: Newest builds, channels, numbers of findings and missing answers; not the page itself.
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
requirements:
  - pygal
notes:
  - This is an action plugin. It runs on the controller, and changes nothing but the file.
seealso:
  - module: golden.windows_ami.image_audit
  - module: golden.windows_ami.catalogue_info
"""

EXAMPLES = r"""
- name: Write the report of all regions
  golden.windows_ami.report:
    path: /var/www/html/images.html
    catalogue: "{{ golden_catalogue }}"
    aws: "{{ golden_aws }}"
    regions: [all]
    prefix: /golden/ami
"""

RETURN = r"""
path:
  description: The file.
  returned: always
  type: str
  sample: /home/alice/report.html
bytes:
  description: The size of the page.
  returned: always
  type: int
builds:
  description: How many builds are on it.
  returned: always
  type: int
findings:
  description: Number of findings by severity, without those that are accepted.
  returned: always
  type: dict
  sample: {error: 0, warning: 2, note: 1}
missing:
  description: What AWS did not answer, and why. The page says so, too.
  returned: always
  type: list
  elements: str
"""
