# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup plugin golden.windows_ami.windows_password."""

from __future__ import annotations

DOCUMENTATION = r"""
name: windows_password
author: The golden.windows_ami maintainers (!UNKNOWN)
version_added: 0.1.0
short_description: The password of a Windows instance, from its EC2 key pair or from SSM
description:
  - Returns the Administrator password that EC2 made for an instance, or the value of an SSM parameter.
  - It is asked for when the template is evaluated, which for C(ansible_password) is when a task connects. The password
    is stored nowhere. What EC2 encrypted for the key pair is kept until Ansible ends, so that EC2 is asked once for
    each instance. An SSM parameter is asked for by every task.
  - The inventory P(golden.windows_ami.fleet#inventory) sets C(ansible_password) to this lookup when it is given
    O(golden.windows_ami.fleet#inventory:key_file) or O(golden.windows_ami.fleet#inventory:ssm_parameter).
  - Where AWS is comes from the variable C(golden_aws), and the role of the instance's account from C(golden_role_arn)
    and C(golden_external_id), which the inventory sets.
options:
  _terms:
    description: Ids of instances. Without any, it is C(golden_instance.id) of the host.
    type: list
    elements: str
  key_file:
    description: The private key of the key pair that the instances were started with, as PEM without a passphrase.
    type: path
  ssm_parameter:
    description:
      - The name of an SSM parameter (a SecureString, or a plain one) that holds the password.
      - Exactly one of O(key_file) and O(ssm_parameter) is needed.
    type: str
  region:
    description: The region. When it is not set, it is C(golden_region) of the host, or C(golden_aws.region).
    type: str
seealso:
  - plugin: golden.windows_ami.fleet
    plugin_type: inventory
"""

EXAMPLES = r"""
# group_vars/fleet.yml
ansible_user: Administrator
ansible_password: "{{ lookup('golden.windows_ami.windows_password', key_file='~/.ssh/fleet.pem') }}"

---
# A password that somebody put into SSM, one for each server
ansible_user: ansible
ansible_password: >-
  {{ lookup('golden.windows_ami.windows_password', ssm_parameter='/fleet/' ~ golden_instance.id ~ '/password') }}
"""

RETURN = r"""
_raw:
  description: One password for each instance.
  type: list
  elements: str
"""

import pathlib
import typing as t

from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws, AwsError, AwsSettings
from ansible_collections.golden.windows_ami.plugins.plugin_utils.windows_password import (
    PasswordError,
    decrypt,
    encrypted_password,
)


class LookupModule(LookupBase):
    """Asks EC2 or SSM, in the account and the region of the host."""

    def run(self, terms: list[str], variables: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        key_file, parameter = self.get_option("key_file"), self.get_option("ssm_parameter")
        if bool(key_file) == bool(parameter):
            raise AnsibleLookupError("Exactly one of key_file and ssm_parameter is needed.")
        given = variables or {}
        try:
            aws = self._aws(given)
            if parameter:
                return [self._from_ssm(aws, parameter)]
            kept = pathlib.Path(constants.DEFAULT_LOCAL_TMP)
            return [
                decrypt(encrypted_password(aws, instance, kept), pathlib.Path(key_file))
                for instance in self._flatten(terms) or [self._own_instance(given)]
            ]
        except (AwsError, PasswordError) as exc:
            raise AnsibleLookupError(str(exc)) from None  # ansible would say the cause a second time

    def _aws(self, given: t.Mapping[str, t.Any]) -> Aws:
        named = self._variable(given, "golden_aws") or {}
        region = self.get_option("region") or self._variable(given, "golden_region") or named.get("region")
        settings = AwsSettings(named.get("config_file"), named.get("profile"), region)
        role = self._variable(given, "golden_role_arn")
        if not role:
            return Aws(settings)
        return Aws(settings, Aws(settings).assume_role(role, self._variable(given, "golden_external_id")))

    def _variable(self, given: t.Mapping[str, t.Any], name: str) -> t.Any:
        return self._templar.template(given.get(name))

    def _own_instance(self, given: t.Mapping[str, t.Any]) -> str:
        instance = self._variable(given, "golden_instance") or {}
        if not instance.get("id"):
            raise PasswordError("Which instance? The host has no golden_instance.id; pass the id of an instance")
        return str(instance["id"])

    def _from_ssm(self, aws: Aws, name: str) -> str:
        value = aws.parameter(name)
        if value is None:
            raise PasswordError(f"There is no SSM parameter {name} in {aws.region}")
        return value
