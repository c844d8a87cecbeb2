# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Ansible connects to the fleet, as variables. A password is never among them: only how to get it."""

from __future__ import annotations

import typing as t

WINRM = "winrm"
PSRP = "psrp"

LOOKUP = "golden.windows_ami.windows_password"


class Login(t.NamedTuple):
    """What the inventory's options say of connections."""

    connection: str
    cert_validation: str | None
    user: str | None
    key_file: str | None
    ssm_parameter: str | None


def connection_variables(login: Login) -> dict[str, t.Any]:
    """Return the variables of all servers: WinRM or PSRP over HTTPS with NTLM, or nothing for ``none``."""
    variables: dict[str, t.Any] = {}
    if login.connection == WINRM:
        variables = {
            "ansible_connection": "ansible.builtin.winrm",
            "ansible_port": 5986,
            "ansible_winrm_scheme": "https",
            "ansible_winrm_transport": "ntlm",
        }
    if login.connection == PSRP:
        variables = {
            "ansible_connection": "ansible.builtin.psrp",
            "ansible_port": 5986,
            "ansible_psrp_protocol": "https",
            "ansible_psrp_auth": "ntlm",
        }
    if variables and login.cert_validation:
        name = "server_cert_validation" if login.connection == WINRM else "cert_validation"
        variables[f"ansible_{login.connection}_{name}"] = login.cert_validation
    if login.user or login.key_file or login.ssm_parameter:
        variables["ansible_user"] = login.user or "Administrator"
    return variables | _password_variables(login)


def _password_variables(login: Login) -> dict[str, str]:
    """Return ansible_password as a lookup, which asks only when a server is connected to, and what it asks for."""
    if login.key_file:
        password = f"{{{{ lookup({LOOKUP!r}, key_file=golden_key_file) }}}}"
        return {"ansible_password": password, "golden_key_file": login.key_file}
    if login.ssm_parameter:
        password = f"{{{{ lookup({LOOKUP!r}, ssm_parameter=golden_password_parameter) }}}}"
        return {"ansible_password": password, "golden_password_parameter": login.ssm_parameter}
    return {}
