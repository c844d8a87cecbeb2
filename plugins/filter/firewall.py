# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters of the role firewall."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ..plugin_utils import firewall_policy
from ..plugin_utils.firewall_connection import Connection
from ..plugin_utils.firewall_plan import make_plan
from ..plugin_utils.firewall_rules import PROFILES
from ..plugin_utils.source_address import source_address


def firewall_plan(
    properties: t.Mapping[str, t.Mapping[str, t.Any]],
    rules: t.Sequence[dict[str, t.Any]],
    groups: t.Sequence[dict[str, t.Any]],
    marker: str,
    exclusive: bool = False,
    connection: t.Mapping[str, t.Any] | None = None,
    policy: firewall_policy.Keys | None = None,
) -> dict[str, t.Any]:
    """Return the changes that rules read from the registry need; see sidecar documentation."""
    texts = [str(value["value"]) for value in properties.values()]
    known = _connection(connection) if connection else None
    try:
        plan = make_plan(
            texts, rules, groups,
            marker=marker, exclusive=exclusive, connection=known, policy=firewall_policy.read(policy or {}),
        )  # fmt: skip
    except ValueError as exc:
        raise AnsibleFilterError(str(exc)) from exc
    return plan.to_dict()


def firewall_overruled(
    policy: firewall_policy.Keys, profiles: t.Sequence[str], inbound: str, rules: t.Sequence[dict[str, t.Any]]
) -> list[str]:
    """Return what of these wishes a group policy decides otherwise; see sidecar documentation."""
    try:
        return firewall_policy.overruled(firewall_policy.read(policy), profiles, inbound, rules)
    except ValueError as exc:
        raise AnsibleFilterError(str(exc)) from exc


def _connection(given: t.Mapping[str, t.Any]) -> Connection:
    peers, profiles = (tuple(given.get(key) or default) for key, default in (("from", ()), ("profiles", PROFILES)))
    return Connection(int(given["port"]), peers, profiles, kernel=bool(given.get("kernel", True)))


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {
            "firewall_plan": firewall_plan,
            "firewall_overruled": firewall_overruled,
            "source_address": source_address,
        }
