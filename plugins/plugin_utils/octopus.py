# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registrations of Tentacles: what a server should know of one, compared with what it knows. No IO.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
import typing as t

Resource = dict[str, t.Any]
Ask = t.Callable[[str], list[Resource]]

LISTENING, POLLING = "TentaclePassive", "TentacleActive"
# Kind -> the server's collection of them.
COLLECTIONS = {"target": "machines", "worker": "workers"}
# Fields of a registration that are lists of names of other things: field -> (option, collection of those things).
_LISTS = {
    "target": {"EnvironmentIds": ("environments", "environments"), "TenantIds": ("tenants", "tenants")},
    "worker": {"WorkerPoolIds": ("worker_pools", "workerpools")},
}
_UNTENANTED, _TENANTED = "Untenanted", "Tenanted"


class OctopusError(Exception):
    """The server, or what it knows, does not allow what is wanted."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A registration in the words of people: names, not ids."""

    kind: str
    name: str
    thumbprint: str
    # https://host:port/ of a Tentacle that listens, or the poll:// subscription of one that polls.
    uri: str
    environments: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    tenant_tags: tuple[str, ...] = ()
    # Untenanted, Tenanted or TenantedOrUntenanted; empty: whatever the tenants ask for.
    tenanted: str = ""
    worker_pools: tuple[str, ...] = ()
    # Empty: the server's default, or what the registration has.
    machine_policy: str = ""
    # A proxy that the server goes through to a Tentacle that listens.
    proxy: str = ""

    @property
    def style(self) -> str:
        """The communication style, in the server's word."""
        return POLLING if self.uri.startswith("poll://") else LISTENING


class Names:
    """Ids of a space's things by name, and back; each collection is asked for once, and only when it is needed."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[str, list[Resource]] = {}

    def all(self, collection: str) -> list[Resource]:
        """Return everything in a collection."""
        if collection not in self._known:
            self._known[collection] = self._ask(collection)
        return self._known[collection]

    def id(self, collection: str, name: str) -> str:
        """Return the id of a name, whatever its case.

        Raises:
            OctopusError: there is none.
        """
        for one in self.all(collection):
            if one["Name"].casefold() == name.casefold():
                return t.cast("str", one["Id"])
        known = ", ".join(sorted(one["Name"] for one in self.all(collection)))
        raise OctopusError(f"There is no {name} in {collection} of this space. There are: {known or 'none'}")

    def name(self, collection: str, identity: str | None) -> str:
        """Return the name of an id; the id itself when nothing has it."""
        return next((one["Name"] for one in self.all(collection) if one["Id"] == identity), identity or "")

    def default_policy(self) -> str:
        """Return the id of the machine policy for those that name none."""
        policies = self.all("machinepolicies")
        return t.cast("str", next((one["Id"] for one in policies if one.get("IsDefault")), policies[0]["Id"]))


class Plan(t.NamedTuple):
    """What to send, and the registration before and after in the words of people."""

    body: Resource
    before: Resource
    after: Resource

    @property
    def changed(self) -> bool:
        """Say whether there is something to send."""
        return self.before != self.after


def find(machines: t.Sequence[Resource], thumbprint: str, name: str) -> Resource | None:
    """Return the registration of a certificate; of several the one with the name.

    Raises:
        OctopusError: several, and none has the name.
    """
    same = [one for one in machines if one["Endpoint"].get("Thumbprint", "").upper() == thumbprint.upper()]
    named = [one for one in same if one["Name"].casefold() == name.casefold()]
    if len(same) > 1 and not named:
        names = ", ".join(sorted(one["Name"] for one in same))
        raise OctopusError(
            f"The certificate {thumbprint} of {name} is registered {len(same)} times: {names}. Were these machines "
            "cloned from one that was already configured? Remove what is wrong on the server"
        )
    return (named or same or [None])[0]  # type: ignore[list-item]


def plan(known: Resource | None, wanted: Wanted, names: Names) -> Plan:
    """Compare a registration with the wanted one. Fields that nobody here decides stay as they are.

    Raises:
        OctopusError: a name that the server does not know.
    """
    body = {"IsDisabled": False, **(known or {}), "Name": wanted.name}
    body["Endpoint"] = _endpoint((known or {}).get("Endpoint", {}), wanted, names)
    if wanted.machine_policy:
        body["MachinePolicyId"] = names.id("machinepolicies", wanted.machine_policy)
    elif not body.get("MachinePolicyId"):
        body["MachinePolicyId"] = names.default_policy()
    for field, (option, collection) in _LISTS[wanted.kind].items():
        body[field] = [names.id(collection, name) for name in getattr(wanted, option)]
    if wanted.kind == "target":
        implied = _TENANTED if wanted.tenants or wanted.tenant_tags else _UNTENANTED
        body |= {
            "Roles": list(wanted.roles),
            "TenantTags": list(wanted.tenant_tags),
            "TenantedDeploymentParticipation": wanted.tenanted or implied,
        }
    before = describe(known, wanted.kind, names) if known else {}
    return Plan(body, before, describe(body, wanted.kind, names))


def _endpoint(known: Resource, wanted: Wanted, names: Names) -> Resource:
    kept = known if known.get("CommunicationStyle") == wanted.style else {}
    endpoint = {**kept, "CommunicationStyle": wanted.style, "Uri": wanted.uri, "Thumbprint": wanted.thumbprint}
    if wanted.style == LISTENING:
        endpoint["ProxyId"] = names.id("proxies", wanted.proxy) if wanted.proxy else None
    return endpoint


def describe(machine: Resource, kind: str, names: Names) -> Resource:
    """Say what a registration is, by names and in an order of its own: the same text means the same registration."""
    endpoint = machine["Endpoint"]
    told: Resource = {
        "name": machine["Name"],
        "communication": "polling" if endpoint["CommunicationStyle"] == POLLING else "listening",
        "uri": endpoint.get("Uri", ""),
        "thumbprint": endpoint.get("Thumbprint", "").upper(),
        "machine_policy": names.name("machinepolicies", machine.get("MachinePolicyId")),
    }
    if endpoint.get("ProxyId"):
        told["proxy"] = names.name("proxies", endpoint["ProxyId"])
    for field, (option, collection) in _LISTS[kind].items():
        ids = machine.get(field) or []
        told[option] = sorted(names.name(collection, identity) for identity in ids) if ids else []
    if kind == "target":
        told["roles"] = sorted(machine.get("Roles") or [])
        told["tenant_tags"] = sorted(machine.get("TenantTags") or [])
        told["tenanted"] = machine.get("TenantedDeploymentParticipation", _UNTENANTED)
    return told
