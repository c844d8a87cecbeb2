#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_summary
short_description: Show what an audit of servers has found
version_added: 0.1.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Prints a table with a line for each role of each server.
  - Fails when a role found a difference or could not look, or when a server was not reached.
options:
  servers:
    description: The servers that were to be audited.
    type: list
    elements: str
    required: true
  found:
    description:
      - What was found, by server and role. A dictionary with C(status) and C(message).
      - The status is V(clean), V(drift), V(error) (the role could not look), V(unreachable) or V(not checked).
      - A server that is missing, or null, was lost on the way.
    type: dict
    required: true
  report:
    description:
      - Write what RV(audit) has to this JSON file, too, whether something was found or not.
      - Also in check mode. It is a file of the controller's.
    type: path
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
  - plugin: golden.windows_ami.change_table
    plugin_type: callback
"""

EXAMPLES = r"""
- name: Show what was found
  golden.windows_ami.audit_summary:
    servers: [web-1, web-2]
    found:
      web-1:
        golden.windows_ami.firewall: {status: clean, message: ""}
      web-2:
        golden.windows_ami.firewall: {status: drift, message: "These firewall rules are missing: Metrics."}
    report: audit.json
  run_once: true
"""

RETURN = r"""
audit:
  description: What was found.
  returned: always
  type: dict
  contains:
    clean:
      description: Whether every server was reached and nothing differs.
      type: bool
    servers:
      description: By server and role, C(status) and C(message).
      type: dict
msg:
  description: One sentence about all servers.
  returned: always
  type: str
"""
