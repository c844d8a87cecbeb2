#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: octopus_machine
short_description: Register a Tentacle with an Octopus Server
version_added: 0.1.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Makes, changes and removes the registration of one Tentacle, through the REST API of the Octopus Server.
    A registration that is as wanted is left alone.
  - It runs on the controller. C(Tentacle.exe register-with) would do the same on the server, but takes the API key
    only on its command line, where others and the audit log can read it.
  - A registration is found by the certificate of its Tentacle, so a machine may change its name.
  - What is not an option here, for example whether the machine is disabled, stays as it is.
options:
  server_url:
    description: Address of the Octopus Server.
    type: str
    required: true
  api_key:
    description: An API key that may edit machines in the space.
    type: str
    default: ""
  api_key_parameter:
    description: Name of a parameter in SSM Parameter Store that has the key, when O(api_key) is empty.
    type: str
    default: ""
  api_key_secret:
    description: Name of a secret in Secrets Manager that is the key, when the others are empty.
    type: str
    default: ""
  aws:
    description: Where AWS is, for these two.
    type: dict
    default: {}
    suboptions:
      config_file:
        description: An AWS configuration file instead of the usual places.
        type: path
      profile:
        description: A profile of it.
        type: str
      region:
        description: The region.
        type: str
  validate_certs:
    description: Whether the server's TLS certificate must be valid.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for each answer.
    type: int
    default: 30
  space:
    description: Name of the space. The default space when empty.
    type: str
    default: ""
  state:
    description: Whether there is a registration.
    type: str
    choices: [present, absent]
    default: present
  kind:
    description: Whether it is a deployment target or a worker.
    type: str
    choices: [target, worker]
    default: target
  name:
    description: Display name on the server.
    type: str
    required: true
  thumbprint:
    description: Thumbprint of the Tentacle's certificate.
    type: str
    required: true
  uri:
    description:
      - C(https://host:port/) where a Tentacle listens, or the C(poll://) subscription of one that polls.
      - Required with O(state=present).
    type: str
    default: ""
  environments:
    description: Names of the environments of a target.
    type: list
    elements: str
    default: []
  roles:
    description: Roles (target tags) of a target.
    type: list
    elements: str
    default: []
  tenants:
    description: Names of the tenants of a target.
    type: list
    elements: str
    default: []
  tenant_tags:
    description: Tenant tags of a target, each as C(set/tag).
    type: list
    elements: str
    default: []
  tenanted:
    description:
      - Which deployments a target takes part in. When empty V(Tenanted) with tenants or tags, else V(Untenanted).
    type: str
    choices: ["", Untenanted, Tenanted, TenantedOrUntenanted]
    default: ""
  worker_pools:
    description: Names of the pools of a worker.
    type: list
    elements: str
    default: []
  machine_policy:
    description: Name of the machine policy. When empty that of the registration, or the server's default.
    type: str
    default: ""
  proxy:
    description: Name of the proxy, known to the server, through which it reaches a Tentacle that listens.
    type: str
    default: ""
  force:
    description: Take over the registration of another certificate that has the same name.
    type: bool
    default: false
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
  - This is an action plugin. It runs on the controller and does not connect to the host.
seealso:
  - module: golden.windows_ami.build_plan
"""

EXAMPLES = r"""
- name: Register a web server that listens
  golden.windows_ami.octopus_machine:
    server_url: https://octopus.example
    api_key_parameter: /octopus/api-key
    name: "{{ inventory_hostname }}"
    thumbprint: 5FEC5B6CA5B4E1DE5FEC5B6CA5B4E1DE5FEC5B6C
    uri: https://10.0.1.20:10933/
    environments: [Production]
    roles: [web]
"""

RETURN = r"""
machine:
  description: The registration, by names. Empty when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: Its id on the server. Empty in check mode when there was none.
      type: str
    space:
      description: Name of the space.
      type: str
    kind:
      description: V(target) or V(worker).
      type: str
    name:
      description: Display name.
      type: str
    communication:
      description: V(listening) or V(polling).
      type: str
    uri:
      description: Where the server finds it.
      type: str
    thumbprint:
      description: Thumbprint of its certificate.
      type: str
    machine_policy:
      description: Name of its policy.
      type: str
    environments:
      description: Names of its environments.
      type: list
      elements: str
    roles:
      description: Its roles.
      type: list
      elements: str
    health:
      description: Health as the server saw it last.
      type: str
    disabled:
      description: Whether it is disabled.
      type: bool
"""
