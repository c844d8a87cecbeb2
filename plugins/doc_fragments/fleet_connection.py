# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the inventory golden.windows_ami.fleet that say how Ansible connects to the instances."""

from __future__ import annotations


class ModuleDocFragment:
    """Part of the documentation of the inventory, which would be too long otherwise."""

    DOCUMENTATION = r"""
options:
  address:
    description: Where to connect to.
    type: str
    choices: [private_ip, public_ip, private_dns, public_dns]
    default: private_ip
  connection:
    description: Which connection to set up, over HTTPS with NTLM. V(none) sets nothing but C(ansible_host).
    type: str
    choices: [winrm, psrp, none]
    default: winrm
  winrm_server_cert_validation:
    description:
      - Whether to check the certificates of the instances, for WinRM and PSRP. When it is not set, Ansible's own
        default applies, or what you set in C(group_vars).
    type: str
    choices: [validate, ignore]
  user:
    description:
      - Sets C(ansible_user) for all instances. When it is not set, it is C(Administrator) if O(key_file) or
        O(ssm_parameter) is, and otherwise not set.
      - May be a template.
    type: str
  key_file:
    description:
      - The private key of the key pair that the instances were started with. Sets C(ansible_password) to a lookup that
        gets the password that EC2 made, see P(golden.windows_ami.windows_password#lookup). It is not stored.
      - A relative path starts at this file's directory. May be a template.
    type: str
  ssm_parameter:
    description:
      - The name of the SSM parameter that holds the password. Sets C(ansible_password) to a lookup, as O(key_file)
        does.
      - May be a template, which is evaluated for each instance, such as V(/fleet/{{ golden_instance.id }}).
    type: str
"""
