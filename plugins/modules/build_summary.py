#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: build_summary
short_description: Show what a build has made
version_added: 0.1.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Prints a table with a line for each image of the plan, and fails when one of them was not built.
options:
  plan:
    description: RV(golden.windows_ami.build_plan#module:plan), as it is.
    type: list
    elements: dict
    required: true
  results:
    description: What M(golden.windows_ami.packer_build) returned, by image. Empty when nothing was to be built.
    type: dict
    default: {}
  proofs:
    description:
      - What M(golden.windows_ami.image_proof) found, RV(golden.windows_ami.image_proof#module:verdicts). A build
        without a good verdict fails this task.
      - When it is not set, builds need no proof.
    type: dict
  unproved:
    description: Why there are no verdicts, when there are none.
    type: str
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
  - module: golden.windows_ami.build_plan
  - module: golden.windows_ami.packer_build
  - module: golden.windows_ami.image_proof
"""

EXAMPLES = r"""
- name: Show what was built
  golden.windows_ami.build_summary:
    plan: "{{ planned.plan }}"
    results:
      iis_dotnet: "{{ built }}"
"""

RETURN = r"""
images:
  description: The lines of the table.
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: Name of the image.
      type: str
    build_id:
      description: Its newest build.
      type: str
    ami_id:
      description: The AMI of that build.
      type: str
    base_ami:
      description: The AMI it was made from.
      type: str
    region:
      description: The region of both.
      type: str
    seconds:
      description: How long the build took, V(0) when nothing was to be done.
      type: str
    status:
      description: V(verified), V(built), V(up to date), V(not proved), V(failed) or V(not built).
      type: str
    error:
      description: Why it was not built, null when it was.
      type: str
"""
