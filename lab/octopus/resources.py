# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Octopus Server knows: spaces with environments, policies and so on, and the rules for machines."""

from __future__ import annotations

import re
import typing as t

Resource = dict[str, t.Any]

# Collection -> (names in the first space, names in the second, prefix of its ids).
_NAMED = {
    "environments": (("Development", "Test", "Production"), ("Lab",), "Environments"),
    "machinepolicies": (
        ("Default Machine Policy", "Transient machines"),
        ("Default Machine Policy",),
        "MachinePolicies",
    ),
    "tenants": (("Acme", "Globex"), (), "Tenants"),
    "workerpools": (("Default Worker Pool", "Windows"), ("Default Worker Pool",), "WorkerPools"),
    "proxies": (("Edge",), (), "Proxies"),
}
SPACES = (("Default", True), ("Second", False))
TENANT_TAGS = ("Region/EU", "Region/US")
PARTICIPATION = ("Untenanted", "Tenanted", "TenantedOrUntenanted")
# What a client sends back of what it was given; the server does not look at it.
_READ_ONLY = {
    "Id", "SpaceId", "Links", "HealthStatus", "HasLatestCalamari", "StatusSummary", "IsInProcess", "Uri", "Thumbprint",
    "Slug", "OperatingSystem", "ShellName", "ShellVersion", "Architecture",
}  # fmt: skip
_COMMON = {"Name": str, "Endpoint": dict, "MachinePolicyId": str, "IsDisabled": bool}
_FIELDS: dict[str, dict[str, type]] = {
    "machines": _COMMON
    | {"EnvironmentIds": list, "Roles": list, "TenantIds": list, "TenantTags": list}
    | {"TenantedDeploymentParticipation": str},
    "workers": _COMMON | {"WorkerPoolIds": list},
}
_ENDPOINT_READ_ONLY = {"Id", "Links", "LastModifiedOn", "TentacleVersionDetails"}
_ENDPOINTS = {
    "TentaclePassive": ({"CommunicationStyle", "Uri", "Thumbprint", "ProxyId"}, r"https://[^/:]+:\d+/"),
    "TentacleActive": ({"CommunicationStyle", "Uri", "Thumbprint"}, r"poll://[a-z0-9]{20}/"),
}


class Refused(Exception):  # noqa: N818 - an answer, not a bug
    """An answer that is an error, with what the server says."""

    def __init__(self, status: int, message: str, errors: t.Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"ErrorMessage": message} | ({"Errors": list(errors)} if errors else {})


