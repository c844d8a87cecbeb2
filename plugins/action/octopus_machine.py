# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Register a Tentacle with an Octopus Server. The documentation is in plugins/modules/octopus_machine.py."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..plugin_utils.ec2 import AWS_OPTIONS, Aws, AwsError, AwsSettings
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.octopus import COLLECTIONS, Names, OctopusError, Resource, Wanted, describe, find, plan
from ..plugin_utils.octopus_api import Server, Space

_NAMES: dict[str, t.Any] = {"type": "list", "elements": "str", "default": []}
ARGUMENTS: dict[str, t.Any] = {
    "server_url": {"type": "str", "required": True},
    "api_key": {"type": "str", "default": "", "no_log": True},
    "api_key_parameter": {"type": "str", "default": "", "no_log": False},
    "api_key_secret": {"type": "str", "default": "", "no_log": False},
    "aws": AWS_OPTIONS,
    "validate_certs": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 30},
    "space": {"type": "str", "default": ""},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "kind": {"type": "str", "choices": ["target", "worker"], "default": "target"},
    "name": {"type": "str", "required": True},
    "thumbprint": {"type": "str", "required": True},
    "uri": {"type": "str", "default": ""},
    "environments": _NAMES,
    "roles": _NAMES,
    "tenants": _NAMES,
    "tenant_tags": _NAMES,
    "tenanted": {"type": "str", "choices": ["", "Untenanted", "Tenanted", "TenantedOrUntenanted"], "default": ""},
    "worker_pools": _NAMES,
    "machine_policy": {"type": "str", "default": ""},
    "proxy": {"type": "str", "default": ""},
    "force": {"type": "bool", "default": False},
}
_REQUIRED_IF = [
    ("state", "present", ("uri",)),
]


class ActionModule(ActionBase):
    """Asks the server, decides, and tells the server. All of it on the controller."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Bring the registration to the wanted state."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(ARGUMENTS, required_if=_REQUIRED_IF)
        options = plain(given)
        try:
            key = _api_key(options)
            server = Server(options["server_url"], key, options["validate_certs"], options["timeout"])
            space = server.space(options["space"])
            change = self._absent if options["state"] == "absent" else self._present
            return result | change(space, options)
        except (OctopusError, AwsError) as exc:
            raise AnsibleActionFail(str(exc)) from exc

    def _present(self, space: Space, options: Resource) -> dict[str, t.Any]:
        wanted = _wanted(options)
        collection, names = COLLECTIONS[wanted.kind], Names(space.all)
        known = find(space.all(collection, thumbprint=wanted.thumbprint), wanted.thumbprint, wanted.name)
        known = known or _namesake(space, wanted, options["force"])
        todo = plan(known, wanted, names)
        saved = known or {}
        if todo.changed and not self._task.check_mode:
            saved = space.save(collection, todo.body)
        told = {"id": saved.get("Id", ""), "space": space.name, "kind": wanted.kind, **todo.after}
        told |= {"health": saved.get("HealthStatus", "Unknown"), "disabled": saved.get("IsDisabled", False)}
        return {"changed": todo.changed, "machine": told, "diff": {"before": todo.before, "after": todo.after}}

    def _absent(self, space: Space, options: Resource) -> dict[str, t.Any]:
        collection, names = COLLECTIONS[options["kind"]], Names(space.all)
        thumbprint = options["thumbprint"].upper()
        known = find(space.all(collection, thumbprint=thumbprint), thumbprint, options["name"])
        if known is None:
            return {"changed": False, "machine": {}, "diff": {"before": {}, "after": {}}}
        if not self._task.check_mode:
            space.delete(collection, known["Id"])
        before = describe(known, options["kind"], names)
        return {"changed": True, "machine": {}, "diff": {"before": before, "after": {}}}


def _api_key(options: Resource) -> str:
    """Return the key, from AWS if need be. Not with a lookup: one of amazon.aws' shows it with -vvvv.

    Raises:
        OctopusError: none was given.
        AwsError: it cannot be read.
    """
    if options["api_key"]:
        return t.cast("str", options["api_key"])
    parameter, secret = options["api_key_parameter"], options["api_key_secret"]
    if not parameter and not secret:
        raise OctopusError("Set api_key, api_key_parameter or api_key_secret")
    aws = Aws(AwsSettings(**options["aws"]))
    if parameter:
        with aws.explained(f"read the parameter {parameter}"):
            found = aws.client("ssm").get_parameter(Name=parameter, WithDecryption=True)
        return t.cast("str", found["Parameter"]["Value"])
    with aws.explained(f"read the secret {secret}"):
        return t.cast("str", aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])


def _wanted(options: Resource) -> Wanted:
    lists = ("environments", "roles", "tenants", "tenant_tags", "worker_pools")
    texts = ("kind", "name", "uri", "tenanted", "machine_policy", "proxy")
    values: Resource = {name: options[name] for name in texts}
    values |= {name: tuple(options[name]) for name in lists}
    return Wanted(thumbprint=options["thumbprint"].upper(), **values)


def _namesake(space: Space, wanted: Wanted, force: bool) -> Resource | None:
    """Return a registration of the same name with another certificate, if it may be taken over."""
    found = space.all(COLLECTIONS[wanted.kind], partialName=wanted.name)
    named = next((one for one in found if one["Name"].casefold() == wanted.name.casefold()), None)
    if named is not None and not force:
        raise OctopusError(
            f"{wanted.name} is registered with another certificate, {named['Endpoint'].get('Thumbprint')}. Give this "
            "one another name, or replace that one with force: true"
        )
    return named
