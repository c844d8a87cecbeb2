#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: build_plan
short_description: Decide which Windows images are built, from which AMI and why
version_added: 0.1.0
author:
  - The golden.windows_ami maintainers (!UNKNOWN)
description:
  - Compares what each image would be made of now with what its newest build was made of, and says which images are
    to be built, in which order and why.
  - An image is up to date when a build with the same fingerprint exists and its AMI is available. The fingerprint is a
    SHA-256 over the parent AMI, the files of the roles, the variables that the roles get (secrets excepted), the Packer
    template, the user data, the provisioning playbook and the versions of ansible-core and the collections.
  - Mistakes in the description of the images, roles that do not exist and variables of the wrong type are found here,
    before anything is started, and all of them are reported at once.
  - Starts nothing and changes nothing in AWS. The one thing it writes, and not in check mode, is that a build whose
    builder crashed is recorded as failed.
options:
  images:
    description:
      - The images by name. Each has a O(images.description), exactly one of O(images.base) and O(images.parent),
        the O(images.roles) that make it, in order, and O(images.vars).
    type: dict
    required: true
    suboptions:
      description:
        description: One sentence about the image. Becomes the description of the AMI.
        type: str
      base:
        description: The base that the image starts from, a key of O(bases).
        type: str
      parent:
        description: The image that the image starts from, another key of O(images).
        type: str
      roles:
        description:
          - Roles that make the image, in order, by full name. Roles without a namespace are searched for in the
            C(roles) directory beside the provisioning playbook and in Ansible's roles path.
        type: list
        elements: str
      vars:
        description:
          - Variables for the roles of this image. They beat variables of the inventory, and those of the command line
            beat them. A name that begins like a role's variables but is none of them is an error.
          - Secrets do not belong here. A variable that a role calls C(no_log) is refused; put it into the inventory,
            in a vault.
        type: dict
  bases:
    description:
      - AMIs of others by name. Each has exactly one of O(bases.ssm_parameter), O(bases.name) and O(bases.ami_id).
    type: dict
    required: true
    suboptions:
      ssm_parameter:
        description: A public SSM parameter that holds the id of the newest AMI.
        type: str
      name:
        description: A name pattern. The newest available AMI of O(bases.owner) with such a name is used.
        type: str
      ami_id:
        description: The id of one AMI.
        type: str
      owner:
        description: Account id or alias of the owner.
        type: str
        default: amazon
      family:
        description:
          - Name pattern of the AMIs that could take the place of this one. Used to name the newest of them when the
            AMI has been withdrawn. Guessed when not set.
        type: str
  image:
    description:
      - Names of the images to plan. A parent that was never built, or whose AMI is gone, is planned too.
      - All images when not set.
    type: list
    elements: str
  force:
    description: Build the chosen images even when they are up to date.
    type: bool
    default: false
  aws:
    description: Which AWS account and region.
    type: dict
    default: {}
    suboptions: &aws
      config_file:
        description:
          - An AWS config file that counts alone, without environment variables and without C(~/.aws). May name an
            C(endpoint_url). When not set, credentials come from the usual places.
        type: path
      profile:
        description: A profile in the config file.
        type: str
      region:
        description: The region. When not set, the profile or the environment must say it.
        type: str
  catalogue:
    description: URL of the catalogue of builds, such as C(sqlite:catalogue.sqlite). Relative to the playbook.
    type: str
    required: true
  builder:
    description:
      - Settings of the machine that images are built on. RV(ignore:root_volume_gib) is the only one that the finished
        image shows and so the only one that leads to a new build; others are not looked at.
    type: dict
    default: {}
  provision:
    description: The playbook that provisions a machine. When not set, the collection's C(playbooks/provision.yml).
    type: path
  template:
    description: The directory of the Packer template. When not set, the collection's C(packer).
    type: path
  collections:
    description: Collections whose version decides what an image contains.
    type: list
    elements: str
    default: [ansible.windows, community.windows]
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
    details: Builds that crashed are left as they are in the catalogue.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: none
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
notes:
  - This is an action plugin. It runs on the controller, and needs boto3 there.
  - Needs the permissions C(ssm:GetParameter) and C(ec2:DescribeImages).
seealso:
  - module: golden.windows_ami.build_preflight
"""

EXAMPLES = r"""
- name: Show what would be built
  golden.windows_ami.build_plan:
    images: "{{ golden_images }}"
    bases: "{{ golden_bases }}"
    aws: "{{ golden_aws }}"
    catalogue: "{{ golden_catalogue }}"
    builder: "{{ golden_builder }}"
  register: planned

- name: Plan one image, and rebuild it whether or not anything has changed
  golden.windows_ami.build_plan:
    images:
      web:
        description: IIS on Windows Server 2022
        base: windows_server_2022
        roles: [golden.windows_ami.iis_dotnet]
    bases:
      windows_server_2022:
        ssm_parameter: /aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base
    image: [web]
    force: true
    aws:
      region: eu-west-1
    catalogue: sqlite:catalogue.sqlite
  register: planned
"""

RETURN = r"""
plan:
  description: One entry for each chosen image, parents first.
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: Name of the image.
      type: str
      sample: iis_dotnet
    action:
      description: V(build), or V(skip) when the image is up to date.
      type: str
      sample: build
    region:
      description: The region that was asked and that the image is built in.
      type: str
      sample: eu-west-1
    description:
      description: Description of the image.
      type: str
    reasons:
      description: Why, in words.
      type: list
      elements: str
      sample: [variable iis_dotnet_features changed]
    notes:
      description: What may be of interest besides, such as a parent that is not up to date and was not chosen.
      type: list
      elements: str
    changed_inputs:
      description: Names of the inputs that differ from those of the newest build. Empty when there is no usable build.
      type: list
      elements: str
      sample: ["var:iis_dotnet_features"]
    source_ami:
      description: Id of the AMI that the image starts from. Null when its parent is built in the same run.
      type: str
      sample: ami-0123456789abcdef0
    source_ami_name:
      description: Name of that AMI.
      type: str
      sample: Windows_Server-2022-English-Full-Base-2026.11.11
    base:
      description: Name of the base, null for an image that has a parent.
      type: str
    parent_image:
      description: Name of the parent image, null for an image that has a base.
      type: str
      sample: octopus_tentacle
    parent_build:
      description: Build of the parent that the image starts from. Null when the parent is built in the same run.
      type: str
      sample: 20261122T164500Z-1a2b3c
    roles:
      description: Roles of the image, in order.
      type: list
      elements: str
    vars:
      description: Variables that go to the roles, without the secret ones.
      type: dict
    secret_vars:
      description: Names of the secret variables that go to the roles.
      type: list
      elements: str
    artefacts:
      description: Files that the roles fetch.
      type: list
      elements: dict
      contains:
        variable:
          description: The variable that names the file.
          type: str
        url:
          description: Its address.
          type: str
    inputs:
      description: What decides the content of the image. Digests of files and variables, values of versions and ids.
      type: dict
    fingerprint:
      description: SHA-256 over the inputs. Null when the parent is built in the same run.
      type: str
    ami_id:
      description: AMI of the build that is up to date, null when the image is to be built.
      type: str
    build_id:
      description: The build that is up to date, null when the image is to be built.
      type: str
"""