class Space:
    """One space and what is in it."""

    def __init__(self, number: int, name: str, default: bool) -> None:
        self.resource: Resource = {"Id": f"Spaces-{number}", "Name": name, "IsDefault": default}
        self.collections: dict[str, list[Resource]] = {}
        for collection, (*names, prefix) in _NAMED.items():
            # Ids differ from space to space, as they do on a server.
            self.collections[collection] = [
                {"Id": f"{prefix}-{number}{place}", "Name": one, "SpaceId": self.resource["Id"]}
                for place, one in enumerate(names[number - 1], 1)
            ]
        for place, policy in enumerate(self.collections["machinepolicies"]):
            policy["IsDefault"] = place == 0
        self.collections |= {"machines": [], "workers": []}
        self._next = 1

    @property
    def id(self) -> str:
        """Its id."""
        return t.cast("str", self.resource["Id"])

    def add(self, collection: str, sent: Resource) -> Resource:
        """Keep a new machine or worker.

        Raises:
            Refused: what was sent breaks a rule.
        """
        self._check(collection, sent, "")
        prefix = collection.capitalize()
        made = self._kept(sent, f"{prefix}-{self.id.rpartition('-')[2]}{self._next:03}")
        self._next += 1
        self.collections[collection].append(made)
        return made

    def change(self, collection: str, known: Resource, sent: Resource) -> Resource:
        """Replace a machine or worker by what was sent.

        Raises:
            Refused: what was sent breaks a rule.
        """
        if sent.get("Id") != known["Id"]:
            raise Refused(400, "The Id of the resource does not match the URL")
        self._check(collection, sent, known["Id"])
        made = self._kept(sent, known["Id"])
        self.collections[collection] = [made if one is known else one for one in self.collections[collection]]
        return made

    def _kept(self, sent: Resource, identity: str) -> Resource:
        endpoint = sent["Endpoint"] | {"TentacleVersionDetails": {"UpgradeLocked": False, "Version": None}}
        return sent | {
            "Endpoint": endpoint,
            "Id": identity,
            "SpaceId": self.id,
            "HealthStatus": "Unknown",
            "Uri": endpoint["Uri"],
            "Thumbprint": endpoint["Thumbprint"],
            "Links": {"Self": f"/api/{self.id}/{identity.split('-')[0].lower()}/{identity}"},
        }

    def _check(self, collection: str, sent: Resource, identity: str) -> None:
        fields = _FIELDS[collection]
        wrong = [
            f"the lab's server knows no field {name} of {collection}" for name in set(sent) - set(fields) - _READ_ONLY
        ]
        wrong += [f"{name} is missing" for name in fields if name not in sent]
        wrong += [
            f"{name} is no {kind.__name__}" for name, kind in fields.items() if not isinstance(sent.get(name), kind)
        ]
        if not wrong:
            wrong = [*self._endpoint(sent["Endpoint"]), *self._content(collection, sent)]
            if any(one["Name"] == sent["Name"] and one["Id"] != identity for one in self.collections[collection]):
                wrong.append("A machine with this name already exists. Please choose a different name.")
        if wrong:
            raise Refused(400, "There was a problem with your request.", wrong)

    def _endpoint(self, endpoint: Resource) -> t.Iterator[str]:
        style = endpoint.get("CommunicationStyle")
        if style not in _ENDPOINTS:
            yield f"{style} is no communication style of a Tentacle"
            return
        fields, pattern = _ENDPOINTS[style]
        if set(endpoint) - _ENDPOINT_READ_ONLY != fields:
            yield f"an endpoint {style} has the fields {sorted(fields)}, not {sorted(endpoint)}"
        if not re.fullmatch(pattern, str(endpoint.get("Uri"))):
            yield f"{endpoint.get('Uri')} is no address of {style}"
        if not re.fullmatch("[0-9A-F]{40}", str(endpoint.get("Thumbprint"))):
            yield f"{endpoint.get('Thumbprint')} is no thumbprint"
        if endpoint.get("ProxyId"):
            yield from self._unknown("proxies", [endpoint["ProxyId"]])

    def _content(self, collection: str, sent: Resource) -> t.Iterator[str]:
        yield from self._unknown("machinepolicies", [sent["MachinePolicyId"]])
        if collection == "workers":
            if not sent["WorkerPoolIds"]:
                yield "Please select at least one worker pool."
            yield from self._unknown("workerpools", sent["WorkerPoolIds"])
            return
        if not sent["EnvironmentIds"]:
            yield "Please select at least one environment."
        if not sent["Roles"]:
            yield "Please enter at least one role."
        yield from self._unknown("environments", sent["EnvironmentIds"])
        yield from self._unknown("tenants", sent["TenantIds"])
        yield from (f"The tag {tag} does not exist." for tag in sent["TenantTags"] if tag not in TENANT_TAGS)
        if sent["TenantedDeploymentParticipation"] not in PARTICIPATION:
            yield f"{sent['TenantedDeploymentParticipation']} is not one of {', '.join(PARTICIPATION)}"
        if (sent["TenantIds"] or sent["TenantTags"]) and sent["TenantedDeploymentParticipation"] == "Untenanted":
            yield "An untenanted machine has no tenants and no tenant tags."

    def _unknown(self, collection: str, ids: t.Sequence[str]) -> list[str]:
        known = {one["Id"] for one in self.collections[collection]}
        return [f"There is no {one} in {collection}." for one in ids if one not in known]
